/* live_feed.c - the camera's thread: opens the camera, posts frames, and reconnects after a loss.
 */
#include "app/live/live_feed.h"
#include "app/app.h"
#include "app/clock.h"
#include "app/error.h"
#include "app/live/live_light.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_MS        200                 /* the longest delay in noticing that the feed closes */
#define FIRST_FRAME_NS (6 * APP_NS_PER_S)  /* cameras wake up and measure the light first */
#define NEXT_FRAME_NS  (2 * APP_NS_PER_S)  /* the slowest webcams give 1 fps in the dark */
#define REOPEN_NS      (10 * APP_NS_PER_S) /* a hanging driver may work after a restart */
#define RETRY_MS       500                 /* to find a camera soon after it is plugged in again */
#define RETRY_MOST_MS  16000               /* for a network camera, which may stay away */

struct app_feed {
    struct app_feed_options options;
    struct app_mailbox *mailbox;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the next two */
    struct app_feed_status status;
    char wanted[288];                /* the camera to switch to; "": none */
    struct app_camera_drops earlier; /* of the openings before this one */
    /* Used by the thread only: */
    struct app_light light;
    bool told_light;
    struct fid_frame lying; /* the frame before it is turned */
    char name[64], bus[64], where[288];
    int retry_ms;
};

/* A stream may claim any rate: this one is plausible. 0: unknown. */
static double likely_rate(double fps)
{
    const double least = 0.1, most = 1000;
    return fps > 0 ? fmin(fmax(fps, least), most) : 0;
}

/* error NULL: no reason to give. */
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
    status->fps = likely_rate(camera->fps);
    status->opened_ns = app_now_ns();
    pthread_mutex_unlock(&feed->lock);
}

/* A stream may tell its rate only with its first frame. */
static void set_rate(struct app_feed *feed, double fps)
{
    pthread_mutex_lock(&feed->lock);
    feed->status.fps = fps;
    pthread_mutex_unlock(&feed->lock);
}

static bool is_leaving(struct app_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    bool leaving = feed->wanted[0] != '\0';
    pthread_mutex_unlock(&feed->lock);
    return leaving || app_mailbox_is_shut(feed->mailbox);
}

/* Switches to the wanted camera, if there is one. */
static void take_wanted(struct app_feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    if (feed->wanted[0] != '\0') {
        memcpy(feed->where, feed->wanted, sizeof feed->where);
        feed->wanted[0] = '\0';
        feed->options.request.where = feed->where;
        feed->options.request.name = feed->options.request.bus = NULL;
        feed->status.state = APP_FEED_OPENING;
    }
    pthread_mutex_unlock(&feed->lock);
}

/* All frames dropped so far, by earlier cameras and by this one. */
static void set_drops(struct app_feed *feed, const struct app_camera_drops *now)
{
    const struct app_camera_drops *before = &feed->earlier;
    struct app_camera_drops all = {
        before->flagged + now->flagged, before->short_bytes + now->short_bytes,
        before->undecodable + now->undecodable, before->wrong_size + now->wrong_size};
    pthread_mutex_lock(&feed->lock);
    feed->status.drops = all;
    feed->status.dropped = app_camera_drops_total(&all);
    pthread_mutex_unlock(&feed->lock);
}

static void sleep_unless_leaving(struct app_feed *feed, int64_t ms)
{
    for (int64_t left = ms; left > 0 && !is_leaving(feed); left -= 50)
        usleep((useconds_t)(left < 50 ? left : 50) * 1000);
}

/* In the window a source that is not live is played at its own rate. A delay of a whole interval
 * is not made up for. */
static void keep_rate(struct app_feed *feed, double fps, uint64_t *due_ns)
{
    uint64_t now = app_now_ns(), interval = (uint64_t)((double)APP_NS_PER_S / fps);
    *due_ns = *due_ns + 2 * interval > now ? *due_ns + interval : now;
    if (*due_ns <= now)
        return;
    uint64_t left_ns = *due_ns - now;
    sleep_unless_leaving(feed, (int64_t)(left_ns / APP_NS_PER_MS) - 20);
    now = app_now_ns();
    if (*due_ns > now && *due_ns - now < 100 * APP_NS_PER_MS)
        usleep((useconds_t)((*due_ns - now) / 1000));
}

/* Reports once what is wrong with the light, and tells the window while it lasts. */
static void look_at_light(struct app_feed *feed, const struct fid_frame *frame)
{
    const char *hint = app_light_look(&feed->light, frame, app_now_ns());
    pthread_mutex_lock(&feed->lock);
    bool news = hint != NULL && feed->status.hint == NULL;
    feed->status.hint = hint;
    pthread_mutex_unlock(&feed->lock);
    if (news && !feed->told_light)
        app_warn("%s", hint);
    feed->told_light = feed->told_light || news;
}

/* Reads the camera's next frame into the draft, turned as requested. */
static enum app_camera_result read_frame(struct app_feed *feed, struct app_camera *camera,
                                         struct app_live_frame *draft, struct fid_error *error)
{
    int rotate = feed->options.rotate;
    struct fid_frame *frame = rotate != 0 ? &feed->lying : &draft->pixels;
    enum app_camera_result result =
        camera->backend->read(camera, READ_MS, frame, &draft->captured_ns, error);
    if (result == APP_CAMERA_FRAME && rotate != 0 &&
        fid_frame_turn(frame, rotate, &draft->pixels, error) != FID_OK)
        return APP_CAMERA_DROPPED;
    return result;
}

