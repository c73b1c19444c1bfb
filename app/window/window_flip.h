/* window_flip.h - mirrors a frame, for renderers that mirror pictures slowly. */
#ifndef APP_WINDOW_FLIP_H
#define APP_WINDOW_FLIP_H

#include "engine/fid.h"

/* FILLS flipped (its own buffer, reused) with the frame, left and right exchanged. FID_NO_MEMORY.
 * Widths of YUYV, UYVY, NV12 and I420 are even. */
enum fid_status app_flip_frame(const struct fid_frame *frame, struct fid_frame *flipped,
                               struct fid_error *error);

#endif
