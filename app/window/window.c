/* window.c - the window's loop: takes the newest picture and the newest faces, and draws them.
 * It waits only for the camera and the user; loading and recognition happen in the worker's thread.
 */
#include "app/window/window.h"
#include "app/clock.h"
#include "app/output/output_stream.h"
#include "app/window/window_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_WAIT_MS 15 /* the longest delay in noticing a key */
#define REDRAW_NS     (APP_NS_PER_S / 4)
#define RESULT_NS     (APP_NS_PER_S / 20) /* how long faces wait for the next picture */

/* ---- the newest picture and faces ---- */

static void count_frame(struct app_window *window)
{
    uint64_t now = app_now_ns();
    window->frames_in_second++;
    if (now - window->second_ns < APP_NS_PER_S)
        return;
    window->fps =
        window->frames_in_second * (double)APP_NS_PER_S / (double)(now - window->second_ns);
    window->second_ns = now;
    window->frames_in_second = 0;
}

static enum app_exit show(struct app_window *window, const struct app_live_frame *frame)
{
    if (!app_screen_picture(window->screen, frame, window->mirror)) {
        app_warn("the window cannot show the picture: %s", SDL_GetError());
        return APP_CAMERA;
    }
    window->captured_ns = frame->captured_ns;
    window->width = frame->pixels.width;
    window->height = frame->pixels.height;
    window->fresh_picture = window->changed = true;
    count_frame(window);
    return APP_OK;
}

static enum app_exit take_picture(struct app_window *window)
{
    struct app_mailbox *mailbox = window->live->mailbox;
    const struct app_live_frame *frame = app_mailbox_take(mailbox, window->shown, FRAME_WAIT_MS);
    if (frame == NULL) {
        if (app_mailbox_is_shut(mailbox))
            SDL_Delay(FRAME_WAIT_MS); /* there is nothing left to wait for */
        return APP_OK;
    }
    window->missed += window->shown > 0 ? frame->sequence - window->shown - 1 : 0;
    window->shown = frame->sequence;
    enum app_exit code = window->paused ? APP_OK : show(window, frame); /* the picture stays */
    app_mailbox_give_back(mailbox, frame);
    return code;
}

static enum app_exit take_result(struct app_window *window)
{
    enum app_exit code = app_worker_code(window->worker);
    bool first = window->result.sequence == 0;
    if (code != APP_OK || window->paused ||
        !app_worker_result(window->worker, window->result.sequence, &window->result))
        return code;
    window->new_faces = true;
    if (!first && window->people < window->result.people)
        app_window_notice(window, "%zu %s enrolled", window->result.people,
                          window->result.people == 1 ? "person is" : "people are");
    window->people = window->result.people;
    return APP_OK;
}

static void take_notices(struct app_window *window)
{
    if (app_enroll_update(&window->enroll))
        window->changed = true;
    if (window->enroll.notice[0] != '\0')
        app_window_notice(window, "%s", window->enroll.notice);
    window->enroll.notice[0] = '\0';
    const char *notice = app_snapshot_notice(&window->snapshot);
    if (notice != NULL)
        app_window_notice(window, "%s", notice);
}

/* ---- the loop ---- */

static bool is_over(const struct app_window *window)
{
    uint64_t most = window->live->frames_max;
    bool ended = window->feed.state == APP_FEED_ENDED; /* counted frames: no user is watching */
    return window->quit || app_interrupted() ||
           (most > 0 && (window->stats.frames >= most || ended));
}

static void take_feed_status(struct app_window *window)
{
    enum app_feed_state before = window->feed.state;
    app_feed_status(window->live->feed, &window->feed);
    if (window->feed.state != before) {
        app_stats_gap(&window->stats);
        window->changed = true;
    }
}

/* Draws once per picture: other news waits for the next picture, unless none comes. */
static bool is_due(const struct app_window *window)
{
    uint64_t since_ns = app_now_ns() - window->drawn_ns;
    return window->changed || since_ns > REDRAW_NS || (window->new_faces && since_ns > RESULT_NS);
}

static enum app_exit loop(struct app_window *window)
{
    while (!is_over(window)) {
        app_window_events(window);
        take_feed_status(window);
        if (window->feed.state == APP_FEED_FAILED)
            return app_fail(window->live->area, &window->feed.error);
        enum app_exit code = take_picture(window);
        if (code == APP_OK)
            code = take_result(window);
        if (code != APP_OK)
            return code;
        take_notices(window);
        if (is_due(window))
            app_window_draw(window);
    }
    return APP_OK;
}

/* Writes what --stats asks for; "-" is stdout. */
static enum app_exit open_times(struct app_window *window)
{
    const char *path = app_option_text(window->live->app, "stats", NULL);
    if (path == NULL)
        return APP_OK;
    enum app_exit code = app_find_gallery(window->live->app);
    return code == APP_OK
               ? app_open_stream(window->live->app, path, "the times", false, &window->times)
               : code;
}

/* code: the run's exit code. Errors of stdout are reported when the program ends. */
static enum app_exit close_times(struct app_window *window, enum app_exit code)
{
    if (window->times == NULL)
        return code;
    if (code == APP_OK)
        app_stats_write(&window->stats, window->times);
    if (window->times == stdout)
        return code;
    errno = 0;
    bool written = fflush(window->times) == 0 && !ferror(window->times);
    int reason = errno;
    if (fclose(window->times) != 0) {
        written = false;
        reason = reason != 0 ? reason : errno;
    }
    if (written || code != APP_OK)
        return code;
    app_warn("cannot write the times: %s", strerror(reason != 0 ? reason : EIO));
    return APP_INTERNAL;
}

static enum app_exit run(struct app_window *window)
{
    app_stats_open(&window->stats);
    enum app_exit code = open_times(window);
    if (code == APP_OK)
        code = app_screen_open(window->live->app, &window->screen);
    if (code == APP_OK)
        code = loop(window);
    app_enroll_cancel(&window->enroll);
    app_snapshot_close(&window->snapshot);
    app_screen_close(&window->screen);
    return close_times(window, code);
}

enum app_exit app_window_run(struct app_live *live)
{
    struct app_window *window = calloc(1, sizeof *window);
    struct app_worker *worker = NULL;
    if (window != NULL) /* loads while the window opens */
        worker = app_worker_open(live->app, live->mailbox, app_live_seen, live);
    if (worker == NULL) {
        free(window);
        app_warn("no memory for a window");
        return APP_INTERNAL;
    }
    window->live = live;
    window->worker = window->enroll.worker = worker;
    window->with_figures = window->changed = true;
    window->mirror = live->mirror;
    window->second_ns = app_now_ns();
    enum app_exit code = run(window);
    app_worker_close(&worker);
    free(window);
    return code;
}
