/* live.h - what the window and the event stream share. */
#ifndef APP_LIVE_H
#define APP_LIVE_H

#include "app/app.h"
#include "app/live/live_feed.h"
#include "app/live/report.h"
#include "app/live/worker.h"

#include <stdint.h>

/* Larger frames are shrunk to this where the command line is silent: YuNet finds faces of 30 pixels
 * in a picture of 1280 that is shrunk to 640, and smaller ones are not recognized. */
#define APP_LIVE_MAX_SIDE 640

struct app_live {
    struct app *app;
    struct app_mailbox *mailbox;
    struct app_feed *feed;
    enum app_area area;        /* what a failing source counts as: a camera or an input */
    struct app_report *report; /* NULL: nothing is reported */
    bool every_frame;          /* the source waits for us: a file without a window */
    uint64_t frames_max;       /* 0: no end */
    bool mirror;
};

/* Reports what was seen: an app_seen_fn for the thread that analyzes frames, with a struct
 * app_live as ctx. */
enum app_exit app_live_seen(void *live, const struct app_live_frame *frame,
                            const struct app_result *result);

/* Without a window: examines frames and reports until the source ends, frames_max is reached,
 * no reader is left, or the user interrupts. */
enum app_exit app_live_headless(struct app_live *live);

/* Starts the camera in its own thread, as `feed` says; app_live_stop closes it and
 * the mailbox. */
enum app_exit app_live_start(struct app_live *live, const struct app_feed_options *feed);
void app_live_stop(struct app_live *live);

#endif
