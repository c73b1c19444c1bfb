/* feed.c - runs pictures through the detector, and for a recognizer through the embedder, while
 * the quantizer collects the networks' inputs. */
#include "app/quantize/feed.h"
#include "app/error.h"
#include "app/progress.h"

#include <stdlib.h>
#include <string.h>

enum { FACES = 256, FIT_SIDE = 640 };

bool app_feed_is_detector(const struct fid_model *model)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    return strcmp(info.kind, "detector") == 0;
}

static enum app_exit no_memory(void)
{
    app_warn("no memory for the faces that are held back");
    return APP_INTERNAL;
}

static enum fid_status fail_memory(struct fid_error *error)
{
    return app_error(error, FID_NO_MEMORY, "no memory for a face");
}

/* ---- faces ---- */

/* Is the next one held back? */
static bool holds_back(const struct app_feed *feed)
{
    const size_t seen = feed->fed + feed->held_count;
    return feed->quantizer == NULL || seen % APP_FEED_HELD == APP_FEED_HELD - 1;
}

/* The input of the current face, on its way into the f32 network. */
static enum fid_status take_face(void *ctx, const char *graph, int h, int w, const float *input,
                                 struct fid_error *error)
{
    struct app_feed *feed = ctx;
    if (!holds_back(feed)) {
        const enum fid_status status =
            fid_quantizer_feed(feed->quantizer, graph, h, w, input, error);
        feed->not_finite += status == FID_INVALID; /* the size is the network's own */
        return status;
    }
    struct app_held *held = &feed->held[feed->held_count];
    if (held->input == NULL) /* otherwise it belongs to a face that was dropped */
        held->input = malloc(feed->input_size * sizeof *input);
    if (held->input == NULL)
        return fail_memory(error);
    memcpy(held->input, input, feed->input_size * sizeof *input);
    return FID_OK;
}

static enum app_exit feed_face(struct app_feed *feed, struct fid_embedder *embedder,
                               const struct fid_picture *picture)
{
    struct fid_error error;
    struct fid_face faces[FACES];
    size_t count;
    const size_t not_finite = feed->not_finite;
    const bool hold = holds_back(feed);
    struct app_held *held = &feed->held[feed->held_count];
    if (fid_detect(feed->app->detector, picture, faces, FACES, &count, &error) != FID_OK)
        return app_fail(APP_AREA_FACES, &error);
    feed->skipped += count == 0;
    if (count == 0)
        return APP_OK;
    const size_t best = fid_main_face(faces, count, picture->width, picture->height);
    if (held->embedding == NULL)
        held->embedding = malloc(feed->embedding_size * sizeof *held->embedding);
    if (held->embedding == NULL)
        return no_memory();
    const enum fid_status status =
        fid_embed(embedder, picture, &faces[best], 1, FID_CROP_MODEL, held->embedding, &error);
    if (status != FID_OK && status != FID_INVALID) /* the landmarks are not a face's */
        return app_fail(APP_AREA_FACES, &error);
    feed->skipped += status != FID_OK && feed->not_finite == not_finite;
    if (status != FID_OK)
        return APP_OK;
    feed->held_count += hold;
    feed->fed += !hold;
    return APP_OK;
}

/* ---- pictures ---- */

enum app_exit app_feed_open_detector(struct app *app, const struct fid_model *model,
                                     struct fid_detector **detector)
{
    struct fid_error error;
    const struct fid_detect_options options = {.fit_side = FIT_SIDE};
    return fid_detector_open(app->runtime, model, &options, detector, &error) == FID_OK
               ? APP_OK
               : app_fail(APP_AREA_MODEL, &error);
}

static enum fid_status take_picture(void *ctx, const char *graph, int h, int w, const float *input,
                                    struct fid_error *error)
{
    struct app_feed *feed = ctx;
    return fid_quantizer_feed(feed->quantizer, graph, h, w, input, error);
}

static enum app_exit feed_picture(struct app_feed *feed, const struct fid_picture *picture,
                                  const char *path)
{
    struct fid_error error;
    struct fid_face faces[FACES];
    size_t count;
    if (holds_back(feed)) {
        feed->held_paths[feed->held_count++] = path;
        return APP_OK;
    }
    if (fid_detect(feed->detector, picture, faces, FACES, &count, &error) != FID_OK)
        return app_fail(APP_AREA_FACES, &error);
    feed->fed++;
    return APP_OK;
}

/* ---- all of them ---- */

static enum app_exit feed_all(struct app_feed *feed, struct fid_embedder *embedder)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    struct app_progress progress;
    enum app_exit code = APP_OK;
    app_progress_open(&progress, feed->app, "quantizing", feed->path_count);
    for (size_t i = 0; i < feed->path_count && code == APP_OK; i++) {
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (fid_picture_load(feed->paths[i], &picture, &error) == FID_OK)
            code = embedder != NULL ? feed_face(feed, embedder, &picture)
                                    : feed_picture(feed, &picture, feed->paths[i]);
        else if (app_fail(APP_AREA_INPUT, &error) >= APP_INTERNAL)
            code = APP_INTERNAL;
        else
            feed->skipped++;
        app_progress_step(&progress, 1);
    }
    app_progress_close(&progress);
    fid_picture_free(&picture);
    return code;
}

static enum app_exit feed_faces(struct app_feed *feed)
{
    struct fid_embedder *embedder;
    struct fid_error error;
    struct fid_value input;
    enum app_exit code = app_open_detector(feed->app);
    if (code != APP_OK)
        return code;
    if (fid_embedder_open(feed->app->runtime, feed->model, 1, &embedder, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    if (fid_embedder_check(embedder, feed->app->detector, &error) != FID_OK) {
        fid_embedder_close(&embedder);
        return app_fail(APP_AREA_MODEL, &error);
    }
    fid_session_input(fid_embedder_session(embedder), &input);
    feed->input_size = (size_t)input.h * (size_t)input.w * (size_t)input.c;
    feed->embedding_size = fid_embedder_size(embedder);
    feed->held = calloc(feed->path_count + 1, sizeof *feed->held);
    fid_embedder_watch(embedder, take_face, feed);
    code = feed->held != NULL ? feed_all(feed, embedder) : no_memory();
    fid_embedder_close(&embedder);
    return code;
}

static enum app_exit feed_pictures(struct app_feed *feed)
{
    enum app_exit code = app_feed_open_detector(feed->app, feed->model, &feed->detector);
    if (code != APP_OK)
        return code;
    feed->held_paths = calloc(feed->path_count, sizeof *feed->held_paths);
    if (feed->held_paths == NULL)
        return no_memory();
    fid_detector_watch(feed->detector, take_picture, feed);
    code = feed_all(feed, NULL);
    fid_detector_watch(feed->detector, NULL, NULL);
    return code;
}

enum app_exit app_feed(struct app_feed *feed)
{
    return app_feed_is_detector(feed->model) ? feed_pictures(feed) : feed_faces(feed);
}

void app_feed_free(struct app_feed *feed)
{
    for (size_t i = 0; feed->held != NULL && i <= feed->path_count; i++) {
        free(feed->held[i].input);
        free(feed->held[i].embedding);
    }
    free(feed->held);
    free(feed->held_paths);
    fid_detector_close(&feed->detector);
}
