#include "app/eval/eval_curves.h"
#include "app/eval/eval.h"
#include "app/eval/eval_sheet.h"
#include "app/output/output_file.h"

#include <math.h>
#include <stdlib.h>

#define CURVE_STYLE "fill=\"none\" stroke=\"#0072b2\" stroke-width=\"2\" stroke-linejoin=\"round\""

/* Would the file of that name replace what must not be? */
static enum app_exit check_name(const struct app *app, const char *folder, const char *name)
{
    char path[4096];
    struct fid_error error;
    const char *table = app->arguments.words[1];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (app_is_same_file(path, table))
        return app_usage(app, "%s would be replaced: choose another folder for --plots", table);
    return fid_output_check(path, &error) == FID_OK ? APP_OK : app_fail(APP_AREA_OUTPUT, &error);
}

enum app_exit app_eval_curves_open(const struct app *app, const struct app_eval_words *words,
                                   struct app_eval_curves *curves)
{
    static const char *const names[] = {"curve.csv", "scores.csv",           "faces.csv", "roc.svg",
                                        "det.svg",   "precision_recall.svg", "scores.svg"};
    struct fid_error error;
    enum app_exit code = APP_OK;
    *curves =
        (struct app_eval_curves){.folder = app_option_text(app, "plots", NULL), .words = words};
    if (curves->folder == NULL)
        return APP_OK;
    if (app_make_folder(curves->folder, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    for (size_t i = 0; i < sizeof names / sizeof *names && code == APP_OK; i++)
        code = check_name(app, curves->folder, names[i]);
    return code;
}

void app_eval_curves_title(const struct app *app, struct app_eval_curves *curves)
{
    struct fid_model_info detector, recognizer;
    fid_model_info(app->detector_model, &detector);
    if (app->recognizer == NULL) {
        snprintf(curves->title, sizeof curves->title, "%s", detector.name);
        return;
    }
    fid_model_info(app->recognizer, &recognizer);
    snprintf(curves->title, sizeof curves->title, "%s; faces by %s", recognizer.name,
             detector.name);
}

static double percent(size_t count, size_t whole)
{
    return whole > 0 ? 100.0 * (double)count / (double)whole : 0.0;
}

/* ---- files ---- */

enum app_exit app_eval_create(const struct app_eval_curves *curves, const char *name,
                              struct fid_output **output)
{
    char *path;
    struct fid_error error;
    *output = NULL;
    if (asprintf(&path, "%s/%s", curves->folder, name) < 0)
        return app_eval_no_memory();
    enum fid_status status = fid_output_open(path, FID_OUTPUT_OWNERS, output, &error);
    free(path);
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_OUTPUT, &error);
}

enum app_exit app_eval_finish(struct fid_output **output)
{
    struct fid_error error;
    return fid_output_finish(output, &error) == FID_OK ? APP_OK : app_fail(APP_AREA_OUTPUT, &error);
}

static double precision_at(const struct fid_curve_point *point)
{
    return percent(point->mated, point->mated + point->impostors);
}

/* The columns that words names; the last is a share of the impostors or, with precision, of what is
 * accepted. */
static enum app_exit write_curve(const struct app_eval_curves *curves,
                                 const struct fid_curve *curve, bool precision)
{
    struct fid_output *output;
    enum app_exit code = app_eval_create(curves, "curve.csv", &output);
    if (code != APP_OK)
        return code;
    FILE *file = fid_output_stream(output);
    fprintf(file, "threshold,%s\n", curves->words->columns);
    for (size_t i = 1; i < curve->count; i++) {
        const struct fid_curve_point *point = &curve->points[i];
        fprintf(file, "%.9g,%zu,%zu,%.6f,%.6f\n", (double)point->threshold, point->mated,
                point->impostors, percent(point->mated, curve->mated) / 100.0,
                (precision ? precision_at(point) : percent(point->impostors, curve->impostors)) /
                    100.0);
    }
    return app_eval_finish(&output);
}

/* ---- rates ---- */

/* The end of a logarithmic axis of shares in %: half of one of them, rounded. */
static double least_share(size_t whole)
{
    return app_round_125(50.0 / (double)(whole > 0 ? whole : 1), false);
}

/* ROC: accepted over falsely accepted; DET: refused (logarithmic) over that. */
static struct app_sheet rate_sheet(const struct app_eval_curves *curves,
                                   const struct fid_curve *curve, bool det)
{
    const struct app_eval_words *words = curves->words;
    struct app_sheet sheet = {
        .curves = curves,
        .name = det ? "det.svg" : "roc.svg",
        .x = {.low = least_share(curve->impostors),
              .high = 100.0,
              .log = true,
              .title = words->false_accepted},
        .y = {.low = least_share(curve->mated),
              .high = 100.0,
              .log = det,
              .title = det ? words->refused : words->accepted},
    };
    if (!det) { /* from somewhat below what is left when no impostor is accepted */
        size_t strictest = fid_curve_at_rate(curve, 0.0);
        double lost = 100.0 - percent(curve->points[strictest].mated, curve->mated);
        sheet.y.low = 100.0 - fmin(app_round_125(fmax(1.2 * lost, 1.0), true), 100.0);
    }
    return sheet;
}

static enum app_exit draw_rates(const struct app_eval_curves *curves, const struct fid_curve *curve,
                                bool det)
{
    struct app_sheet sheet = rate_sheet(curves, curve, det);
    enum app_exit code = app_sheet_begin(&sheet, det ? "DET" : "ROC");
    if (code != APP_OK)
        return code;
    app_sheet_line(&sheet, "curve", CURVE_STYLE);
    for (size_t i = 0; i < curve->count; i++) {
        double accepted = percent(curve->points[i].mated, curve->mated);
        app_sheet_vertex(&sheet, percent(curve->points[i].impostors, curve->impostors),
                         det ? 100.0 - accepted : accepted);
    }
    app_sheet_line_end(&sheet);
    const struct fid_curve_point *point =
        &curve->points[fid_curve_at_threshold(curve, curves->threshold)];
    double accepted = percent(point->mated, curve->mated);
    double false_accepted = percent(point->impostors, curve->impostors);
    char text[200];
    snprintf(text, sizeof text, "threshold %.3f: %s %.2f %%, %s %.2f %%", curves->threshold,
             curves->words->false_accepted_short, false_accepted, curves->words->accepted_short,
             accepted);
    app_sheet_dot(&sheet, false_accepted, det ? 100.0 - accepted : accepted);
    app_sheet_key(&sheet, APP_SHEET_THRESHOLD, true, text);
    return app_sheet_end(&sheet);
}

enum app_exit app_eval_write_rates(const struct app_eval_curves *curves,
                                   const struct fid_curve *curve)
{
    if (curves->folder == NULL)
        return APP_OK;
    enum app_exit code = write_curve(curves, curve, false);
    if (code == APP_OK)
        code = draw_rates(curves, curve, false);
    return code == APP_OK ? draw_rates(curves, curve, true) : code;
}

/* ---- precision ---- */

static enum app_exit draw_precision(const struct app_eval_curves *curves,
                                    const struct fid_curve *curve)
{
    struct app_sheet sheet = {.curves = curves,
                              .name = "precision_recall.svg",
                              .x = {.high = 100.0, .title = curves->words->accepted},
                              .y = {.high = 100.0, .title = "precision, % of what is found"}};
    enum app_exit code = app_sheet_begin(&sheet, "precision over recall");
    if (code != APP_OK)
        return code;
    app_sheet_line(&sheet, "curve", CURVE_STYLE);
    for (size_t i = 1; i < curve->count; i++)
        app_sheet_vertex(&sheet, percent(curve->points[i].mated, curve->mated),
                         precision_at(&curve->points[i]));
    app_sheet_line_end(&sheet);
    size_t at = fid_curve_at_threshold(curve, curves->threshold);
    if (at > 0) { /* something is found, rightly or wrongly */
        double recall = percent(curve->points[at].mated, curve->mated);
        char text[200];
        snprintf(text, sizeof text, "score %.2f: recall %.1f %%, precision %.1f %%",
                 curves->threshold, recall, precision_at(&curve->points[at]));
        app_sheet_dot(&sheet, recall, precision_at(&curve->points[at]));
        app_sheet_key(&sheet, APP_SHEET_THRESHOLD, true, text);
    }
    return app_sheet_end(&sheet);
}

enum app_exit app_eval_write_precision(const struct app_eval_curves *curves,
                                       const struct fid_curve *curve)
{
    if (curves->folder == NULL)
        return APP_OK;
    enum app_exit code = write_curve(curves, curve, true);
    return code == APP_OK ? draw_precision(curves, curve) : code;
}
