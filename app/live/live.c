/* live.c - starts and stops camera, analyzer and report, and runs the live program without a
 * window. */
#include "app/live/live.h"
#include "app/clock.h"

#define WAIT_MS       100  /* the longest delay in noticing the end */
#define CUSTOMARY_FPS 25.0 /* of a source of files that does not say its rate */

enum app_exit app_live_start(struct app_live *live, const struct app_feed_options *feed)
{
    enum { READERS = 2 }; /* the window and its worker, or the event loop alone */
    live->mailbox = app_mailbox_open(READERS);
    live->feed = live->mailbox != NULL ? app_feed_open(feed, live->mailbox) : NULL;
    if (live->feed != NULL)
        return APP_OK;
    app_warn("no memory for the camera's frames");
    return APP_INTERNAL;
}

void app_live_stop(struct app_live *live)
{
    app_feed_close(&live->feed);
    app_mailbox_close(&live->mailbox);
}

/* Can the source still give frames? If not, reports why (unless it simply ended) and sets the
 * exit code. */
static bool feed_goes_on(const struct app_live *live, const struct app_feed_status *status,
                         enum app_exit *code)
{
    switch (status->state) {
    case APP_FEED_OPENING:
    case APP_FEED_RUNNING:
        return true;
    case APP_FEED_SILENT:
    case APP_FEED_LOST:
        if (status->reconnect)
            return true;
        __attribute__((fallthrough));
    case APP_FEED_FAILED:
        *code = app_fail(live->area, &status->error);
        return false;
    case APP_FEED_ENDED:
        break;
    }
    return false;
}

enum app_exit app_live_seen(void *ctx, const struct app_live_frame *frame,
                            const struct app_result *result)
{
    struct app_live *live = ctx;
    struct app_feed_status status;
    if (live->report == NULL)
        return APP_OK;
    app_feed_status(live->feed, &status);
    return app_report_seen(live->report, status.path, frame, result);
}

/* The tracks' clock: of a source that waits for us, the clip's own time. */
static uint64_t time_of(const struct app_live *live, const struct app_feed_status *status,
                        const struct app_live_frame *frame)
{
    double fps = status->fps > 0 ? status->fps : CUSTOMARY_FPS;
    if (!live->every_frame)
        return frame->captured_ns;
    return (uint64_t)((double)frame->sequence * (double)APP_NS_PER_S / fps);
}

/* One round of the loop: examines a frame if there is one. *over: the source has ended. */
static enum app_exit look(struct app_live *live, struct app_analyzer *analyzer,
                          struct app_result *result, bool *over)
{
    struct app_feed_status status;
    enum app_exit code = APP_OK;
    app_feed_status(live->feed, &status); /* before taking, so that a last frame is still taken */
    const struct app_live_frame *frame = app_mailbox_take(live->mailbox, result->sequence, WAIT_MS);
    if (frame == NULL) {
        if (app_analyzer_expire(analyzer, app_now_ns(), result))
            code = app_live_seen(live, NULL, result);
        *over = code != APP_OK || !feed_goes_on(live, &status, &code);
        return code;
    }
    app_feed_status(live->feed, &status); /* the frame may be the first of its camera */
    code = app_analyze(analyzer, frame, time_of(live, &status, frame), result);
    if (code == APP_OK)
        code = app_live_seen(live, frame, result);
    app_mailbox_give_back(live->mailbox, frame);
    return code;
}

enum app_exit app_live_headless(struct app_live *live)
{
    struct app_analyzer *analyzer; /* opened while the camera is opening */
    struct app_result result = {0};
    uint64_t analyzed = 0;
    bool over = false;
    enum app_exit code = app_analyzer_open(live->app, live->every_frame, &analyzer);
    while (code == APP_OK && !over && !app_interrupted()) {
        if (!app_analyzer_wait(analyzer))
            continue;
        uint64_t before = result.sequence;
        code = look(live, analyzer, &result, &over);
        analyzed += code == APP_OK && result.sequence > before;
        over = over || (live->frames_max > 0 && analyzed == live->frames_max) ||
               !app_report_is_heard(live->report);
    }
    app_analyzer_close(&analyzer);
    struct app_feed_status status;
    app_feed_status(live->feed, &status);
    if (code == APP_OK && analyzed == 0 && status.state == APP_FEED_ENDED && !app_interrupted())
        code = APP_INPUT; /* a source without any good picture, which was reported */
    app_detail(live->app, "%llu frames examined, %llu damaged ones dropped",
               (unsigned long long)analyzed, (unsigned long long)status.dropped);
    return code;
}
