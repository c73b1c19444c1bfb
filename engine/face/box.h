/* box.h - arithmetic of boxes. */
#ifndef FID_FACE_BOX_H
#define FID_FACE_BOX_H

#include "engine/fid.h"

#include <math.h>

/* Is it as fid.h wants boxes? */
static inline bool fid_box_is_one(const struct fid_box *box)
{
    return fabsf(box->x) <= FID_FAR && fabsf(box->y) <= FID_FAR && box->w > 0.0f &&
           box->w <= FID_FAR && box->h > 0.0f && box->h <= FID_FAR; /* false for a NaN */
}

/* Are a face's landmarks where a picture could have them? */
static inline bool fid_landmarks_are_near(const struct fid_face *face)
{
    bool near = true;
    for (int i = 0; i < 5; i++)
        near = near && fabsf(face->landmarks[i][0]) <= FID_FAR &&
               fabsf(face->landmarks[i][1]) <= FID_FAR;
    return near;
}

/* Did the detector give landmarks? Else all five are one point. */
static inline bool fid_face_has_landmarks(const struct fid_face *face)
{
    for (int i = 1; i < 5; i++)
        if (face->landmarks[i][0] != face->landmarks[0][0] ||
            face->landmarks[i][1] != face->landmarks[0][1])
            return true;
    return false;
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
