/* window_faces.c - the faces on the picture: which are shown, and which is chosen. */
#include "app/clock.h"
#include "app/window/window_state.h"

#define STALE_NS APP_NS_PER_S /* older faces may have moved elsewhere */
#define AHEAD_S  0.25         /* motion is not predicted further than this */

bool app_window_is_fresh(const struct app_window *window)
{
    const struct app_result *result = &window->result;
    bool here = window->paused || window->feed.state == APP_FEED_RUNNING ||
                window->feed.state == APP_FEED_ENDED;
    if (!here || result->sequence == 0 || result->captured_ns < window->feed.opened_ns ||
        result->captured_ns + STALE_NS < window->captured_ns)
        return false;
    return window->paused || window->captured_ns + STALE_NS > app_now_ns();
}

/* A single detection is too often not a face. */
static bool is_shown(const struct fid_track *face)
{
    return face->confirmed || face->state != FID_TRACK_NEW;
}

const struct fid_track *app_window_face(const struct app_window *window)
{
    const struct fid_track *largest = NULL;
    if (!app_window_is_fresh(window))
        return NULL;
    for (size_t i = 0; i < window->result.count; i++) {
        const struct fid_track *face = &window->result.faces[i];
        if (!is_shown(face))
            continue;
        if (face->id == window->chosen)
            return face;
        if (largest == NULL || face->box.w * face->box.h > largest->box.w * largest->box.h)
            largest = face;
    }
    return largest;
}

void app_window_next_face(struct app_window *window)
{
    const struct fid_track *from = app_window_face(window), *next = NULL, *first = NULL;
    if (from == NULL)
        return;
    float sign = window->mirror ? -1 : 1;
    for (size_t i = 0; i < window->result.count; i++) {
        const struct fid_track *face = &window->result.faces[i];
        float x = sign * face->box.x;
        if (!is_shown(face) || face->id == from->id)
            continue;
        if (first == NULL || x < sign * first->box.x)
            first = face;
        if (x >= sign * from->box.x && (next == NULL || x < sign * next->box.x))
            next = face;
    }
    window->chosen = next != NULL ? next->id : first != NULL ? first->id : from->id;
}

/* ---- drawing ---- */

static SDL_Rect place(const struct app_window *window, const struct app_overlay *overlay,
                      const struct fid_track *face)
{
    int64_t ahead_ns = (int64_t)(window->captured_ns - window->result.captured_ns);
    double ahead_s = (double)ahead_ns / (double)APP_NS_PER_S;
    ahead_s = ahead_s < 0 || !face->seen ? 0 : ahead_s > AHEAD_S ? AHEAD_S : ahead_s;
    return app_overlay_place(overlay, &window->result, face, ahead_s);
}

static void draw_blur(const struct app_window *window, const struct app_overlay *overlay)
{
    if (!app_window_is_fresh(window)) { /* it is unknown where faces are */
        app_screen_blur(window->screen, overlay, overlay->picture);
        return;
    }
    for (size_t i = 0; i < window->result.count; i++) {
        const struct fid_track *face = &window->result.faces[i];
        SDL_Rect box = place(window, overlay, face);
        int more_x = box.w / 5, more_y = box.h / 5; /* a face is more than its box, and it moves */
        if (!face->label.known)
            app_screen_blur(
                window->screen, overlay,
                (SDL_Rect){box.x - more_x, box.y - more_y, box.w + 2 * more_x, box.h + 2 * more_y});
    }
}

static double share_collected(const struct app_learn *learn)
{
    return learn->wanted > 0 ? (double)learn->collected / (double)learn->wanted : 0;
}

void app_window_draw_faces(const struct app_window *window, const struct app_overlay *overlay)
{
    const struct app_result *result = &window->result;
    if (window->blur)
        draw_blur(window, overlay);
    if (!app_window_is_fresh(window) || result->width <= 0 || result->height <= 0)
        return;
    const struct fid_track *chosen =
        window->chosen != 0 || window->explain ? app_window_face(window) : NULL;
    for (size_t i = 0; i < result->count; i++) {
        const struct fid_track *face = &result->faces[i];
        if (!is_shown(face))
            continue;
        SDL_Rect box = place(window, overlay, face);
        if (window->enroll.stage != APP_ENROLL_IDLE && face->id == window->enroll.learn.track)
            app_overlay_ring(overlay, box, share_collected(&window->enroll.learn));
        app_overlay_face(overlay, face, box, face == chosen);
    }
}
