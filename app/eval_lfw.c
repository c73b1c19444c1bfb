/* Verification as "Labeled Faces in the Wild" defines it (view 2): pairs.txt has a line "folds n"
 * and then for each fold n pairs of one person, "name i j", and n of two, "name i name j". */
#include "app/eval.h"
#include "app/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lfw {                           /* zero-initialise */
    struct app_eval_pictures pictures; /* two references a pair */
    struct app_eval_faces faces;
    size_t pair_count, fold_pairs; /* all; same pairs (and different ones) of a fold */
    int fold_count;
    float *scores;
    bool *same;
    int *fold;
};

static void lfw_close(struct lfw *lfw)
{
    app_eval_pictures_close(&lfw->pictures);
    app_eval_faces_close(&lfw->faces);
    free(lfw->scores);
    free(lfw->same);
    free(lfw->fold);
}

static enum app_exit read_header(struct app_eval_table *table, struct lfw *lfw)
{
    double folds, pairs;
    if (!app_eval_table_next(table) || table->field_count != 2 ||
        !app_eval_field_number(table, 0, 2, 1000, &folds) ||
        !app_eval_field_number(table, 1, 1, 1e6, &pairs))
        return app_eval_table_fail(table, "\"folds<TAB>pairs\" was expected, 2 folds or more");
    lfw->fold_count = (int)folds;
    lfw->fold_pairs = (size_t)pairs;
    size_t total = (size_t)lfw->fold_count * lfw->fold_pairs * 2;
    lfw->scores = calloc(total, sizeof *lfw->scores);
    lfw->same = calloc(total, sizeof *lfw->same);
    lfw->fold = calloc(total, sizeof *lfw->fold);
    if (lfw->scores == NULL || lfw->same == NULL || lfw->fold == NULL)
        return app_eval_no_memory();
    return APP_OK;
}

/* The picture "name number" of the line's two fields. */
static enum app_exit add_picture(const struct app_eval_table *table, int name_field,
                                 int number_field, const char *folder, struct lfw *lfw)
{
    double number;
    const char *name = table->fields[name_field];
    char path[512];
    if (!app_eval_field_number(table, number_field, 1, 9999, &number))
        return app_eval_table_fail(table, "the number of a picture is 1 to 9999");
    int written = snprintf(path, sizeof path, "%s/%s_%04d.jpg", name, name, (int)number);
    if (written < 0 || (size_t)written >= sizeof path)
        return app_eval_table_fail(table, "the name is too long");
    return app_eval_pictures_add(&lfw->pictures, folder, path) ? APP_OK : app_eval_no_memory();
}

static enum app_exit read_pairs(struct app_eval_table *table, const char *folder, struct lfw *lfw)
{
    enum app_exit code = read_header(table, lfw);
    size_t total = (size_t)lfw->fold_count * lfw->fold_pairs * 2;
    for (; code == APP_OK && lfw->pair_count < total; lfw->pair_count++) {
        size_t i = lfw->pair_count;
        bool same = i % (2 * lfw->fold_pairs) < lfw->fold_pairs;
        if (!app_eval_table_next(table))
            return app_eval_table_fail(table, "the file ends before the last pair");
        if (table->field_count != (same ? 3 : 4))
            return app_eval_table_fail(table, same ? "\"name i j\" was expected"
                                                   : "\"name i name j\" was expected");
        lfw->same[i] = same;
        lfw->fold[i] = (int)(i / (2 * lfw->fold_pairs));
        code = add_picture(table, 0, 1, folder, lfw);
        if (code == APP_OK)
            code = add_picture(table, same ? 0 : 2, same ? 2 : 3, folder, lfw);
    }
    return code;
}

/* A pair with a face missing gets the lowest score: it is taken for different people. */
static void score_pairs(struct lfw *lfw)
{
    const struct app_eval_faces *faces = &lfw->faces;
    for (size_t i = 0; i < lfw->pair_count; i++) {
        size_t a = lfw->pictures.index[2 * i], b = lfw->pictures.index[2 * i + 1];
        lfw->scores[i] = faces->found[a] && faces->found[b]
                             ? fid_cosine(faces->embeddings + a * faces->size,
                                          faces->embeddings + b * faces->size, faces->size)
                             : -1.0f;
    }
}

static void print_json(const struct lfw *lfw, const struct fid_verification *result)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "pairs", (int64_t)lfw->pair_count);
    app_json_whole(&json, "folds", lfw->fold_count);
    app_json_whole(&json, "pictures", (int64_t)lfw->pictures.count);
    app_json_whole(&json, "missed", (int64_t)lfw->faces.missed);
    app_json_number(&json, "accuracy", result->accuracy, 6);
    app_json_number(&json, "deviation", result->deviation, 6);
    app_json_number(&json, "tar_at_far_1e-2", result->tar_at_far_1e2, 6);
    app_json_number(&json, "tar_at_far_1e-3", result->tar_at_far_1e3, 6);
    app_json_number(&json, "auc", result->auc, 6);
    app_json_number(&json, "threshold", result->threshold, 6);
    app_json_whole(&json, "errors", (int64_t)result->errors);
    app_json_close(&json, '}');
    app_json_line(&json);
}

static void print_text(const struct lfw *lfw, const struct fid_verification *result)
{
    printf("pictures   %zu, without a face: %zu\n", lfw->pictures.count, lfw->faces.missed);
    printf("accuracy   %.2f %% +- %.2f over %d folds of %zu pairs\n", 100.0 * result->accuracy,
           100.0 * result->deviation, lfw->fold_count, 2 * lfw->fold_pairs);
    printf("TAR        %.2f %% at FAR 1 %%, %.2f %% at FAR 0.1 %%\n",
           100.0 * result->tar_at_far_1e2, 100.0 * result->tar_at_far_1e3);
    printf("AUC        %.5f\n", result->auc);
    printf("errors     %zu of %zu at the best threshold, cosine %.3f\n", result->errors,
           lfw->pair_count, result->threshold);
}

static enum app_exit measure(struct app *app, struct lfw *lfw)
{
    if (!app_eval_pictures_number(&lfw->pictures))
        return app_eval_no_memory();
    enum app_exit code = app_eval_embed(app, &lfw->pictures, &lfw->faces);
    if (code != APP_OK)
        return code;
    score_pairs(lfw);
    struct fid_verification result;
    struct fid_error error;
    if (fid_evaluate_pairs(lfw->scores, lfw->same, lfw->fold, lfw->pair_count, lfw->fold_count, NAN,
                           &result, NULL, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    if (app_option_flag(app, "json"))
        print_json(lfw, &result);
    else
        print_text(lfw, &result);
    return APP_OK;
}

enum app_exit app_eval_lfw(struct app *app, const char *folder)
{
    char table_path[4096], images[4096];
    int written = snprintf(table_path, sizeof table_path, "%s/pairs.txt", folder);
    if (written < 0 || (size_t)written >= sizeof table_path)
        return app_usage(app, "the name of the folder is too long");
    struct lfw lfw = {0};
    struct app_eval_table table;
    enum app_exit code = app_eval_table_open(&table, table_path);
    if (code == APP_OK)
        code = app_eval_image_folder(table_path, app_option_text(app, "images", NULL), images,
                                     sizeof images);
    if (code == APP_OK)
        code = read_pairs(&table, images, &lfw);
    app_eval_table_close(&table);
    if (code == APP_OK)
        code = measure(app, &lfw);
    lfw_close(&lfw);
    return code;
}
