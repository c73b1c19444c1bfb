/* enrollment_camera.c - enrolls a person in front of a camera, without a window. */
#include "app/live/enrollment_camera.h"
#include "app/clock.h"
#include "app/input/clip.h"
#include "app/live/live.h"
#include "app/output/text.h"
#include "app/progress.h"

#include <stdio.h>

#define WAIT_MS      100 /* for a frame: the longest delay in noticing the end */
#define SECONDS      20  /* of looking for good frames, without --seconds */
#define HINT_NS      (2 * APP_NS_PER_S)
#define FRAMES_LEAST 5 /* when the time is over, fewer frames are not worth enrolling */

struct camera_enrollment {
    struct app_live live;
    struct app_analyzer *analyzer;
    struct app_progress progress;
    struct app_result result;
    const char *name;
    const struct fid_terms *terms;
    bool force, replace;
    bool told; /* whether the instructions were printed */
    enum app_learn_hint hint;
    size_t collected;
    uint64_t hinted_ns, end_ns; /* end: 0 before the first frame */
};

/* ---- messages ---- */

/* One hint at a time, slowly enough to follow. */
static void tell_hint(struct camera_enrollment *enrollment, const struct app_learn *learn)
{
    uint64_t now = app_now_ns();
    const struct app *app = enrollment->live.app;
    if (!enrollment->told)
        app_say(app, "look at the camera, and a little up, down and to the sides");
    enrollment->told = true;
    app_progress_step(&enrollment->progress, learn->collected - enrollment->collected);
    enrollment->collected = learn->collected;
    if (learn->hint == enrollment->hint || learn->hint == APP_HINT_OK ||
        now - enrollment->hinted_ns < HINT_NS)
        return;
    app_say(app, "%s", app_hint_text(learn->hint));
    enrollment->hint = learn->hint;
    enrollment->hinted_ns = now;
}

/* The time is over and there are too few good frames. */
static enum app_exit give_up(const struct camera_enrollment *enrollment,
                             const struct app_learn *learn)
{
    if (learn->state == APP_LEARN_NONE) {
        app_warn("%s is not enrolled: no face was seen", enrollment->name);
        return APP_INPUT;
    }
    app_warn("%s is not enrolled: only %zu good %s of the face (%s): nothing saved",
             enrollment->name, learn->collected, app_plural(learn->collected, "frame", "frames"),
             app_hint_text(learn->hint));
    return APP_REFUSED;
}

/* ---- the work ---- */

/* The most prominent face in view, or NULL. */
static const struct fid_track *main_track(const struct app_result *result)
{
    const struct fid_track *best = NULL;
    float most = 0;
    for (size_t i = 0; i < result->count; i++) {
        const struct fid_track *track = &result->faces[i];
        float prominence = fid_face_prominence(&track->face, result->width, result->height);
        if (track->seen && track->confirmed && (best == NULL || prominence > most)) {
            best = track;
            most = prominence;
        }
    }
    return best;
}

/* Can another face be chosen without losing good frames? */
static bool may_turn(const struct camera_enrollment *enrollment, const struct app_learn *learn)
{
    if (learn->state == APP_LEARN_NONE)
        return true;
    if (learn->state != APP_LEARN_COLLECTING || learn->collected > 0)
        return false;
    for (size_t i = 0; i < enrollment->result.count; i++)
        if (enrollment->result.faces[i].id == learn->track)
            return false;
    return true;
}

static enum app_exit finish(struct camera_enrollment *enrollment)
{
    struct app_wish wish = {.kind = APP_WISH_LEARN_FINISH,
                            .force = enrollment->force,
                            .replace = enrollment->replace,
                            .terms = *enrollment->terms};
    snprintf(wish.name, sizeof wish.name, "%s", enrollment->name);
    app_analyzer_wish(enrollment->analyzer, &wish);
    const struct app_learn *learn = app_analyzer_learn(enrollment->analyzer);
    if (learn->state == APP_LEARN_SAVED) {
        app_say(enrollment->live.app, "%s", learn->text);
        return APP_OK;
    }
    app_warn("%s is not enrolled: %s%s", enrollment->name, learn->text,
             learn->refused == FID_QUALITY ? "; --force saves it anyway" : "");
    return app_exit_code(APP_AREA_GALLERY, learn->refused);
}

