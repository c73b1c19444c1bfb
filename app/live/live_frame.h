/* live_frame.h - one frame of a live source: the pixels as they came, for the window, and the same
 * as an RGB picture for whoever asks, made once. */
#ifndef APP_LIVE_FRAME_H
#define APP_LIVE_FRAME_H

#include <stdint.h>

#include "engine/fid.h"

struct app_frame_rgb;

struct app_live_frame {
    struct fid_frame pixels;   /* as the source gave them, upright */
    uint64_t sequence;         /* 1 for the first posted frame */
    uint64_t captured_ns;      /* CLOCK_MONOTONIC */
    int holders;               /* readers; the mailbox's own */
    struct app_frame_rgb *rgb; /* the mailbox's own; use app_frame_rgb */
};

/* The frame as an RGB picture, FILLING *view, which borrows the frame's memory: it is good until
 * the frame is given back and is not to be freed or resized. The first caller converts, others get
 * the same pixels; any holder of the frame may call it from its thread. FID_NO_MEMORY. */
enum fid_status app_frame_rgb(const struct app_live_frame *frame, struct fid_picture *view,
                              struct fid_error *error);

/* For the mailbox: readies a zero frame, empties one. */
enum fid_status app_live_frame_open(struct app_live_frame *frame);
void app_live_frame_close(struct app_live_frame *frame);

#endif
