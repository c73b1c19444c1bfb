/* layers.c - derived figures, and the table. */
#include "app/bench/layers.h"
#include "app/output/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void app_layers_free(struct app_layers *layers)
{
    free(layers->rows);
    *layers = (struct app_layers){0};
}

double app_layer_gflops(const struct app_layer *row)
{
    return row->time.least > 0 ? 2e-6 * (double)row->macs / row->time.least : 0;
}

double app_layer_gbs(const struct app_layer *row)
{
    return row->time.least > 0 ? 1e-6 * (double)row->bytes / row->time.least : 0;
}

double app_layer_intensity(const struct app_layer *row)
{
    return row->bytes > 0 ? 2.0 * (double)row->macs / (double)row->bytes : 0;
}

struct app_layer app_layers_sum(const struct app_layers *layers)
{
    struct app_layer sum = {.name = "sum"};
    for (size_t i = 0; i < layers->count; i++) {
        sum.macs += layers->rows[i].macs;
        sum.bytes += layers->rows[i].bytes;
        sum.time.least += layers->rows[i].time.least;
        sum.time.median += layers->rows[i].time.median;
    }
    return sum;
}

size_t app_layers_prefix(const struct app_layers *layers)
{
    const char *first = layers->count > 1 ? layers->rows[0].name : "";
    size_t common = strlen(first);
    for (size_t i = 1; i < layers->count; i++) {
        size_t same = 0;
        while (same < common && layers->rows[i].name[same] == first[same])
            same++;
        common = same;
    }
    while (common > 0 && first[common - 1] != '/')
        common--;
    return common;
}

void app_layer_shape(const struct app_layer *row, char *text, size_t bytes)
{
    char window[32] = "", stride[16] = "";
    if (row->window_h > 0)
        snprintf(window, sizeof window, " %dx%d", row->window_h, row->window_w);
    if (row->stride > 1)
        snprintf(stride, sizeof stride, " /%d", row->stride);
    snprintf(text, bytes, "%dx%dx%d%s%s", row->h, row->w, row->c, window, stride);
}

static bool of_bytes(const struct app_layer *layer)
{
    return strstr(layer->kernel, "_s8 ") != NULL;
}

static double peak_of(const struct app_layers *layers, const struct app_layer *layer)
{
    return of_bytes(layer) ? layers->byte_peak : layers->peak;
}

double app_layer_share(const struct app_layers *layers, const struct app_layer *layer)
{
    return layer->macs > 0 ? 1e11 * app_layer_gflops(layer) / peak_of(layers, layer) : (double)NAN;
}

double app_layers_share(const struct app_layers *layers)
{
    double least = 0, taken = 0;
    for (size_t i = 0; i < layers->count; i++) {
        const struct app_layer *row = &layers->rows[i];
        taken += row->time.least;
        if (row->macs > 0)
            least += 2e3 * (double)row->macs / peak_of(layers, row);
    }
    return least > 0 && taken > 0 ? 100 * least / taken : (double)NAN;
}

bool app_layers_have_winograd(const struct app_layers *layers)
{
    for (size_t i = 0; i < layers->count; i++)
        if (strstr(layers->rows[i].method, "winograd") != NULL)
            return true;
    return false;
}

/* ---- the table ---- */

enum { COLUMN_SHAPE = 22 };

void app_layer_column(const char *name)
{
    char cut[sizeof((struct app_layer *)0)->name];
    snprintf(cut, sizeof cut, "%.*s", APP_LAYER_COLUMN, name);
    app_put_visible(stdout, cut);
    printf("%*s", APP_LAYER_COLUMN - (int)strlen(cut), "");
}

