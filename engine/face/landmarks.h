/* landmarks.h - what the landmarks of a face can be. */
#ifndef FID_FACE_LANDMARKS_H
#define FID_FACE_LANDMARKS_H

#include "engine/fid/face.h"

#include <math.h>

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

#endif
