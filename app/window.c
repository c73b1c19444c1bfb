/* window.c - the window's loop: keys, the newest picture, the newest faces, drawing. It waits for
 * the camera and the user only; loading and recognition happen in the worker's thread. */
#include "app/window.h"
#include "app/live_clock.h"
#include "app/window_screen.h"
#include "app/worker.h"

#include <string.h>
#include <time.h>

#define FRAME_WAIT_MS 15 /* how late a key may be noticed */
#define REDRAW_NS     (APP_NS_PER_S / 4)
#define STALE_NS      APP_NS_PER_S /* older faces may be somewhere else by now */
#define NOTICE_NS     (3 * APP_NS_PER_S)

struct window {
    struct app_live *live;
    struct app_worker *worker;
    struct app_screen *screen;
    struct app_feed_status feed;

    struct app_result result;                 /* the newest; sequence 0: none yet */
    uint64_t shown, shown_count, captured_ns; /* sequence of the picture on the screen, ... */
    uint64_t drawn_ns, second_ns;             /* last drawing; start of the second being counted */
    int width, height;                        /* of the picture on the screen; 0: none yet */
    int frames_in_second;
    double fps;

    char notice[320]; /* of a snapshot */
    uint64_t notice_ns;
    bool paused, help, figures, mirror, snapshot, quit, changed;
};

/* ---- input ---- */

static void on_key(struct window *window, SDL_Keycode key)
{
    switch (key) {
    case SDLK_q:
        window->quit = true;
        break;
    case SDLK_ESCAPE: /* leaves the help first */
        window->quit = !window->help;
        window->help = false;
        break;
    case SDLK_f:
        app_screen_toggle_full(window->screen);
        break;
    case SDLK_h:
        window->help = !window->help;
        break;
    case SDLK_SPACE:
        window->paused = !window->paused;
        break;
    case SDLK_m:
        window->mirror = !window->mirror;
        break;
    case SDLK_i:
        window->figures = !window->figures;
        break;
    case SDLK_s:
        window->snapshot = true;
        break;
    default:
        return;
    }
    window->changed = true;
}

static void handle_events(struct window *window)
{
    SDL_Event event;
    while (SDL_PollEvent(&event)) {
        if (event.type == SDL_QUIT)
            window->quit = true;
        else if (event.type == SDL_KEYDOWN && event.key.repeat == 0)
            on_key(window, event.key.keysym.sym);
        else if (event.type == SDL_WINDOWEVENT)
            window->changed = true;
    }
}

/* ---- the newest picture and faces ---- */

static void count_frame(struct window *window)
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

static enum app_exit take_picture(struct window *window)
{
    struct app_mailbox *mailbox = window->live->mailbox;
    const struct app_live_frame *frame = app_mailbox_take(mailbox, window->shown, FRAME_WAIT_MS);
    if (frame == NULL) {
        if (app_mailbox_is_shut(mailbox))
            SDL_Delay(FRAME_WAIT_MS); /* nothing to wait for any more */
        return APP_OK;
    }
    window->shown = frame->sequence;
    if (window->paused) { /* seen, but the picture stays */
        app_mailbox_give_back(mailbox, frame);
        return APP_OK;
    }
    struct fid_picture picture;
    struct fid_error error;
    bool good = app_frame_rgb(frame, &picture, &error) == FID_OK &&
                app_screen_picture(window->screen, &picture);
    window->captured_ns = frame->captured_ns;
    window->width = frame->pixels.width;
    window->height = frame->pixels.height;
    app_mailbox_give_back(mailbox, frame);
    if (!good) {
        app_warn("the window cannot show the picture: %s", SDL_GetError());
        return APP_CAMERA;
    }
    window->shown_count++;
    window->changed = true;
    count_frame(window);
    return APP_OK;
}

static enum app_exit take_result(struct window *window)
{
    enum app_exit code = app_worker_code(window->worker);
    if (code != APP_OK || window->paused ||
        !app_worker_result(window->worker, window->result.sequence, &window->result))
        return code;
    window->changed = true;
    return APP_OK;
}

/* ---- drawing ---- */

/* Faces belong on a picture only if they were seen in it or shortly before, and only as long as the
 * picture itself is fresh: a camera that hangs must not go on naming people. */
static bool faces_are_fresh(const struct window *window)
{
    if (window->result.sequence == 0 || window->result.captured_ns + STALE_NS < window->captured_ns)
        return false;
    return window->paused || window->captured_ns + STALE_NS > app_now_ns();
}

