/* align_face.h - from a face in a picture to the crop that a recognizer wants. */
#ifndef FID_FACE_ALIGN_FACE_H
#define FID_FACE_ALIGN_FACE_H

#include "engine/face/network/model_card.h"
#include "engine/face/picture/resample.h"
#include "engine/fid/face.h"

#include <stdbool.h>

/* The similarity transform (rotation, one scale, shift; no reflection) that takes the points `from`
 * to `to` with the least sum of squared distances: Umeyama, "Least-squares estimation of
 * transformation parameters between two point patterns" (1991), which in the plane without
 * reflection is a regression of complex numbers. False when `from` is one point only or the result
 * is not finite or has no extent. */
bool fid_similarity_fit(const double from[][2], const double to[][2], size_t count,
                        struct fid_affine *similarity);

/* The inverse of a similarity (its determinant is not zero). */
struct fid_affine fid_similarity_invert(const struct fid_affine *similarity);

/* The square around the box's center whose resized center the network sees: align.box_* of
 * weights/FORMAT.md. */
struct fid_rect fid_box_crop(const struct fid_recognizer_card *card, const struct fid_box *box);

/* The Keras demo's crop: a margin of a fraction of the shorter side all around; where that leaves
 * the picture on one side, the crop is pushed in (as the demo does it), and cut to the picture. */
struct fid_rect fid_demo_crop(double margin, const struct fid_box *box, int width, int height);

/* Makes `aligned` as large as the network's input and fills it. FID_INVALID: landmarks or a box
 * that no crop can be made from, or FID_CROP_DEMO with a model without it. */
enum fid_status fid_align(const struct fid_recognizer_card *card, const struct fid_picture *picture,
                          const struct fid_face *face, enum fid_crop crop,
                          struct fid_picture *aligned, struct fid_error *error);

#endif
