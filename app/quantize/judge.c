/* judge.c - compares the quantized model with its f32 model on the pictures held back. */
#include "app/quantize/judge.h"
#include "app/output/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FACES = 256 };

/* ---- recognizers ---- */

/* FILLS embeddings [held_count][embedding_size] by the given model. */
static enum app_exit embed_held(const struct app_feed *feed, const struct fid_model *model,
                                float *embeddings)
{
    struct fid_error error;
    struct fid_session *session;
    struct fid_value input, output;
    if (fid_session_open(feed->app->runtime, model, NULL, 1, 0, 0, NULL, &session, &error) !=
        FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    fid_session_input(session, &input);
    fid_session_output(session, fid_model_text(model, "embed.output"), &output);
    for (size_t i = 0; i < feed->held_count; i++) {
        memcpy(input.data, feed->held[i].input, feed->input_size * sizeof *input.data);
        fid_session_run(session, 1);
        memcpy(embeddings + i * feed->embedding_size, output.data,
               feed->embedding_size * sizeof *embeddings);
    }
    fid_session_close(&session);
    return APP_OK;
}

struct moves { /* of numbers */
    double sum, most;
    size_t count;
};

static void add_move(struct moves *moves, double move)
{
    moves->sum += move;
    moves->most = fmax(moves->most, fabs(move));
    moves->count++;
}

static double mean_of(const struct moves *moves)
{
    return moves->count > 0 ? moves->sum / (double)moves->count : 0.0;
}

static void tell_embeddings(const struct app_feed *feed, const char *path, const float *embeddings)
{
    const size_t size = feed->embedding_size;
    double sum = 0.0, least = 1.0;
    struct moves same = {0}, mixed = {0};
    for (size_t i = 0; i < feed->held_count; i++) {
        const float *a = feed->held[i].embedding, *quantized = embeddings + i * size;
        const double near = (double)fid_cosine(a, quantized, size);
        sum += near;
        least = fmin(least, near);
        for (size_t j = 0; j < i; j++) {
            const float *b = feed->held[j].embedding;
            const double score = (double)fid_cosine(a, b, size);
            add_move(&same, (double)fid_cosine(quantized, embeddings + j * size, size) - score);
            add_move(&mixed, (double)fid_cosine(quantized, b, size) - score);
        }
    }
    app_say(feed->app, "%s: cosine to f32 %.4f on average, at least %.4f, for %zu %s held back",
            path, sum / (double)feed->held_count, least, feed->held_count,
            app_plural(feed->held_count, "face", "faces"));
    if (same.count > 0)
        app_say(feed->app,
                "%s: scores of pairs move by %+.4f on average, by at most %.4f (one of each "
                "model: %+.4f, %.4f)",
                path, mean_of(&same), same.most, mean_of(&mixed), mixed.most);
}

static enum app_exit judge_recognizer(const struct app_feed *feed, const char *path,
                                      const struct fid_model *model)
{
    float *embeddings = calloc(feed->held_count * feed->embedding_size, sizeof *embeddings);
    if (embeddings == NULL) {
        app_warn("no memory to judge %s", path);
        return APP_INTERNAL;
    }
    const enum app_exit code = embed_held(feed, model, embeddings);
    if (code == APP_OK)
        tell_embeddings(feed, path, embeddings);
    free(embeddings);
    return code;
}

/* ---- detectors ---- */

struct found { /* found by the f32 network, of these by the other one, and by the other one only */
    size_t all, both, others;
    struct moves scores;
};

static double overlap_of(const struct fid_box *a, const struct fid_box *b)
{
    const double w = fmin((double)a->x + (double)a->w, (double)b->x + (double)b->w) -
                     fmax((double)a->x, (double)b->x);
    const double h = fmin((double)a->y + (double)a->h, (double)b->y + (double)b->h) -
                     fmax((double)a->y, (double)b->y);
    const double common = fmax(w, 0.0) * fmax(h, 0.0);
    return common / ((double)a->w * (double)a->h + (double)b->w * (double)b->h - common);
}

/* Matches each face of one list with the nearest free face of the other. */
static void compare(const struct fid_face *before, size_t before_count,
                    const struct fid_face *after, size_t after_count, struct found *found)
{
    bool taken[FACES] = {false};
    size_t both = 0;
    for (size_t i = 0; i < before_count; i++) {
        size_t best = after_count;
        double most = 0.5; /* an overlap of a half counts as the same face */
        for (size_t j = 0; j < after_count; j++) {
            const double overlap = overlap_of(&before[i].box, &after[j].box);
            if (!taken[j] && overlap >= most) {
                most = overlap;
                best = j;
            }
        }
        if (best == after_count)
            continue;
        taken[best] = true;
        both++;
        add_move(&found->scores, (double)after[best].score - (double)before[i].score);
    }
    found->all += before_count;
    found->both += both;
    found->others += after_count - both;
}

static enum app_exit compare_picture(const struct app_feed *feed, struct fid_detector *detector,
                                     const struct fid_picture *picture, struct found *found)
{
    struct fid_error error;
    struct fid_face before[FACES], after[FACES];
    size_t before_count, after_count;
    if (fid_detect(feed->detector, picture, before, FACES, &before_count, &error) != FID_OK ||
        fid_detect(detector, picture, after, FACES, &after_count, &error) != FID_OK)
        return app_fail(APP_AREA_FACES, &error);
    compare(before, before_count, after, after_count, found);
    return APP_OK;
}

static enum app_exit judge_detector(const struct app_feed *feed, const char *path,
                                    const struct fid_model *model)
{
    struct fid_detector *detector;
    struct fid_picture picture = {0};
    struct found found = {0};
    struct fid_error error;
    enum app_exit code = app_feed_open_detector(feed->app, model, &detector);
    for (size_t i = 0; i < feed->held_count && code == APP_OK; i++)
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (fid_picture_load(feed->held_paths[i], &picture, &error) != FID_OK)
            code = app_fail(APP_AREA_INPUT, &error);
        else
            code = compare_picture(feed, detector, &picture, &found);
    fid_picture_free(&picture);
    fid_detector_close(&detector);
    if (code == APP_OK)
        app_say(feed->app,
                "%s: finds %zu of the %zu %s that f32 finds in %zu %s held back, and %zu %s; "
                "scores move by %+.4f on average, by at most %.4f",
                path, found.both, found.all, app_plural(found.all, "face", "faces"),
                feed->held_count, app_plural(feed->held_count, "picture", "pictures"), found.others,
                app_plural(found.others, "other", "others"), mean_of(&found.scores),
                found.scores.most);
    return code;
}

enum app_exit app_judge(struct app_feed *feed, const char *path)
{
    struct fid_error error;
    struct fid_model *model;
    if (feed->held_count == 0) {
        app_say(feed->app,
                "%s: not judged: fewer than %d pictures could be used, and none was held "
                "back",
                path, APP_FEED_HELD);
        return APP_OK;
    }
    if (fid_model_open(feed->app->runtime, path, &model, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    const enum app_exit code = app_feed_is_detector(model) ? judge_detector(feed, path, model)
                                                           : judge_recognizer(feed, path, model);
    fid_model_close(&model);
    return code;
}
