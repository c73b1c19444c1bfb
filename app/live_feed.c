#include "app/live_feed.h"
#include "app/live_clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_MS        200                /* how long a closing feed may take to notice */
#define FIRST_FRAME_NS (6 * APP_NS_PER_S) /* cameras that wake up and measure the light */
#define NEXT_FRAME_NS  (2 * APP_NS_PER_S) /* 1 fps in the dark is the slowest that webcams do */
#define RETRY_MS       500

struct app_feed {
    struct app_feed_options options;
    struct app_mailbox *mailbox;
    pthread_t thread;
    pthread_mutex_t lock; /* of status */
    struct app_feed_status status;
};

/* error NULL: there is nothing to say. */
static void set_state(struct app_feed *feed, enum app_feed_state state,
                      const struct fid_error *error)
{
    pthread_mutex_lock(&feed->lock);
    feed->status.state = state;
    feed->status.error = error != NULL ? *error : (struct fid_error){0};
    pthread_mutex_unlock(&feed->lock);
}

static void describe(struct app_feed *feed, const struct app_camera *camera)
{
    pthread_mutex_lock(&feed->lock);
    struct app_feed_status *status = &feed->status;
    memcpy(status->name, camera->name, sizeof status->name);
    memcpy(status->path, camera->path, sizeof status->path);
    memcpy(status->format, camera->format, sizeof status->format);
    status->width = camera->width;
    status->height = camera->height;
    status->fps = camera->fps;
    pthread_mutex_unlock(&feed->lock);
}

static void count_dropped(struct app_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    feed->status.dropped++;
    pthread_mutex_unlock(&feed->lock);
}

/* A source of files keeps to its rate by itself when frames may be lost (a clip in the window). */
static void keep_rate(const struct app_camera *camera, uint64_t *due_ns)
{
    uint64_t now = app_now_ns(), interval = (uint64_t)((double)APP_NS_PER_S / camera->fps);
    *due_ns = *due_ns + interval > now ? *due_ns + interval : now;
    if (*due_ns > now)
        usleep((useconds_t)((*due_ns - now) / 1000));
}

/* Reads until the mailbox is shut or the camera has no more: FRAME (shut), LOST or END. */
static enum app_camera_result read_frames(struct app_feed *feed, struct app_camera *camera,
                                          struct fid_error *error)
{
    uint64_t heard_ns = app_now_ns(), due_ns = heard_ns, patience_ns = FIRST_FRAME_NS;
    enum app_camera_result result = APP_CAMERA_FRAME;
    while (!app_mailbox_is_shut(feed->mailbox)) {
        struct app_live_frame *draft = app_mailbox_draft(feed->mailbox);
        result = camera->backend->read(camera, READ_MS, &draft->pixels, &draft->captured_ns, error);
        switch (result) {
        case APP_CAMERA_FRAME:
            if (!camera->live && !feed->options.lossless && camera->fps > 0)
                keep_rate(camera, &due_ns);
            set_state(feed, APP_FEED_RUNNING, NULL);
            app_mailbox_post(feed->mailbox);
            if (!camera->live && feed->options.lossless)
                app_mailbox_wait_taken(feed->mailbox);
            heard_ns = app_now_ns();
            patience_ns = NEXT_FRAME_NS;
            break;
        case APP_CAMERA_DROPPED: /* it speaks, but nothing that could be shown: still silent */
            count_dropped(feed);
            break;
        case APP_CAMERA_SILENT:
            break;
        case APP_CAMERA_LOST:
        case APP_CAMERA_END:
            return result;
        }
        if (app_now_ns() - heard_ns > patience_ns) {
            app_camera_fail(error, FID_IO, "camera %s sends no pictures", camera->path);
            set_state(feed, APP_FEED_SILENT, error);
        }
    }
    return APP_CAMERA_FRAME;
}

static void sleep_unless_shut(struct app_feed *feed, int ms)
{
    for (int slept = 0; slept < ms && !app_mailbox_is_shut(feed->mailbox); slept += 50)
        usleep(50 * 1000);
}

static void *run(void *context)
{
    struct app_feed *feed = context;
    struct app_feed_options *options = &feed->options;
    char where[sizeof((struct app_camera *)NULL)->where];
    bool seen = false;
    while (!app_mailbox_is_shut(feed->mailbox)) {
        struct app_camera camera;
        struct fid_error error = {0};
        if (options->backend->open(&camera, &options->request, &error) != FID_OK) {
            if (seen && options->reconnect) {
                sleep_unless_shut(feed, RETRY_MS);
                continue;
            }
            set_state(feed, APP_FEED_FAILED, &error);
            break;
        }
        describe(feed, &camera);
        /* From now on this very device is meant, not whatever gets its number. */
        memcpy(where, camera.where, sizeof where);
        options->request.where = where;
        seen = true;
        enum app_camera_result result = read_frames(feed, &camera, &error);
        options->backend->close(&camera);
        if (result == APP_CAMERA_LOST && options->reconnect) {
            set_state(feed, APP_FEED_LOST, &error);
            sleep_unless_shut(feed, RETRY_MS);
            continue;
        }
        if (result != APP_CAMERA_FRAME)
            set_state(feed, result == APP_CAMERA_END ? APP_FEED_ENDED : APP_FEED_FAILED, &error);
        break;
    }
    app_mailbox_shut(feed->mailbox);
    return NULL;
}

struct app_feed *app_feed_open(const struct app_feed_options *options, struct app_mailbox *mailbox)
{
    struct app_feed *feed = calloc(1, sizeof *feed);
    if (feed == NULL)
        return NULL;
    feed->options = *options;
    feed->mailbox = mailbox;
    pthread_mutex_init(&feed->lock, NULL);
    if (pthread_create(&feed->thread, NULL, run, feed) != 0) {
        pthread_mutex_destroy(&feed->lock);
        free(feed);
        return NULL;
    }
    return feed;
}

void app_feed_close(struct app_feed **feed)
{
    if (*feed == NULL)
        return;
    app_mailbox_shut((*feed)->mailbox);
    pthread_join((*feed)->thread, NULL);
    pthread_mutex_destroy(&(*feed)->lock);
    free(*feed);
    *feed = NULL;
}

void app_feed_status(struct app_feed *feed, struct app_feed_status *status)
{
    pthread_mutex_lock(&feed->lock);
    *status = feed->status;
    pthread_mutex_unlock(&feed->lock);
}
