/* eval_lfw.c - measures verification as "Labeled Faces in the Wild" defines it (view 2):
 * pairs.txt has a line "folds n" and then for each fold n pairs of one person, "name i j", and n
 * of two, "name i name j". Folds with missing pictures are left out. */
#include "app/eval/eval.h"
#include "app/eval/eval_curves.h"
#include "app/output/csv.h"
#include "app/output/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct app_eval_words words = {
    .mated = "the same person",
    .impostors = "different people",
    .accepted = "true accept rate: pairs of one person taken for that, %",
    .refused = "false reject rate: pairs of one person taken for two, %",
    .false_accepted = "false accept rate: pairs of two people taken for one, %",
    .accepted_short = "TAR",
    .false_accepted_short = "FAR",
    .score = "cosine similarity of the pair",
    .columns = "same_accepted,different_accepted,tar,far",
};

struct lfw {                           /* zero-initialized */
    struct app_eval_pictures pictures; /* two references per pair */
    struct app_eval_faces faces;
    size_t pair_count, fold_pairs; /* all; same pairs (and different ones) of a fold */
    int folds_listed, fold_count;  /* of the table; of folds with all pictures */
    int *numbers;                  /* [fold_count] in the table, from 1 */
    float *scores;
    bool *same;
    int *fold;
    struct fid_verification result;
    struct fid_fold *folds; /* [fold_count] */
    struct fid_curve curve;
    struct fid_share far, frr, maybe_far, maybe_frr; /* at the threshold; at the model's own */
    double maybe; /* the model's threshold for pairs; NAN: it has none */
};

static void lfw_close(struct lfw *lfw)
{
    app_eval_pictures_close(&lfw->pictures);
    app_eval_faces_close(&lfw->faces);
    fid_curve_free(&lfw->curve);
    free(lfw->numbers);
    free(lfw->scores);
    free(lfw->same);
    free(lfw->fold);
    free(lfw->folds);
}

/* ---- the table ---- */

