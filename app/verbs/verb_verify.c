/* verb_verify.c - faceid verify: says whether two pictures show the same person. */
#include "app/app.h"
#include "app/identify/faces.h"
#include "app/output/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct app_option verify_options[] = {
    {"json", 'j', APP_FLAG, NULL, "as a JSON object", 0, 0},
    {"threshold", 'T', APP_NUMBER, "T", "least score of one person (default the model's)", -1, 1},
    {0},
};

/* Copies the embedding of a picture's main face into embedding[faces->size]. */
static enum app_exit embed_main(struct app *app, const char *path, struct app_faces *faces,
                                float *embedding)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    enum app_exit code = APP_OK;
    if (fid_picture_load(path, &picture, &error) != FID_OK) {
        code = app_fail(APP_AREA_INPUT, &error);
    } else if (app_faces_find(app, &picture, true, FID_CROP_MODEL, faces, &error) != FID_OK) {
        code = app_fail(APP_AREA_FACES, &error);
    } else if (faces->count == 0) {
        app_warn("no face in %s", path);
        code = APP_INPUT;
    } else {
        memcpy(embedding, faces->embeddings, faces->size * sizeof *embedding);
    }
    fid_picture_free(&picture);
    return code;
}

static void print(const struct app *app, float score, float threshold)
{
    bool same = score >= threshold;
    if (!app_option_flag(app, "json")) {
        printf("%.4f\t%s\n", (double)score, same ? "same" : "different");
        return;
    }
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_bool(&json, "same", same);
    app_json_number(&json, "score", (double)score, 4);
    app_json_number(&json, "threshold", (double)threshold, 4);
    app_json_close(&json, '}');
    app_json_line(&json);
}

static enum app_exit compare(struct app *app, struct app_faces *faces, float *pair)
{
    char **words = app->arguments.words;
    struct fid_rule rule;
    struct fid_error error;
    if (fid_rule_default(app->recognizer, FID_RULE_COSINE, &rule, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    enum app_exit code = embed_main(app, words[0], faces, pair);
    if (code == APP_OK)
        code = embed_main(app, words[1], faces, pair + faces->size);
    if (code != APP_OK)
        return code;
    float score = fid_cosine(pair, pair + faces->size, faces->size);
    float threshold = (float)app_option_number(app, "threshold", (double)rule.maybe);
    print(app, score, threshold);
    return score >= threshold ? APP_OK : APP_UNKNOWN;
}

static enum app_exit run(struct app *app)
{
    struct app_faces faces;
    float *pair = NULL;
    enum app_exit code = app_faces_open(app, 1, &faces);
    if (code == APP_OK && (pair = calloc(2 * faces.size, sizeof *pair)) == NULL) {
        app_warn("no memory for two embeddings");
        code = APP_INTERNAL;
    }
    if (code == APP_OK)
        code = compare(app, &faces, pair);
    free(pair);
    app_faces_close(&faces);
    return code;
}

const struct app_verb app_verb_verify = {
    .name = "verify",
    .arguments = "A B",
    .summary = "do two pictures show the same person",
    .details =
        "Compares the main faces and prints the score (cosine, -1..1) and same or different.\n"
        "The threshold is the model's decision.maybe: the score from which a pair is more\n"
        "likely one person than two. Exit code 0: the same, 1: different.\n",
    .examples = "faceid verify a.jpg b.jpg\tscore and same or different\n",
    .min_arguments = 2,
    .max_arguments = 2,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR,
    .options = verify_options,
    .run = run,
};
