#include "app/live.h"
#include "app/live_event.h"
#include "app/worker.h"

#include <errno.h>
#include <string.h>

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

/* Can the source still give frames? If not, says why (unless it just ended) and gives the exit
 * code. */
static bool feed_goes_on(const struct app_live *live, const struct app_feed_status *status,
                         enum app_exit *code)
{
    switch (status->state) {
    case APP_FEED_OPENING:
    case APP_FEED_RUNNING:
        return true;
    case APP_FEED_SILENT:
    case APP_FEED_LOST:
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
    if (live->events == NULL || frame == NULL)
        return APP_OK;
    struct app_feed_status status;
    app_feed_status(live->feed, &status);
    app_event_write(live->events, status.path, result);
    if (!ferror(live->events))
        return APP_OK;
    if (errno == EPIPE) { /* the reader has had enough */
        live->events = NULL;
        return APP_OK;
    }
    app_warn("the events could not be written: %s", strerror(errno));
    return APP_INTERNAL;
}

enum app_exit app_live_headless(struct app_live *live)
{
    struct app_analyzer *analyzer;
    enum app_exit code = app_analyzer_open(live->app, &analyzer); /* while the camera is opening */
    struct app_result result = {0};
    uint64_t analyzed = 0;
    while (code == APP_OK && !app_interrupted()) {
        struct app_feed_status status;
        app_feed_status(live->feed, &status); /* before taking: a last frame is still taken */
        const struct app_live_frame *frame = app_mailbox_take(live->mailbox, result.sequence, 100);
        if (frame == NULL && feed_goes_on(live, &status, &code))
            continue;
        if (frame == NULL) {
            if (code == APP_OK && analyzed == 0)
                code = APP_INPUT; /* a source without a single good picture, which has been told */
            break;
        }
        code = app_analyze(analyzer, frame, &result);
        if (code == APP_OK)
            code = app_live_seen(live, frame, &result);
        app_mailbox_give_back(live->mailbox, frame);
        if (code != APP_OK || live->events == NULL) /* nobody is listening */
            break;
        if (++analyzed == live->frames_max)
            break;
    }
    app_analyzer_close(&analyzer);
    struct app_feed_status status;
    app_feed_status(live->feed, &status);
    app_detail(live->app, "%llu frames looked at, %llu damaged ones dropped",
               (unsigned long long)analyzed, (unsigned long long)status.dropped);
    return code;
}
