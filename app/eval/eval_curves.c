/* eval_curves.c - an evaluation's curves as tables and pictures. */
#include "app/eval/eval_curves.h"
#include "app/eval/eval_sheet.h"

#include <math.h>

#define CURVE_STYLE "fill=\"none\" stroke=\"#0072b2\" stroke-width=\"2\" stroke-linejoin=\"round\""

static double percent(size_t count, size_t whole)
{
    return whole > 0 ? 100.0 * (double)count / (double)whole : 0.0;
}

/* ---- tables ---- */

static double precision_at(const struct fid_curve_point *point)
{
    return percent(point->mated, point->mated + point->impostors);
}

/* The columns that words names; the last is a share of the impostors or, with precision, of
 * everything accepted. */
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
    if (!det) { /* from just below the rate at which no impostor is accepted */
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
    if (at > 0) { /* something is found, correctly or not */
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