/* name: of the row in the table; share: of the peak, NAN for none. */
static void print_row(const struct app_layer *row, const char *name, double share, double sum_ms,
                      const struct app_layer *other)
{
    char shape[64] = "";
    if (row->h > 0)
        app_layer_shape(row, shape, sizeof shape);
    const double gflops = app_layer_gflops(row);
    app_layer_column(name);
    printf(" %-17.17s %-20.20s %-*s %8.4f %8.3f %8.3f %8.1f",
           row->method[0] != '\0' ? row->method : row->op, row->kernel, COLUMN_SHAPE, shape,
           2e-9 * (double)row->macs, row->time.least, row->time.median, gflops);
    if (isfinite(share))
        printf(" %6.1f", share);
    else
        printf(" %6s", "-");
    printf(" %8.2f %7.2f %6.1f", 1e-6 * (double)row->bytes, app_layer_gbs(row),
           sum_ms > 0 ? 100 * row->time.least / sum_ms : 0);
    if (other != NULL)
        printf(" %9.3f %6.2f", other->time.least,
               row->time.least > 0 ? other->time.least / row->time.least : 0);
    putchar('\n');
}

static void print_whole(const struct app_layers *layers)
{
    printf("whole pass, method %s: min %.3f ms, median %.3f ms\n"
           "    load %.1f ms; values %.1f MB, packed weights %.1f MB, scratch %.1f MB\n",
           layers->method, layers->whole.least, layers->whole.median, layers->load_ms,
           layers->arena_mb, layers->packed_mb, layers->scratch_mb);
}

static bool has_bytes(const struct app_layers *layers)
{
    for (size_t i = 0; i < layers->count; i++)
        if (of_bytes(&layers->rows[i]))
            return true;
    return false;
}

static void print_head(const struct app_layers *layers, const struct app_layers *against)
{
    app_put_visible(stdout, layers->model);
    fputs(", graph ", stdout);
    app_put_visible(stdout, layers->graph);
    printf(": %s, %d %s, batch %d, %d runs\n", layers->isa, layers->threads,
           app_plural((size_t)layers->threads, "thread", "threads"), layers->batch, layers->runs);
    if (isfinite(layers->peak))
        printf("peak measured in this run: %.1f GFLOP/s of multiply-adds, %.1f GB/s read from "
               "memory\n",
               layers->peak * 1e-9, layers->bandwidth * 1e-9);
    else
        printf("peak: unknown for %s on this machine\n", layers->isa);
    if (isfinite(layers->byte_peak) && has_bytes(layers))
        printf("int8 peak: %.1f GOP/s; layers in int8 are compared with "
               "it\n",
               layers->byte_peak * 1e-9);
    printf("    %-*s %-17s %-20s %-*s %8s %8s %8s %8s %6s %8s %7s %6s", APP_LAYER_COLUMN, "layer",
           "method", "kernel", COLUMN_SHAPE, "output, window, stride", "GFLOP", "ms min", "median",
           "GFLOP/s", "% peak", "MB", "GB/s", "% time");
    if (against != NULL)
        printf(" %9s %6s", "against", "ratio");
    putchar('\n');
}

void app_layers_print(const struct app_layers *layers, const struct app_layers *against)
{
    const struct app_layer sum = app_layers_sum(layers);
    print_head(layers, against);
    const size_t prefix = app_layers_prefix(layers);
    for (size_t i = 0; i < layers->count; i++) {
        printf("%3zu ", i + 1);
        print_row(&layers->rows[i], layers->rows[i].name + prefix,
                  app_layer_share(layers, &layers->rows[i]), sum.time.least,
                  against ? &against->rows[i] : NULL);
    }
    const struct app_layer other = against ? app_layers_sum(against) : sum;
    printf("%3s ", "");
    print_row(&sum, sum.name, app_layers_share(layers), sum.time.least, against ? &other : NULL);
    print_whole(layers);
    if (against != NULL) {
        print_whole(against);
        printf("    %.2f times the time of method %s (min; median %.2f)\n",
               against->whole.least / layers->whole.least, layers->method,
               against->whole.median / layers->whole.median);
    }
    printf("peak resident memory %.1f MB\n", layers->peak_rss_mb);
    if (app_layers_have_winograd(layers))
        puts(
            "GFLOP counts a direct convolution's multiply-adds; Winograd layers do fewer, so their "
            "share of\nthe peak may exceed 100 %.");
}
