/* identify.c - looks up every face of the given pictures and clips, and counts who is known. */
#include "app/identify/identify.h"
#include "app/input/source_walk.h"

#include <math.h>

const char *app_limit_text(enum app_limit_source source)
{
    switch (source) {
    case APP_LIMIT_MODEL:
        return "model";
    case APP_LIMIT_CALIBRATED:
        return "calibrated";
    case APP_LIMIT_OPTION:
        return "option";
    }
    return "unknown";
}

/* ---- opening ---- */

static enum app_exit read_options(struct app_identify *identify)
{
    const struct app *app = identify->app;
    const char *frames = app_option_text(app, "frames", NULL);
    identify->clip = (struct app_clip_options){
        .last = -1, .every = app_option_whole(app, "every", 0), .rate = 10};
    if (frames != NULL && !app_frames_parse(frames, &identify->clip))
        return app_usage(app, "--frames takes A:B, two frame numbers, not '%s'", frames);
    enum app_exit code = app_faces_crop(app, &identify->crop);
    if (code != APP_OK)
        return code;
    identify->rule.kind = identify->crop == FID_CROP_DEMO ? FID_RULE_DEMO : FID_RULE_COSINE;
    if (identify->rule.kind == FID_RULE_COSINE && app_option_number(app, "threshold", 0) > 1)
        return app_usage(app, "--threshold takes a cosine, -1..1, without --compat demo");
    return APP_OK;
}

static enum app_exit read_rule(struct app_identify *identify)
{
    struct app *app = identify->app;
    struct fid_rule *rule = &identify->rule;
    struct fid_calibration calibration;
    struct fid_error error;
    if (fid_gallery_rule(app->gallery, app->recognizer, rule->kind, rule, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    bool calibrated = fid_gallery_calibration(app->gallery, &calibration);
    if (calibrated && rule->kind == FID_RULE_COSINE)
        identify->limit = APP_LIMIT_CALIBRATED;
    double threshold = app_option_number(app, "threshold", NAN);
    if (isnan(threshold))
        return APP_OK;
    identify->limit = APP_LIMIT_OPTION;
    rule->accept = (float)threshold;
    rule->maybe = fminf(rule->maybe, rule->accept);
    return APP_OK;
}

/* No one is enrolled, or every last day has passed. */
static bool is_nobody_named(const struct fid_gallery *gallery)
{
    struct fid_person person;
    for (size_t i = 0; i < fid_gallery_count(gallery); i++) {
        fid_gallery_person(gallery, i, &person);
        if (!person.expired)
            return false;
    }
    return true;
}

enum app_exit app_identify_open(struct app *app, struct app_identify *identify)
{
    enum { BATCH = 4 }; /* faces of one picture go through the network together */
    identify->app = app;
    enum app_exit code = read_options(identify);
    if (code == APP_OK)
        code = app_faces_open(app, BATCH, &identify->faces);
    if (code == APP_OK)
        code = app_open_gallery(app, FID_GALLERY_READ_ONLY, true);
    if (code == APP_OK)
        code = read_rule(identify);
    if (code == APP_OK && is_nobody_named(app->gallery))
        app_say(app,
                fid_gallery_count(app->gallery) == 0
                    ? "no one is enrolled in %s yet, so everyone is '?'"
                    : "every last day in %s has passed, so everyone is '?' (faceid list)",
                app->gallery_path);
    return code;
}

void app_identify_close(struct app_identify *identify)
{
    app_faces_close(&identify->faces);
}

/* ---- the work ---- */

struct work {
    struct app_identify *identify;
    app_identify_fn take;
};

static enum app_exit label_frame(void *ctx, const struct app_frame *frame)
{
    const struct work *work = ctx;
    struct app_identify *identify = work->identify;
    struct app_faces *faces = &identify->faces;
    struct fid_error error;
    char name[4200];
    if (frame->picture == NULL)
        return APP_OK;
    app_frame_name(frame, name, sizeof name);
    if (app_faces_find(identify->app, frame->picture, false, identify->crop, faces, &error) !=
        FID_OK) {
        const enum app_exit failed = app_fail(APP_AREA_FACES, &error);
        identify->bad_files++;
        /* the next picture would fail in the same way */
        return failed != APP_INPUT ? failed : APP_OK;
    }
    fid_label_faces(identify->app->gallery, &identify->rule, faces->embeddings, faces->count,
                    identify->labels);
    identify->face_count += faces->count;
    for (size_t i = 0; i < faces->count; i++)
        identify->known_count += identify->labels[i].known;
    enum app_exit code = work->take(identify, frame, name);
    if (faces->count == 0 && frame->frame < 0)
        app_say(identify->app, "no face in %s (--min-face looks for smaller ones)", name);
    return code;
}

enum app_exit app_identify_all(struct app_identify *identify, app_identify_fn take)
{
    const struct app_arguments *arguments = &identify->app->arguments;
    struct work work = {identify, take};
    struct app_source_walk walk = {
        .options = &identify->clip, .take = label_frame, .ctx = &work, .enough = &identify->enough};
    enum app_exit code = app_source_each(&walk, arguments->words, (size_t)arguments->count);
    identify->bad_files += walk.bad_files;
    return code;
}