/* Examines one frame. *over: the enrollment has ended with the returned code. */
static enum app_exit look(struct camera_enrollment *enrollment, const struct app_live_frame *frame,
                          bool *over)
{
    enum app_exit code =
        app_analyze(enrollment->analyzer, frame, frame->captured_ns, &enrollment->result);
    if (code != APP_OK)
        return code;
    const struct app_learn *learn = app_analyzer_learn(enrollment->analyzer);
    const struct fid_track *face = main_track(&enrollment->result);
    if (face != NULL && may_turn(enrollment, learn)) {
        struct app_wish wish = {.kind = APP_WISH_LEARN, .track = face->id};
        app_analyzer_wish(enrollment->analyzer, &wish);
    } else if (learn->state == APP_LEARN_COLLECTING)
        tell_hint(enrollment, learn);
    bool late = app_now_ns() >= enrollment->end_ns;
    *over = late || learn->state == APP_LEARN_COLLECTED;
    if (*over && late && learn->collected < FRAMES_LEAST && learn->state != APP_LEARN_COLLECTED)
        return give_up(enrollment, learn);
    return *over ? finish(enrollment) : APP_OK;
}

static enum app_exit collect(struct camera_enrollment *enrollment)
{
    struct app_live *live = &enrollment->live;
    double seconds = app_option_number(live->app, "seconds", SECONDS);
    struct app_feed_status status;
    enum app_exit code = APP_OK;
    bool over = false;
    while (code == APP_OK && !over && !app_interrupted()) {
        app_feed_status(live->feed, &status);
        const struct app_live_frame *frame =
            app_mailbox_take(live->mailbox, enrollment->result.sequence, WAIT_MS);
        if (frame == NULL && status.state != APP_FEED_OPENING && status.state != APP_FEED_RUNNING)
            return app_fail(live->area, &status.error);
        if (frame == NULL)
            continue;
        if (enrollment->end_ns == 0)
            enrollment->end_ns = app_now_ns() + (uint64_t)(seconds * (double)APP_NS_PER_S);
        code = look(enrollment, frame, &over);
        app_mailbox_give_back(live->mailbox, frame);
    }
    return code;
}

enum app_exit app_enroll_camera(struct app *app, const char *name, const struct fid_terms *terms)
{
    struct camera_enrollment enrollment = {.live = {.app = app, .area = APP_AREA_CAMERA},
                                           .name = name,
                                           .terms = terms,
                                           .force = app_option_flag(app, "force"),
                                           .replace = app_option_flag(app, "replace")};
    struct app_feed_options feed = {.request.where = app_option_text(app, "camera", NULL)};
    struct fid_error error;
    feed.backend = app_camera_backend(feed.request.where, false, &error);
    if (feed.backend == NULL)
        return app_usage(app, "%s", error.text);
    if (feed.backend == &app_camera_v4l2 &&
        app_camera_present(feed.request.where, &error) != FID_OK)
        return app_fail(APP_AREA_CAMERA, &error);
    app->max_side = APP_LIVE_MAX_SIDE;
    enum app_exit code = app_analyzer_open(app, false, &enrollment.analyzer);
    if (code == APP_OK)
        code = app_live_start(&enrollment.live, &feed);
    if (code == APP_OK) {
        const struct app_learn *learn = app_analyzer_learn(enrollment.analyzer);
        app_progress_open(&enrollment.progress, app, "enrolling", learn->wanted);
        code = collect(&enrollment);
        app_progress_close(&enrollment.progress);
    }
    app_live_stop(&enrollment.live);
    app_analyzer_close(&enrollment.analyzer);
    return code;
}
