/* eval_detect.c - measures detection with a table "file x y w h ignore" of the faces in pictures,
 * whose first line names the columns. */
#include "app/eval/eval.h"
#include "app/error.h"
#include "app/eval/eval_curves.h"
#include "app/output/csv.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Average precision needs the whole curve, so nearly all detections count. */
#define LEAST_SCORE 0.02

enum { MAX_FACES = 2000 }; /* of a picture */

/* Shorter sides of faces, pixels: from here to the next number. */
static const double bands[] = {0, 20, 40, 80, INFINITY};
enum { BANDS = sizeof bands / sizeof bands[0] - 1 };

static const struct app_eval_words words = {
    .mated = "faces",
    .impostors = "false alarms",
    .accepted = "recall: faces found, %",
    .score = "score",
    .columns = "found,false_alarms,recall,precision",
};

struct detection {                     /* zero-initialized */
    struct app_eval_pictures pictures; /* a reference for each truth */
    struct fid_truth_box *truth;
    size_t truth_count, truth_capacity, ignored;
    struct fid_scored_box *found;
    size_t found_count, found_capacity;
    float *truth_scores;
    struct fid_curve curve;
    double average_precision;
    double threshold; /* of the following: the detector's own, or the given one */
    struct fid_share recall, precision, recall_of[BANDS];
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
        app_error(error, FID_NO_MEMORY, "no memory for the faces of a picture");
    free(faces);
    return done;
}

/* The result must not depend on the order in which the workers finished. */
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

/* ---- the figures ---- */

static struct fid_share recall_between(const struct detection *detection, double low, double high)
{
    size_t found = 0, all = 0;
    for (size_t i = 0; i < detection->truth_count; i++) {
        const struct fid_truth_box *truth = &detection->truth[i];
        double side = fmin((double)truth->box.w, (double)truth->box.h);
        if (truth->ignore || side < low || side >= high)
            continue;
        all++;
        found += (double)detection->truth_scores[i] >= detection->threshold;
    }
    return fid_share_of(found, all);
}

