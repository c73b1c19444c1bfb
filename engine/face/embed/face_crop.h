/* face_crop.h - the inside of kept crops, for the gallery. A crop is the letters FCR1, fifteen
 * float32 (box x, y, w, h, five landmarks x, y, score; in pixels of the picture that follows), and
 * a JPEG. */
#ifndef FID_FACE_FACE_CROP_H
#define FID_FACE_FACE_CROP_H

#include "engine/base/status.h"
#include "engine/fid/face.h"

#include <stdbool.h>
#include <stddef.h>

#define FID_FACE_CROP_MOST (1u << 20) /* bytes of one that is believed */

/* Is it one, as far as can be told without looking at its pixels? */
bool fid_face_crop_check(const void *bytes, size_t size);
/* FILLS picture (to be freed, also after a failure) and the face in it. FID_CORRUPT. */
enum fid_status fid_face_crop_decode(const void *bytes, size_t size, struct fid_picture *picture,
                                     struct fid_face *face, struct fid_error *error);

#endif
