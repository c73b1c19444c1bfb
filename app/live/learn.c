/* learn.c - collects good frames of the chosen track, and saves them under a name. */
#include "app/live/learn.h"
#include "app/clock.h"
#include "app/output/model_info.h"
#include "app/output/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The least time between two looks: consecutive frames show the same picture. */
#define WANTED   15
#define APART_NS (150 * APP_NS_PER_MS)

const char *app_hint_text(enum app_learn_hint hint)
{
    switch (hint) {
    case APP_HINT_OK:
        return "good";
    case APP_HINT_TOO_SMALL:
        return "come closer";
    case APP_HINT_BLURRED:
        return "hold still";
    case APP_HINT_DARK:
        return "more light, please";
    case APP_HINT_BRIGHT:
        return "less light, please";
    case APP_HINT_CUT:
        return "come into the picture";
    case APP_HINT_TURNED:
        return "look at the camera";
    case APP_HINT_OTHER:
        return "another face came in between";
    case APP_HINT_AWAY:
        return "the face is not in the picture";
    }
    return "";
}

static enum app_learn_hint hint_of(enum app_gate_reason reason)
{
    switch (reason) {
    case APP_GATE_SMALL:
        return APP_HINT_TOO_SMALL;
    case APP_GATE_CUT:
        return APP_HINT_CUT;
    case APP_GATE_DARK:
    case APP_GATE_FLAT:
        return APP_HINT_DARK;
    case APP_GATE_BRIGHT:
        return APP_HINT_BRIGHT;
    case APP_GATE_TURNED:
        return APP_HINT_TURNED;
    case APP_GATE_BLURRED:
        return APP_HINT_BLURRED;
    default: /* good; the other reasons are not about how a face is seen */
        return APP_HINT_OK;
    }
}

/* ---- collecting ---- */

void app_learner_cancel(struct app_learner *learner)
{
    app_enrollment_clear(&learner->faces);
    learner->shown = (struct app_learn){.wanted = WANTED};
    learner->frames = 0;
}

void app_learner_start(struct app_learner *learner, uint32_t track)
{
    app_learner_cancel(learner);
    learner->shown.state = APP_LEARN_COLLECTING;
    learner->shown.track = track;
    learner->taken_ns = 0;
}

bool app_learner_look(struct app_learner *learner, const struct fid_track *track, uint64_t now_ns)
{
    struct app_learn *shown = &learner->shown;
    if (shown->state != APP_LEARN_COLLECTING)
        return false;
    bool seen = track != NULL && track->seen;
    learner->frames++;
    shown->hint = APP_HINT_AWAY;
    if (seen) {
        learner->quality = track->quality;
        shown->hint = hint_of(app_gate_judge(learner->gate.frame, &track->quality).reason);
    }
    return shown->hint == APP_HINT_OK &&
           (shown->collected == 0 || now_ns - learner->taken_ns >= APART_NS);
}

static bool is_same(const struct app_learner *learner, const float *embedding, size_t size,
                    float alike)
{
    for (size_t i = 0; i < learner->faces.look_count; i++)
        if (fid_cosine(learner->faces.embeddings + i * size, embedding, size) >= alike)
            return true;
    return learner->faces.look_count == 0;
}

bool app_learner_take(struct app_learner *learner, const struct fid_picture *picture,
                      const struct fid_face *face, const float *embedding, size_t size, float alike,
                      uint64_t now_ns)
{
    struct app_learn *shown = &learner->shown;
    struct tm utc;
    const struct app_verdict good = {.reason = APP_GATE_GOOD};
    const size_t before = learner->faces.look_count;
    struct fid_error error;
    char source[64];
    if (!is_same(learner, embedding, size, alike)) {
        shown->hint = APP_HINT_OTHER;
        return true;
    }
    time_t now = time(NULL);
    gmtime_r(&now, &utc);
    strftime(source, sizeof source, "live %Y-%m-%dT%H:%M:%SZ", &utc);
    if (!app_enrollment_shot(&learner->faces, source, learner->frames, false) ||
        !app_enrollment_look(&learner->faces, embedding, size, &learner->quality, &good))
        return false;
    if (learner->faces.keep_crops && learner->faces.look_count > before &&
        app_enrollment_crop(&learner->faces, picture, face, &error) != FID_OK)
        return false;
    learner->taken_ns = now_ns;
    shown->collected = learner->faces.look_count;
    if (shown->collected >= shown->wanted)
        shown->state = APP_LEARN_COLLECTED;
    return true;
}

void app_learner_adopt(struct app_learner *learner, uint32_t track, const float *embedding,
                       size_t size, float alike)
{
    if (learner->shown.state == APP_LEARN_COLLECTING && learner->faces.look_count > 0 &&
        is_same(learner, embedding, size, alike))
        learner->shown.track = track;
}

/* ---- saving ---- */

/* The running program opens its gallery for reading only, so that looking never makes a file;
 * saving may. */
static enum fid_status save(struct app_learner *learner, struct app *app,
                            const struct fid_rule *rule, const char *name, bool force, bool replace,
                            struct fid_error *error)
{
    struct app_learn *shown = &learner->shown;
    struct fid_gallery *gallery = NULL;
    struct fid_person person;
    enum fid_status status = fid_name_check(name, shown->name, error);
    if (status == FID_OK)
        status = fid_gallery_open(app->gallery_path, app->recognizer, app->secret,
                                  FID_GALLERY_CREATE | app_gallery_flags(app), &gallery, error);
    const bool first = status == FID_OK && fid_gallery_count(gallery) == 0;
    if (status == FID_OK)
        status = app_enrollment_save(&learner->faces, gallery, &learner->gate, rule, shown->name,
                                     replace, force, &person, error);
    if (status == FID_OK && first)
        app_tell_given_limits(app, app->recognizer);
    fid_gallery_close(&gallery);
    if (status != FID_OK)
        return status;
    memcpy(shown->name, person.name, sizeof shown->name);
    snprintf(shown->text, sizeof shown->text, "%s is enrolled with %zu %s", person.name,
             person.sample_count, app_plural(person.sample_count, "face", "faces"));
    return FID_OK;
}

bool app_learner_finish(struct app_learner *learner, struct app *app, const struct fid_rule *rule,
                        const char *name, bool force, bool replace, uint64_t request)
{
    struct app_learn *shown = &learner->shown;
    struct fid_error error;
    shown->request = request;
    if (learner->faces.look_count == 0) {
        shown->state = APP_LEARN_FAILED;
        snprintf(shown->text, sizeof shown->text,
                 "nothing saved: there is no good frame of the face yet");
        return false;
    }
    if (save(learner, app, rule, name, force, replace, &error) != FID_OK) {
        shown->state = APP_LEARN_REFUSED;
        shown->refused = error.status;
        snprintf(shown->text, sizeof shown->text, "%s", error.text);
        return false;
    }
    shown->state = APP_LEARN_SAVED;
    app_enrollment_clear(&learner->faces);
    return true;
}
