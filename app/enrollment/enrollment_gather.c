/* enrollment_gather.c - runs the detector and the recognizer over one person's pictures and
 * clips. */
#include "app/enrollment/enrollment_gather.h"
#include "app/input/source_walk.h"

#include <stdlib.h>

/* Faces of a picture that may be the person's, the most prominent ones. */
enum { PICKS = 4, FACES = 256 };

enum app_exit app_gatherer_open(struct app *app, struct app_gatherer *gatherer)
{
    gatherer->app = app;
    enum app_exit code = app_gate_read(&gatherer->gate);
    if (code == APP_OK)
        code = app_open_embedder(app, 1);
    if (code == APP_OK)
        code = app_open_detector(app);
    if (code != APP_OK)
        return code;
    gatherer->size = fid_embedder_size(app->embedder);
    gatherer->embedding = calloc(gatherer->size, sizeof *gatherer->embedding);
    if (gatherer->embedding != NULL)
        return APP_OK;
    app_warn("no memory for a face");
    return APP_INTERNAL;
}

void app_gatherer_close(struct app_gatherer *gatherer)
{
    free(gatherer->embedding);
    gatherer->embedding = NULL;
}

/* Moves the most prominent faces to the front, in order; returns how many, PICKS at most. */
static size_t pick(struct fid_face *faces, size_t count, const struct fid_picture *picture)
{
    size_t picks = count < PICKS ? count : PICKS;
    for (size_t i = 0; i < picks; i++) {
        size_t best = i + fid_main_face(faces + i, count - i, picture->width, picture->height);
        struct fid_face face = faces[best];
        faces[best] = faces[i];
        faces[i] = face;
    }
    return picks;
}

static bool have_rivals(const struct app_gatherer *gatherer, const struct fid_face *faces,
                        size_t count, const struct fid_picture *picture)
{
    return count > 1 && (double)fid_face_prominence(&faces[1], picture->width, picture->height) >=
                            gatherer->gate.rival * (double)fid_face_prominence(
                                                       &faces[0], picture->width, picture->height);
}

static enum app_exit no_memory(void)
{
    app_warn("no memory for more faces");
    return APP_INTERNAL;
}

/* Judges a face and embeds it, unless it is so bad that it is never used. */
static enum app_exit look(struct app_gatherer *gatherer, const struct app_frame *frame,
                          const struct fid_face *face, struct app_enrollment *enrollment)
{
    const bool photo = frame->frame < 0;
    struct fid_quality quality;
    struct fid_error error;
    fid_face_quality(frame->picture, face, &quality);
    struct app_verdict verdict =
        app_gate_judge(photo ? gatherer->gate.photo : gatherer->gate.frame, &quality);
    verdict.photo = photo;
    const float *embedding = NULL;
    if (verdict.reason == APP_GATE_GOOD || photo || gatherer->force) {
        enum fid_status status = fid_embed(gatherer->app->embedder, frame->picture, face, 1,
                                           gatherer->crop, gatherer->embedding, &error);
        if (status == FID_INVALID) /* the landmarks are not a face's */
            verdict = (struct app_verdict){.reason = APP_GATE_NO_VECTOR};
        else if (status != FID_OK)
            return app_fail(APP_AREA_FACES, &error);
        else
            embedding = gatherer->embedding;
    }
    const size_t before = enrollment->look_count;
    if (!app_enrollment_look(enrollment, embedding, gatherer->size, &quality, &verdict))
        return no_memory();
    if (enrollment->keep_crops && enrollment->look_count > before &&
        app_enrollment_crop(enrollment, frame->picture, face, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    return APP_OK;
}

static enum app_exit take_frame(struct app_gatherer *gatherer, const struct app_frame *frame,
                                struct app_enrollment *enrollment)
{
    struct fid_face faces[FACES];
    struct fid_error error;
    size_t count;
    if (fid_detect(gatherer->app->detector, frame->picture, faces, FACES, &count, &error) != FID_OK)
        return app_fail(APP_AREA_FACES, &error);
    size_t picks = pick(faces, count, frame->picture);
    bool rivals = have_rivals(gatherer, faces, picks, frame->picture);
    if (!app_enrollment_shot(enrollment, frame->file, frame->frame, rivals))
        return no_memory();
    enum app_exit code = APP_OK;
    for (size_t i = 0; i < picks && code == APP_OK; i++)
        code = look(gatherer, frame, &faces[i], enrollment);
    return code;
}

/* A clip takes many steps of the progress bar. */
static void step(struct app_gatherer *gatherer, const struct app_frame *frame)
{
    if (frame->first && frame->expected > 1)
        app_progress_grow(&gatherer->progress, frame->expected - 1);
    app_progress_step(&gatherer->progress, 1);
}

struct gathering {
    struct app_gatherer *gatherer;
    struct app_enrollment *enrollment;
};

static enum app_exit gather_frame(void *ctx, const struct app_frame *frame)
{
    struct gathering *gathering = ctx;
    enum app_exit code = APP_OK;
    if (frame->picture != NULL)
        code = take_frame(gathering->gatherer, frame, gathering->enrollment);
    step(gathering->gatherer, frame);
    return code;
}

enum app_exit app_gather(struct app_gatherer *gatherer, char *const *paths, size_t count,
                         struct app_enrollment *enrollment)
{
    struct gathering gathering = {gatherer, enrollment};
    struct app_source_walk walk = {
        .options = &gatherer->clip, .take = gather_frame, .ctx = &gathering};
    enum app_exit code = app_source_each(&walk, paths, count);
    enrollment->bad_files += walk.bad_files;
    return code;
}