static enum app_exit read_header(struct app_eval_table *table, struct lfw *lfw)
{
    double folds, pairs;
    if (!app_eval_table_next(table) || table->field_count != 2 ||
        !app_eval_field_number(table, 0, 2, 1000, &folds) ||
        !app_eval_field_number(table, 1, 1, 1e6, &pairs))
        return app_eval_table_fail(table, "\"folds<TAB>pairs\" was expected, 2 folds or more");
    lfw->folds_listed = (int)folds;
    lfw->fold_pairs = (size_t)pairs;
    size_t total = (size_t)lfw->folds_listed * lfw->fold_pairs * 2;
    lfw->numbers = calloc((size_t)lfw->folds_listed, sizeof *lfw->numbers);
    lfw->folds = calloc((size_t)lfw->folds_listed, sizeof *lfw->folds);
    lfw->scores = calloc(total, sizeof *lfw->scores);
    lfw->same = calloc(total, sizeof *lfw->same);
    lfw->fold = calloc(total, sizeof *lfw->fold);
    if (lfw->numbers == NULL || lfw->folds == NULL || lfw->scores == NULL || lfw->same == NULL ||
        lfw->fold == NULL)
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

static enum app_exit read_pair(struct app_eval_table *table, bool same, const char *folder,
                               struct lfw *lfw)
{
    if (!app_eval_table_next(table))
        return app_eval_table_fail(table, "the file ends before the last pair");
    if (table->field_count != (same ? 3 : 4))
        return app_eval_table_fail(table, same ? "\"name i j\" was expected"
                                               : "\"name i name j\" was expected");
    lfw->same[lfw->pair_count] = same;
    lfw->fold[lfw->pair_count++] = lfw->fold_count;
    enum app_exit code = add_picture(table, 0, 1, folder, lfw);
    return code == APP_OK ? add_picture(table, same ? 0 : 2, same ? 2 : 3, folder, lfw) : code;
}

/* Keeps the pairs of the last fold read, if all their pictures exist. */
static void keep_fold(const struct app *app, int number, struct lfw *lfw)
{
    size_t first = 4 * lfw->fold_pairs * (size_t)lfw->fold_count, missing = 0;
    const char *example = NULL;
    for (size_t i = first; i < lfw->pictures.reference_count; i++)
        if (access(lfw->pictures.references[i], F_OK) != 0) {
            missing++;
            example = example != NULL ? example : lfw->pictures.references[i];
        }
    if (missing == 0) {
        lfw->numbers[lfw->fold_count++] = number;
        return;
    }
    app_say(app, "fold %d is left out: %zu of its %zu pictures are missing, such as %s", number,
            missing, 4 * lfw->fold_pairs, example);
    app_eval_pictures_cut(&lfw->pictures, first);
    lfw->pair_count = first / 2;
}

static enum app_exit read_pairs(const struct app *app, struct app_eval_table *table,
                                const char *folder, struct lfw *lfw)
{
    enum app_exit code = read_header(table, lfw);
    for (int number = 1; code == APP_OK && number <= lfw->folds_listed; number++) {
        for (size_t i = 0; code == APP_OK && i < 2 * lfw->fold_pairs; i++)
            code = read_pair(table, i < lfw->fold_pairs, folder, lfw);
        if (code == APP_OK)
            keep_fold(app, number, lfw);
    }
    if (code == APP_OK && lfw->fold_count < 2) {
        app_warn("%s: the pictures of at least two folds are needed in %s", table->path, folder);
        return APP_INPUT;
    }
    return code;
}

/* ---- the figures ---- */

/* A pair with a missing face gets the lowest score and counts as different people. */
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

/* The errors at the curve's point for a threshold. */
static void rates_at(const struct fid_curve *curve, double threshold, struct fid_share *far,
                     struct fid_share *frr)
{
    const struct fid_curve_point *point = &curve->points[fid_curve_at_threshold(curve, threshold)];
    *far = fid_share_of(point->impostors, curve->impostors);
    *frr = fid_share_of(curve->mated - point->mated, curve->mated);
}

static enum app_exit evaluate(const struct app *app, struct lfw *lfw)
{
    struct fid_error error;
    score_pairs(lfw);
    if (fid_evaluate_pairs(lfw->scores, lfw->same, lfw->fold, lfw->pair_count, lfw->fold_count,
                           app_option_number(app, "threshold", NAN), &lfw->result, lfw->folds,
                           &error) != FID_OK ||
        fid_curve_make(lfw->scores, lfw->same, lfw->pair_count, &lfw->curve, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    rates_at(&lfw->curve, lfw->result.threshold, &lfw->far, &lfw->frr);
    if (fid_model_numbers(app->recognizer, "decision.maybe", &lfw->maybe, 1) != 1)
        lfw->maybe = NAN;
    else
        rates_at(&lfw->curve, lfw->maybe, &lfw->maybe_far, &lfw->maybe_frr);
    return APP_OK;
}

static void print_json(const struct app *app, const struct lfw *lfw)
{
    const struct fid_verification *result = &lfw->result;
    struct app_json json = app_eval_json_begin(app);
    app_json_whole(&json, "pairs", (int64_t)lfw->pair_count);
    app_json_whole(&json, "folds", lfw->fold_count);
    app_json_open(&json, "fold_numbers", '[');
    for (int i = 0; i < lfw->fold_count; i++)
        app_json_whole(&json, NULL, lfw->numbers[i]);
    app_json_close(&json, ']');
    app_json_open(&json, "fold_accuracy", '[');
    for (int i = 0; i < lfw->fold_count; i++)
        app_json_number(&json, NULL, lfw->folds[i].accuracy, 6);
    app_json_close(&json, ']');
    app_json_whole(&json, "pictures", (int64_t)lfw->pictures.count);
    app_json_whole(&json, "missed", (int64_t)lfw->faces.missed);
    app_json_number(&json, "accuracy", result->accuracy, 6);
    app_json_number(&json, "deviation", result->deviation, 6);
    app_json_number(&json, "tar_at_far_1e-2", result->tar_at_far_1e2, 6);
    app_json_number(&json, "tar_at_far_1e-3", result->tar_at_far_1e3, 6);
    app_json_number(&json, "auc", result->auc, 6);
    app_json_number(&json, "threshold", result->threshold, 6);
    app_json_bool(&json, "threshold_chosen", isnan(app_option_number(app, "threshold", NAN)));
    app_json_whole(&json, "errors", (int64_t)result->errors);
    app_eval_json_share(&json, "far", &lfw->far);
    app_eval_json_share(&json, "frr", &lfw->frr);
    app_eval_json_end(&json);
}

static void print_threshold(const char *title, double threshold, const struct fid_share *far,
                            const struct fid_share *frr)
{
    printf("%-10s cosine %.3f: %zu of %zu pairs wrong", title, threshold, far->count + frr->count,
           far->whole + frr->whole);
    app_eval_print_share(", FAR", far);
    app_eval_print_share(", FRR", frr);
    printf("\n");
}

static void print_text(const struct app *app, const struct lfw *lfw)
{
    const struct fid_verification *result = &lfw->result;
    bool given = !isnan(app_option_number(app, "threshold", NAN));
    printf("pictures   %zu, without a face: %zu\n", lfw->pictures.count, lfw->faces.missed);
    printf("folds     ");
    for (int i = 0; i < lfw->fold_count; i++)
        printf(" %d: %.2f %%%s", lfw->numbers[i], 100.0 * lfw->folds[i].accuracy,
               i + 1 < lfw->fold_count ? "," : "\n");
    printf("accuracy   %.2f %% +- %.2f over %d folds of %zu pairs, threshold %s\n",
           100.0 * result->accuracy, 100.0 * result->deviation, lfw->fold_count,
           2 * lfw->fold_pairs, given ? "as given" : "from the other folds");
    printf("TAR        %.2f %% at FAR 1 %%, %.2f %% at FAR 0.1 %%\n",
           100.0 * result->tar_at_far_1e2, 100.0 * result->tar_at_far_1e3);
    printf("AUC        %.5f\n", result->auc);
    print_threshold(given ? "given" : "best", result->threshold, &lfw->far, &lfw->frr);
    if (!isnan(lfw->maybe))
        print_threshold("model's", lfw->maybe, &lfw->maybe_far, &lfw->maybe_frr);
}

/* ---- files ---- */

static enum app_exit write_scores(const struct app_eval_curves *curves, const struct lfw *lfw)
{
    FILE *file;
    struct fid_output *output;
    enum app_exit code =
        app_eval_create_table(curves, "scores.csv", "fold,same,score,first,second", &output, &file);
    if (code != APP_OK)
        return code;
    for (size_t i = 0; i < lfw->pair_count; i++) {
        fprintf(file, "%d,%d,%.6f,", lfw->numbers[lfw->fold[i]], lfw->same[i],
                (double)lfw->scores[i]);
        app_csv_field(file, lfw->pictures.references[2 * i]);
        fputc(',', file);
        app_csv_field(file, lfw->pictures.references[2 * i + 1]);
        fputc('\n', file);
    }
    return app_eval_finish(&output);
}

static enum app_exit write_files(const struct app *app, struct app_eval_curves *curves,
                                 const struct lfw *lfw)
{
    if (curves->folder == NULL)
        return APP_OK;
    curves->threshold = lfw->result.threshold;
    app_eval_curves_title(app, curves);
    snprintf(curves->counts, sizeof curves->counts,
             "LFW, %d folds, %zu pairs of %zu pictures, AUC %.5f", lfw->fold_count, lfw->pair_count,
             lfw->pictures.count, lfw->result.auc);
    enum app_exit code = app_eval_write_rates(curves, &lfw->curve);
    if (code == APP_OK)
        code = app_eval_draw_scores(curves, lfw->scores, lfw->same, lfw->pair_count);
    return code == APP_OK ? write_scores(curves, lfw) : code;
}

static enum app_exit measure(struct app *app, struct app_eval_curves *curves, struct lfw *lfw)
{
    if (!app_eval_pictures_number(&lfw->pictures))
        return app_eval_no_memory();
    enum app_exit code = app_eval_embed(app, &lfw->pictures, &lfw->faces);
    if (code == APP_OK)
        code = evaluate(app, lfw);
    if (code != APP_OK)
        return code;
    if (app_option_flag(app, "json"))
        print_json(app, lfw);
    else
        print_text(app, lfw);
    return write_files(app, curves, lfw);
}

enum app_exit app_eval_lfw(struct app *app, const char *folder)
{
    char table_path[4096], images[4096];
    int written = snprintf(table_path, sizeof table_path, "%s/pairs.txt", folder);
    if (written < 0 || (size_t)written >= sizeof table_path)
        return app_usage(app, "the name of the folder is too long");
    struct lfw lfw = {0};
    struct app_eval_table table;
    struct app_eval_curves curves;
    enum app_exit code = app_eval_open_images(app, table_path, &table, images, sizeof images);
    if (code == APP_OK)
        code = read_pairs(app, &table, images, &lfw);
    app_eval_table_close(&table);
    if (code == APP_OK)
        code = app_eval_curves_open(app, &words, &curves);
    if (code == APP_OK)
        code = measure(app, &curves, &lfw);
    lfw_close(&lfw);
    return code;
}
