/* live_feed.h - the camera's thread: opens a camera, posts its frames to a mailbox, and knows how
 * the camera is. */
#ifndef APP_LIVE_FEED_H
#define APP_LIVE_FEED_H

#include "app/input/camera.h"
#include "app/live/mailbox.h"

enum app_feed_state {
    APP_FEED_OPENING,
    APP_FEED_RUNNING,
    APP_FEED_SILENT, /* open, but nothing has come for seconds; error says so */
    APP_FEED_LOST,   /* unplugged, being looked for (with reconnect); error says so */
    APP_FEED_FAILED, /* not to be had; error says why; the mailbox is shut */
    APP_FEED_ENDED   /* the source has no more frames; the mailbox is shut */
};

struct app_feed_options {
    const struct app_camera_backend *backend;
    struct app_camera_request request; /* borrowed texts */
    bool reconnect;                    /* after a loss, wait for the same camera to come back */
    bool lossless; /* a source that is not live waits until each frame was taken, and does not keep
                      to its rate */
    int rotate;    /* clockwise by 0, 90, 180 or 270 degrees */
};

struct app_feed_status {
    enum app_feed_state state;
    bool reconnect; /* a lost or silent camera is waited for */
    struct fid_error error;
    char name[64], path[288], format[8];
    int width, height;
    double fps;                    /* 0.1..1000; 0: not known */
    uint64_t opened_ns;            /* frames captured before came from an earlier camera */
    uint64_t dropped;              /* damaged frames, all of drops */
    struct app_camera_drops drops; /* the same by reason */
    const char *hint; /* about pictures in which nothing can be seen (dark, flat); NULL: none */
};

struct app_feed;

/* Starts the thread; the mailbox is borrowed. NULL: no memory. */
struct app_feed *app_feed_open(const struct app_feed_options *options, struct app_mailbox *mailbox);
void app_feed_close(struct app_feed **feed); /* shuts the mailbox, ends the thread; takes NULL */

/* Leaves the camera and opens another one, as app_camera_request.where says; one that cannot be
 * opened is LOST, and tried again until the next switch. */
void app_feed_switch(struct app_feed *feed, const char *where);
void app_feed_status(struct app_feed *feed, struct app_feed_status *status); /* FILLS */

#endif
