/* Detection: a table "file x y w h ignore" of the faces in some pictures, the first line being the
 * names of the columns. */
#include "app/eval.h"
#include "app/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Average precision needs the whole curve, so nearly everything the detector says counts. */
#define LEAST_SCORE 0.02

enum { MAX_FACES = 2000 }; /* of a picture */

struct detection {                     /* zero-initialise */
    struct app_eval_pictures pictures; /* a reference for each truth */
    struct fid_truth_box *truth;
    size_t truth_count, truth_capacity, ignored;
    struct fid_scored_box *found;
    size_t found_count, found_capacity;
    float *truth_scores;
    struct fid_curve curve;
    pthread_mutex_t lock; /* over found */
};

static void detection_close(struct detection *detection)
{
    app_eval_pictures_close(&detection->pictures);
    free(detection->truth);
    free(detection->found);
    free(detection->truth_scores);
    fid_curve_free(&detection->curve);
}

static enum app_exit add_truth(struct detection *detection, const struct fid_truth_box *truth)
{
    if (detection->truth_count == detection->truth_capacity) {
        size_t capacity = detection->truth_capacity == 0 ? 1024 : 2 * detection->truth_capacity;
        void *grown = reallocarray(detection->truth, capacity, sizeof *detection->truth);
        if (grown == NULL)
            return app_eval_no_memory();
        detection->truth = grown;
        detection->truth_capacity = capacity;
    }
    detection->truth[detection->truth_count++] = *truth;
    detection->ignored += truth->ignore;
    return APP_OK;
}

static enum app_exit read_truth(struct app_eval_table *table, const char *folder,
                                struct detection *detection)
{
    if (!app_eval_table_next(table) || strcmp(table->fields[0], "file") != 0)
        return app_eval_table_fail(table, "the columns \"file x y w h ignore\" were expected");
    while (app_eval_table_next(table)) {
        double numbers[5];
        for (int i = 0; i < 5; i++)
            if (!app_eval_field_number(table, i + 1, i >= 2 ? 0 : -1e6, 1e6, &numbers[i]))
                return app_eval_table_fail(table, "\"file x y w h ignore\" was expected");
        struct fid_truth_box truth = {
            .box = {(float)numbers[0], (float)numbers[1], (float)numbers[2], (float)numbers[3]},
            .ignore = numbers[4] != 0.0,
        };
        if (!app_eval_pictures_add(&detection->pictures, folder, table->fields[0]))
            return app_eval_no_memory();
        enum app_exit code = add_truth(detection, &truth);
        if (code != APP_OK)
            return code;
    }
    if (!app_eval_pictures_number(&detection->pictures))
        return app_eval_no_memory();
    for (size_t i = 0; i < detection->truth_count; i++)
        detection->truth[i].picture = (int)detection->pictures.index[i];
    return APP_OK;
}

static bool add_found(struct detection *detection, size_t picture, const struct fid_face *faces,
                      size_t count)
{
    size_t needed = detection->found_count + count;
    if (needed > detection->found_capacity) {
        void *grown = reallocarray(detection->found, 2 * needed, sizeof *detection->found);
        if (grown == NULL)
            return false;
        detection->found = grown;
        detection->found_capacity = 2 * needed;
    }
    for (size_t i = 0; i < count; i++)
        detection->found[detection->found_count++] =
            (struct fid_scored_box){(int)picture, faces[i].box, faces[i].score};
    return true;
}

static bool detect_picture(struct app_eval_worker *worker, size_t i, void *ctx,
                           struct fid_error *error)
{
    struct detection *detection = ctx;
    struct fid_face *faces = calloc(MAX_FACES, sizeof *faces);
    size_t count = 0;
    bool done =
        faces != NULL &&
        fid_picture_load(detection->pictures.paths[i], &worker->picture, error) == FID_OK &&
        fid_detect(worker->detector, &worker->picture, faces, MAX_FACES, &count, error) == FID_OK;
    if (done) {
        pthread_mutex_lock(&detection->lock);
        done = add_found(detection, i, faces, count);
        pthread_mutex_unlock(&detection->lock);
    }
    if (!done && error->status == FID_OK)
        error->status = FID_NO_MEMORY;
    free(faces);
    return done;
}

/* The order in which the workers finished must not show. */
static int by_picture_and_score(const void *first, const void *second)
{
    const struct fid_scored_box *a = first, *b = second;
    if (a->picture != b->picture)
        return a->picture < b->picture ? -1 : 1;
    return (a->score < b->score) - (a->score > b->score);
}

static enum app_exit find_faces(struct app *app, struct detection *detection)
{
    enum app_exit code = app_open_detector(app);
    if (code != APP_OK)
        return code;
    struct app_eval_work work = {
        .detect = {.min_score = (float)app_option_number(app, "min-score", LEAST_SCORE),
                   .min_face = app_option_whole(app, "min-face", 0),
                   .max_side = app_option_whole(app, "max-side", 0),
                   .fit_side = app_option_whole(app, "fit-side", 0)},
        .count = detection->pictures.count,
        .task = detect_picture,
        .ctx = detection,
    };
    code = app_eval_run(app, &work);
    if (detection->found_count > 0)
        qsort(detection->found, detection->found_count, sizeof *detection->found,
              by_picture_and_score);
    return code;
}

static enum app_exit measure(struct app *app, struct detection *detection)
{
    double ap;
    struct fid_error error;
    enum app_exit code = find_faces(app, detection);
    if (code != APP_OK)
        return code;
    detection->truth_scores = calloc(detection->truth_count + 1, sizeof *detection->truth_scores);
    if (detection->truth_scores == NULL)
        return app_eval_no_memory();
    if (fid_evaluate_detection(detection->found, detection->found_count, detection->truth,
                               detection->truth_count, 0.5, detection->truth_scores,
                               &detection->curve, &ap, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    size_t faces = detection->truth_count - detection->ignored;
    if (!app_option_flag(app, "json")) {
        printf("pictures   %zu with %zu faces (and %zu that are ignored)\n",
               detection->pictures.count, faces, detection->ignored);
        printf("AP         %.4f at IoU 0.5\n", ap);
        return APP_OK;
    }
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "pictures", (int64_t)detection->pictures.count);
    app_json_whole(&json, "faces", (int64_t)faces);
    app_json_whole(&json, "ignored", (int64_t)detection->ignored);
    app_json_number(&json, "ap", ap, 6);
    app_json_close(&json, '}');
    app_json_line(&json);
    return APP_OK;
}

enum app_exit app_eval_detect(struct app *app, const char *table_path)
{
    char images[4096];
    struct detection detection = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct app_eval_table table;
    enum app_exit code = app_eval_table_open(&table, table_path);
    if (code == APP_OK)
        code = app_eval_image_folder(table_path, app_option_text(app, "images", NULL), images,
                                     sizeof images);
    if (code == APP_OK)
        code = read_truth(&table, images, &detection);
    app_eval_table_close(&table);
    if (code == APP_OK)
        code = measure(app, &detection);
    detection_close(&detection);
    return code;
}