static void draw_figures(const struct window *window, const struct app_overlay *overlay)
{
    char rate[96], times[96];
    const char *lines[] = {rate, times};
    const struct app_feed_status *feed = &window->feed;
    snprintf(rate, sizeof rate, "%.0f fps  %dx%d %s", window->fps, window->width, window->height,
             feed->format);
    int end = snprintf(times, sizeof times, "detect %.0f ms  embed %.0f ms",
                       window->result.detect_ms, window->result.embed_ms);
    if (feed->dropped > 0)
        snprintf(times + end, sizeof times - (size_t)end, "  %llu damaged",
                 (unsigned long long)feed->dropped);
    app_overlay_lines(overlay, APP_OVERLAY_TOP, lines, window->result.sequence > 0 ? 2 : 1);
}

static void draw_help(const struct app_overlay *overlay)
{
    static const char *const lines[] = {
        "q, Esc    quit", "f    full screen",
        "h    this help", "i    figures",
        "m    mirror",    "s    snapshot",
        "space    pause", "add a person: faceid enroll NAME PICTURE...",
    };
    app_overlay_lines(overlay, APP_OVERLAY_MIDDLE, lines, sizeof lines / sizeof lines[0]);
}

/* The one thing that the user should know now; NULL: nothing. */
static const char *hint(const struct window *window)
{
    if (window->notice[0] != '\0' && app_now_ns() - window->notice_ns < NOTICE_NS)
        return window->notice;
    if (window->feed.state == APP_FEED_OPENING)
        return "opening the camera";
    if (window->feed.state == APP_FEED_SILENT || window->feed.state == APP_FEED_LOST)
        return window->feed.error.text;
    if (!app_worker_ready(window->worker))
        return "loading the models";
    if (window->paused)
        return "paused (space)";
    if (window->feed.state == APP_FEED_ENDED)
        return "the source has ended (q quits)";
    if (window->result.sequence > 0 && window->result.people == 0)
        return "nobody is enrolled yet: faceid enroll NAME PICTURE...   (h: help)";
    return NULL;
}

static void draw(struct window *window)
{
    struct app_overlay overlay;
    app_screen_begin(window->screen, window->mirror, &overlay);
    if (faces_are_fresh(window))
        app_overlay_faces(&overlay, &window->result);
    if (window->snapshot) /* before figures and hints: it is about the faces */
        app_screen_snapshot(window->screen, window->notice, sizeof window->notice);
    if (window->snapshot)
        window->notice_ns = app_now_ns();
    window->snapshot = false;
    if (window->figures)
        draw_figures(window, &overlay);
    const char *line = hint(window);
    if (line != NULL)
        app_overlay_lines(&overlay, APP_OVERLAY_BOTTOM, &line, 1);
    if (window->help)
        draw_help(&overlay);
    app_screen_end(window->screen);
    window->drawn_ns = app_now_ns();
    window->changed = false;
}

/* ---- the loop ---- */

static bool is_over(const struct window *window)
{
    uint64_t most = window->live->frames_max;
    bool ended = window->feed.state == APP_FEED_ENDED; /* counted frames: nobody is looking */
    return window->quit || app_interrupted() ||
           (most > 0 && (window->shown_count >= most || ended));
}

static enum app_exit loop(struct window *window)
{
    while (!is_over(window)) {
        handle_events(window);
        app_feed_status(window->live->feed, &window->feed);
        if (window->feed.state == APP_FEED_FAILED)
            return app_fail(window->live->area, &window->feed.error);
        enum app_exit code = take_picture(window);
        if (code == APP_OK)
            code = take_result(window);
        if (code != APP_OK)
            return code;
        if (window->changed || app_now_ns() - window->drawn_ns > REDRAW_NS)
            draw(window);
    }
    return APP_OK;
}

enum app_exit app_window_run(struct app_live *live)
{
    struct window window = {.live = live, .figures = true, .mirror = live->mirror, .changed = true};
    window.second_ns = app_now_ns();
    window.worker = app_worker_open(live->app, live->mailbox, app_live_seen, live);
    if (window.worker == NULL) {
        app_warn("no memory for a thread");
        return APP_INTERNAL;
    }
    enum app_exit code = app_screen_open(&window.screen);
    if (code == APP_OK)
        code = loop(&window);
    app_screen_close(&window.screen);
    app_worker_close(&window.worker);
    return code;
}