static enum app_exit evaluate(const struct app *app, struct detection *detection)
{
    double own;
    struct fid_error error;
    detection->truth_scores = calloc(detection->truth_count + 1, sizeof *detection->truth_scores);
    if (detection->truth_scores == NULL)
        return app_eval_no_memory();
    if (fid_evaluate_detection(detection->found, detection->found_count, detection->truth,
                               detection->truth_count, 0.5, detection->truth_scores,
                               &detection->curve, &detection->average_precision, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    if (fid_model_numbers(app->detector_model, "detect.score", &own, 1) != 1)
        own = 0.5;
    detection->threshold = app_option_number(app, "threshold", own);
    size_t at = fid_curve_at_threshold(&detection->curve, detection->threshold);
    const struct fid_curve_point *point = &detection->curve.points[at];
    detection->recall = fid_share_of(point->mated, detection->curve.mated);
    detection->precision = fid_share_of(point->mated, point->mated + point->impostors);
    for (int i = 0; i < BANDS; i++)
        detection->recall_of[i] = recall_between(detection, bands[i], bands[i + 1]);
    return APP_OK;
}

static void print_json(const struct app *app, const struct detection *detection)
{
    struct app_json json = app_eval_json_begin(app);
    app_json_whole(&json, "pictures", (int64_t)detection->pictures.count);
    app_json_whole(&json, "faces", (int64_t)detection->curve.mated);
    app_json_whole(&json, "ignored", (int64_t)detection->ignored);
    app_json_number(&json, "ap", detection->average_precision, 6);
    app_json_number(&json, "threshold", detection->threshold, 6);
    app_eval_json_share(&json, "recall", &detection->recall);
    app_eval_json_share(&json, "precision", &detection->precision);
    app_json_open(&json, "recall_by_size", '[');
    for (int i = 0; i < BANDS; i++) {
        if (detection->recall_of[i].whole == 0)
            continue;
        app_json_open(&json, NULL, '{');
        app_json_number(&json, "from", bands[i], 0);
        app_json_number(&json, "to", bands[i + 1], 0); /* null: no end */
        app_json_whole(&json, "faces", (int64_t)detection->recall_of[i].whole);
        app_eval_json_share(&json, "recall", &detection->recall_of[i]);
        app_json_close(&json, '}');
    }
    app_json_close(&json, ']');
    app_eval_json_end(&json);
}

static void print_text(const struct detection *detection)
{
    printf("pictures   %zu with %zu faces (and %zu that are ignored)\n", detection->pictures.count,
           detection->curve.mated, detection->ignored);
    printf("AP         %.4f at IoU 0.5\n", detection->average_precision);
    printf("score %.2f:", detection->threshold);
    app_eval_print_share(" recall", &detection->recall);
    app_eval_print_share(", precision", &detection->precision);
    printf("\n");
    for (int i = 0; i < BANDS; i++) {
        char title[80];
        if (detection->recall_of[i].whole == 0)
            continue;
        if (isfinite(bands[i + 1]))
            snprintf(title, sizeof title, "  %.0f to %.0f px, %zu faces: recall", bands[i],
                     bands[i + 1], detection->recall_of[i].whole);
        else
            snprintf(title, sizeof title, "  from %.0f px, %zu faces: recall", bands[i],
                     detection->recall_of[i].whole);
        app_eval_print_share(title, &detection->recall_of[i]);
        printf("\n");
    }
}

/* ---- files ---- */

static enum app_exit write_faces(const struct app_eval_curves *curves,
                                 const struct detection *detection)
{
    FILE *file;
    struct fid_output *output;
    enum app_exit code =
        app_eval_create_table(curves, "faces.csv", "file,x,y,w,h,ignore,score", &output, &file);
    if (code != APP_OK)
        return code;
    for (size_t i = 0; i < detection->truth_count; i++) {
        const struct fid_truth_box *truth = &detection->truth[i];
        app_csv_field(file, detection->pictures.references[i]);
        fprintf(file, ",%g,%g,%g,%g,%d,", (double)truth->box.x, (double)truth->box.y,
                (double)truth->box.w, (double)truth->box.h, truth->ignore);
        if (isfinite(detection->truth_scores[i])) /* it was found */
            fprintf(file, "%.6f", (double)detection->truth_scores[i]);
        fputc('\n', file);
    }
    return app_eval_finish(&output);
}

static enum app_exit write_files(const struct app *app, struct app_eval_curves *curves,
                                 const struct detection *detection)
{
    if (curves->folder == NULL)
        return APP_OK;
    curves->threshold = detection->threshold;
    app_eval_curves_title(app, curves);
    snprintf(curves->counts, sizeof curves->counts, "%zu faces in %zu pictures, AP %.4f at IoU 0.5",
             detection->curve.mated, detection->pictures.count, detection->average_precision);
    enum app_exit code = app_eval_write_precision(curves, &detection->curve);
    return code == APP_OK ? write_faces(curves, detection) : code;
}

static enum app_exit measure(struct app *app, struct app_eval_curves *curves,
                             struct detection *detection)
{
    enum app_exit code = find_faces(app, detection);
    if (code == APP_OK)
        code = evaluate(app, detection);
    if (code != APP_OK)
        return code;
    if (app_option_flag(app, "json"))
        print_json(app, detection);
    else
        print_text(detection);
    return write_files(app, curves, detection);
}

enum app_exit app_eval_detect(struct app *app, const char *table_path)
{
    char images[4096];
    struct detection detection = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct app_eval_table table;
    struct app_eval_curves curves;
    enum app_exit code = app_eval_open_images(app, table_path, &table, images, sizeof images);
    if (code == APP_OK)
        code = read_truth(&table, images, &detection);
    app_eval_table_close(&table);
    if (code == APP_OK)
        code = app_eval_curves_open(app, &words, &curves);
    if (code == APP_OK)
        code = measure(app, &curves, &detection);
    detection_close(&detection);
    return code;
}