static void post(struct app_feed *feed, struct app_camera *camera, struct app_live_frame *draft,
                 uint64_t *due_ns)
{
    bool lossless = !camera->live && feed->options.lossless;
    if (!camera->live && !lossless && camera->fps > 0) {
        keep_rate(feed, camera->fps, due_ns);
        draft->captured_ns = app_now_ns();
    }
    if (camera->live)
        look_at_light(feed, &draft->pixels);
    set_state(feed, APP_FEED_RUNNING, NULL);
    app_mailbox_post(feed->mailbox);
    if (lossless)
        app_mailbox_wait_taken(feed->mailbox);
}

/* Reads until the mailbox is shut or another camera is wanted (FRAME), or until this one stops
 * (LOST or END). */
static enum app_camera_result read_frames(struct app_feed *feed, struct app_camera *camera,
                                          struct fid_error *error)
{
    uint64_t heard_ns = app_now_ns(), due_ns = heard_ns, patience_ns = FIRST_FRAME_NS;
    enum app_camera_result result = APP_CAMERA_FRAME;
    while (!is_leaving(feed)) {
        struct app_live_frame *draft = app_mailbox_draft(feed->mailbox);
        result = read_frame(feed, camera, draft, error);
        switch (result) {
        case APP_CAMERA_FRAME:
            camera->fps = likely_rate(camera->fps);
            set_rate(feed, camera->fps);
            post(feed, camera, draft, &due_ns);
            heard_ns = app_now_ns();
            patience_ns = NEXT_FRAME_NS;
            feed->retry_ms = RETRY_MS;
            break;
        case APP_CAMERA_DROPPED: /* it sends data but no usable frame: still silent */
        case APP_CAMERA_SILENT:
        case APP_CAMERA_LOST:
        case APP_CAMERA_END:
            break;
        }
        set_drops(feed, &camera->drops);
        if (result == APP_CAMERA_LOST || result == APP_CAMERA_END)
            return result;
        if (app_now_ns() - heard_ns > patience_ns) {
            app_error(error, FID_IO, "camera %s sends no pictures", camera->path);
            set_state(feed, APP_FEED_SILENT, error);
            if (camera->live && feed->options.reconnect && app_now_ns() - heard_ns > REOPEN_NS)
                return APP_CAMERA_LOST;
        }
    }
    return APP_CAMERA_FRAME;
}

/* From now on only this device is meant, not another one that gets its number. */
static void remember(struct app_feed *feed, const struct app_camera *camera)
{
    memcpy(feed->where, camera->where, sizeof feed->where);
    memcpy(feed->name, camera->name, sizeof feed->name);
    memcpy(feed->bus, camera->bus, sizeof feed->bus);
    feed->options.request.where = feed->where;
    feed->options.request.name = feed->name;
    feed->options.request.bus = feed->bus;
}

static void wait_to_retry(struct app_feed *feed, bool remote)
{
    sleep_unless_leaving(feed, feed->retry_ms);
    if (remote && feed->retry_ms < RETRY_MOST_MS)
        feed->retry_ms *= 2;
}

static void *run(void *context)
{
    struct app_feed *feed = context;
    struct app_feed_options *options = &feed->options;
    bool seen = false, remote = false;
    while (!app_mailbox_is_shut(feed->mailbox)) {
        struct app_camera camera;
        struct fid_error error = {0};
        take_wanted(feed);
        if (options->backend->open(&camera, &options->request, &error) != FID_OK) {
            if (seen && options->reconnect) {
                if (feed->status.state == APP_FEED_OPENING) /* otherwise the loss is what matters */
                    set_state(feed, APP_FEED_LOST, &error);
                wait_to_retry(feed, remote);
                continue;
            }
            set_state(feed, APP_FEED_FAILED, &error);
            break;
        }
        describe(feed, &camera);
        remember(feed, &camera);
        remote = camera.remote;
        enum app_camera_result result = read_frames(feed, &camera, &error);
        feed->earlier = feed->status.drops; /* only this thread writes it */
        options->backend->close(&camera);
        seen = seen || feed->status.state != APP_FEED_OPENING;
        if (result == APP_CAMERA_LOST && options->reconnect && seen) {
            set_state(feed, APP_FEED_LOST, &error);
            wait_to_retry(feed, remote);
            continue;
        }
        if (result == APP_CAMERA_FRAME)
            continue; /* another camera, or the end */
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
    feed->status.reconnect = options->reconnect;
    feed->retry_ms = RETRY_MS;
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
    fid_frame_free(&(*feed)->lying);
    free(*feed);
    *feed = NULL;
}

void app_feed_switch(struct app_feed *feed, const char *where)
{
    pthread_mutex_lock(&feed->lock);
    snprintf(feed->wanted, sizeof feed->wanted, "%s", where);
    pthread_mutex_unlock(&feed->lock);
}

void app_feed_status(struct app_feed *feed, struct app_feed_status *status)
{
    pthread_mutex_lock(&feed->lock);
    *status = feed->status;
    pthread_mutex_unlock(&feed->lock);
}
