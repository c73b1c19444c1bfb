/* box.h - arithmetic of boxes. */
#ifndef FID_FACE_BOX_H
#define FID_FACE_BOX_H

#include "engine/fid.h"

#include <math.h>

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
