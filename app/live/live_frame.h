/* live_frame.h - one frame of a live source: the original pixels for the window, and an RGB
 * picture that is made once, at the first request. */
#ifndef APP_LIVE_FRAME_H
#define APP_LIVE_FRAME_H

#include <stdint.h>

#include "engine/fid.h"

struct app_frame_rgb;

struct app_live_frame {
    struct fid_frame pixels;   /* in the source's format, upright */
    uint64_t sequence;         /* 1 for the first posted frame */
    uint64_t captured_ns;      /* CLOCK_MONOTONIC */
    int holders;               /* readers; used by the mailbox only */
    struct app_frame_rgb *rgb; /* used by the mailbox only; use app_frame_rgb */
};

/* The frame as an RGB picture, FILLING *view, which borrows the frame's memory until the frame
 * is given back; do not free or resize it. The first caller converts, others get the same pixels;
 * any holder of the frame may call it from any thread. FID_NO_MEMORY. */
enum fid_status app_frame_rgb(const struct app_live_frame *frame, struct fid_picture *view,
                              struct fid_error *error);

/* For the mailbox: prepares a zero frame, empties one. */
enum fid_status app_live_frame_open(struct app_live_frame *frame);
void app_live_frame_close(struct app_live_frame *frame);

#endif
