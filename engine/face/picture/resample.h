/* resample.h - the geometry of pixels: scaling, and affine warps. All functions read 8-bit RGB and
 * write 8-bit RGB, rounded to the nearest.
 *
 * Coordinates of resampling are edges: a picture of width w spans 0..w, and pixel i covers i..i+1
 * with its center at i + 0.5 ("half-pixel centers"), so that scaling a picture up and down again
 * does not shift it. Coordinates of warps are centers, as landmark templates are given: the center
 * of the first pixel is 0. */
#ifndef FID_FACE_RESAMPLE_H
#define FID_FACE_RESAMPLE_H

#include "engine/base/status.h"
#include "engine/fid/picture.h"

struct fid_rect { /* may be fractional and may reach over the picture */
    double x, y, w, h;
};

enum fid_edge {
    FID_EDGE_BLACK,    /* what lies outside the picture is black */
    FID_EDGE_REPLICATE /* ... is the nearest pixel of the border */
};

/* FILLS target (its size is the wanted one) with the part `rect` of source. Along each axis on its
 * own: shrinking averages the area that an output pixel covers, with partial pixels by their share;
 * growing interpolates linearly between the two nearest centers. target is not source.
 * FID_INVALID: a rectangle that is empty or not finite, or so far away that its pixels have no
 * extent; FID_NO_MEMORY. */
enum fid_status fid_resample(const struct fid_picture *source, struct fid_rect rect,
                             enum fid_edge edge, struct fid_picture *target,
                             struct fid_error *error);

/* Makes target width × height and fills it with the whole of source. */
enum fid_status fid_resample_to(const struct fid_picture *source, int width, int height,
                                struct fid_picture *target, struct fid_error *error);

/* x' = m[0] x + m[1] y + m[2];  y' = m[3] x + m[4] y + m[5] */
struct fid_affine {
    double m[6];
};

/* FILLS target: its pixel at (x, y) is the bilinear sample of source at `map` of (x, y); black
 * outside. Does not average: a map that shrinks by more than 2 skips pixels. */
void fid_warp(const struct fid_picture *source, const struct fid_affine *map,
              struct fid_picture *target);

#endif
