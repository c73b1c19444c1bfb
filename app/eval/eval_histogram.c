/* eval_histogram.c - histograms of the scores of mated and impostors, drawn transparently in
 * one diagram so that their overlap shows. */
#include "app/eval/eval.h"
#include "app/eval/eval_sheet.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_BINS = 30 };

struct histogram {
    double low, width;      /* of the first bin; of each */
    size_t bins, totals[2]; /* totals: of the impostors, of the mated */
    size_t *counts[2];      /* [bins] */
};

static void choose_bins(const float *scores, size_t count, struct histogram *histogram)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < count; i++)
        if (isfinite(scores[i])) {
            low = fmin(low, (double)scores[i]);
            high = fmax(high, (double)scores[i]);
        }
    if (low > high) /* none counted */
        low = high = 0.0;
    double span = fmax(high - low, 1e-6 * fmax(fabs(high), 1.0));
    histogram->width = app_round_125(span / LEAST_BINS, false);
    histogram->low = histogram->width * floor(low / histogram->width);
    histogram->bins = (size_t)((high - histogram->low) / histogram->width) + 1;
}

static void fill(const float *scores, const bool *mated, size_t count, struct histogram *histogram)
{
    for (size_t i = 0; i < count; i++) {
        histogram->totals[mated[i]]++;
        if (!isfinite(scores[i]))
            continue;
        double bin = fmax(((double)scores[i] - histogram->low) / histogram->width, 0.0);
        histogram
            ->counts[mated[i]][bin < (double)histogram->bins ? (size_t)bin : histogram->bins - 1]++;
    }
}

static double height(const struct histogram *histogram, int kind, size_t bin)
{
    return 100.0 * (double)histogram->counts[kind][bin] /
           (double)(histogram->totals[kind] > 0 ? histogram->totals[kind] : 1);
}

static double highest(const struct histogram *histogram)
{
    double most = 1.0;
    for (int kind = 0; kind < 2; kind++)
        for (size_t bin = 0; bin < histogram->bins; bin++)
            most = fmax(most, height(histogram, kind, bin));
    return most;
}

static void draw_bars(struct app_sheet *sheet, const struct histogram *histogram, int kind)
{
    const char *color = app_plot_colors[kind == 0], *words[2];
    char style[120], text[200];
    words[0] = sheet->curves->words->impostors;
    words[1] = sheet->curves->words->mated;
    snprintf(style, sizeof style, "fill=\"%s\" fill-opacity=\"0.35\" stroke=\"%s\"", color, color);
    app_sheet_line(sheet, kind == 0 ? "impostors" : "mated", style);
    app_sheet_vertex(sheet, histogram->low, 0.0);
    for (size_t bin = 0; bin < histogram->bins; bin++) {
        double left = histogram->low + histogram->width * (double)bin;
        app_sheet_vertex(sheet, left, height(histogram, kind, bin));
        app_sheet_vertex(sheet, left + histogram->width, height(histogram, kind, bin));
    }
    app_sheet_vertex(sheet, histogram->low + histogram->width * (double)histogram->bins, 0.0);
    app_sheet_line_end(sheet);
    snprintf(text, sizeof text, "%s (%zu)", words[kind], histogram->totals[kind]);
    app_sheet_key(sheet, color, false, text);
}

static enum app_exit draw(const struct app_eval_curves *curves, const struct histogram *histogram)
{
    char title[64];
    snprintf(title, sizeof title, "%% of them in a step of %g", histogram->width);
    struct app_sheet sheet = {
        .curves = curves,
        .name = "scores.svg",
        .x = {.low = histogram->low,
              .high = histogram->low + histogram->width * (double)histogram->bins,
              .title = curves->words->score},
        .y = {.high = 1.1 * highest(histogram), .title = title},
    };
    enum app_exit code = app_sheet_begin(&sheet, "scores");
    if (code != APP_OK)
        return code;
    for (int kind = 0; kind < 2; kind++)
        draw_bars(&sheet, histogram, kind);
    char text[64];
    app_sheet_line(&sheet, "threshold",
                   "fill=\"none\" stroke=\"" APP_SHEET_THRESHOLD
                   "\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"");
    app_sheet_vertex(&sheet, curves->threshold, 0.0);
    app_sheet_vertex(&sheet, curves->threshold, sheet.y.high);
    app_sheet_line_end(&sheet);
    snprintf(text, sizeof text, "threshold %.3f", curves->threshold);
    app_sheet_key(&sheet, APP_SHEET_THRESHOLD, false, text);
    return app_sheet_end(&sheet);
}

enum app_exit app_eval_draw_scores(const struct app_eval_curves *curves, const float *scores,
                                   const bool *mated, size_t count)
{
    struct histogram histogram = {0};
    if (curves->folder == NULL)
        return APP_OK;
    choose_bins(scores, count, &histogram);
    for (int kind = 0; kind < 2; kind++)
        histogram.counts[kind] = calloc(histogram.bins, sizeof *histogram.counts[kind]);
    enum app_exit code;
    if (histogram.counts[0] == NULL || histogram.counts[1] == NULL) {
        code = app_eval_no_memory();
    } else {
        fill(scores, mated, count, &histogram);
        code = draw(curves, &histogram);
    }
    free(histogram.counts[0]);
    free(histogram.counts[1]);
    return code;
}
