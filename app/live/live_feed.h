/* live_feed.h - the camera's thread: opens a camera, posts its frames to a mailbox, and keeps its
 * state. */
#ifndef APP_LIVE_FEED_H
#define APP_LIVE_FEED_H

#include "app/input/camera.h"
#include "app/live/mailbox.h"

enum app_feed_state {
    APP_FEED_OPENING,
    APP_FEED_RUNNING,
    APP_FEED_SILENT, /* open, but no frame for seconds; error says so */
    APP_FEED_LOST,   /* unplugged and being searched for (with reconnect); error says so */
    APP_FEED_FAILED, /* cannot be opened; error says why; the mailbox is shut */
    APP_FEED_ENDED   /* the source has no more frames; the mailbox is shut */
};

struct app_feed_options {
    const struct app_camera_backend *backend;
    struct app_camera_request request; /* borrowed texts */
    bool reconnect;                    /* after a loss, wait for the same camera to come back */
    bool lossless; /* a source that is not live waits until each frame is taken, and ignores its
                      rate */
    int rotate;    /* clockwise by 0, 90, 180 or 270 degrees */
};

struct app_feed_status {
    enum app_feed_state state;
    bool reconnect; /* wait for a lost or silent camera */
    struct fid_error error;
    char name[64], path[288], format[8];
    int width, height;
    double fps;                    /* 0.1..1000; 0: unknown */
    uint64_t opened_ns;            /* frames captured before this are an earlier camera's */
    uint64_t dropped;              /* damaged frames: the sum of drops */
    struct app_camera_drops drops; /* the same by reason */
    const char *hint;              /* what is wrong with dark or flat pictures; NULL: nothing */
};

struct app_feed;

/* Starts the thread; the mailbox is borrowed. NULL: no memory. */
struct app_feed *app_feed_open(const struct app_feed_options *options, struct app_mailbox *mailbox);
void app_feed_close(struct app_feed **feed); /* shuts the mailbox, ends the thread; takes NULL */

/* Closes the camera and opens another, named as in app_camera_request.where. One that cannot be
 * opened is LOST and is tried again until the next switch. */
void app_feed_switch(struct app_feed *feed, const char *where);
void app_feed_status(struct app_feed *feed, struct app_feed_status *status); /* FILLS */

#endif
