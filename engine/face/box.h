/* box.h - arithmetic of boxes. */
#ifndef FID_FACE_BOX_H
#define FID_FACE_BOX_H

#include "engine/fid/picture.h"

#include <math.h>

/* Is it as fid/picture.h wants boxes? */
static inline bool fid_box_is_one(const struct fid_box *box)
{
    return fabsf(box->x) <= FID_FAR && fabsf(box->y) <= FID_FAR && box->w > 0.0f &&
           box->w <= FID_FAR && box->h > 0.0f && box->h <= FID_FAR; /* false for a NaN */
}

/* Intersection over union, 0..1; 0 for boxes without an area. */
static inline double fid_box_iou(const struct fid_box *a, const struct fid_box *b)
{
    double w = fmin((double)a->x + a->w, (double)b->x + b->w) - fmax((double)a->x, (double)b->x);
    double h = fmin((double)a->y + a->h, (double)b->y + b->h) - fmax((double)a->y, (double)b->y);
    if (!(w > 0.0) || !(h > 0.0))
        return 0.0;
    double both = w * h, all = (double)a->w * a->h + (double)b->w * b->h - both;
    return all > 0.0 ? both / all : 0.0;
}

#endif
