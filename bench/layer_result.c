/* layer_result.c - the derived figures and the table. */
#include "bench/layer_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void layer_result_free(struct layer_result *result)
{
    free(result->rows);
    *result = (struct layer_result){0};
}

double layer_gflops(const struct layer_row *row)
{
    return row->time.least > 0 ? 2e-6 * (double)row->macs / row->time.least : 0;
}

double layer_gbs(const struct layer_row *row)
{
    return row->time.least > 0 ? 1e-6 * (double)row->bytes / row->time.least : 0;
}

double layer_intensity(const struct layer_row *row)
{
    return row->bytes > 0 ? 2.0 * (double)row->macs / (double)row->bytes : 0;
}

struct layer_row layer_sum(const struct layer_result *result)
{
    struct layer_row sum = {.name = "sum"};
    for (size_t i = 0; i < result->count; i++) {
        sum.macs += result->rows[i].macs;
        sum.bytes += result->rows[i].bytes;
        sum.time.least += result->rows[i].time.least;
        sum.time.median += result->rows[i].time.median;
    }
    return sum;
}

size_t layer_prefix(const struct layer_result *result)
{
    const char *first = result->count > 1 ? result->rows[0].name : "";
    size_t common = strlen(first);
    for (size_t i = 1; i < result->count; i++) {
        size_t same = 0;
        while (same < common && result->rows[i].name[same] == first[same])
            same++;
        common = same;
    }
    while (common > 0 && first[common - 1] != '/')
        common--;
    return common;
}

void layer_shape(const struct layer_row *row, char *text, size_t bytes)
{
    char window[32] = "", stride[16] = "";
    if (row->window_h > 0)
        snprintf(window, sizeof window, " %dx%d", row->window_h, row->window_w);
    if (row->stride > 1)
        snprintf(stride, sizeof stride, " /%d", row->stride);
    snprintf(text, bytes, "%dx%dx%d%s%s", row->h, row->w, row->c, window, stride);
}

bool layer_result_has_winograd(const struct layer_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        if (strstr(result->rows[i].method, "winograd") != NULL)
            return true;
    return false;
}

/* ---- the table ---- */

enum { COLUMN_SHAPE = 22 };

/* name: of the row, as it shall stand in the table. */
static void print_row(const struct layer_result *result, const struct layer_row *row,
                      const char *name, double sum_ms, const struct layer_row *other)
{
    char shape[64] = "";
    if (row->h > 0)
        layer_shape(row, shape, sizeof shape);
    const double gflops = layer_gflops(row);
    printf("%-24.24s %-17.17s %-20.20s %-*s %8.4f %8.3f %8.3f %8.1f", name,
           row->method[0] != '\0' ? row->method : row->op, row->kernel, COLUMN_SHAPE, shape,
           2e-9 * (double)row->macs, row->time.least, row->time.median, gflops);
    if (isfinite(result->peak) && row->macs > 0)
        printf(" %6.1f", 1e11 * gflops / result->peak);
    else
        printf(" %6s", "-");
    printf(" %8.2f %7.2f %6.1f", 1e-6 * (double)row->bytes, layer_gbs(row),
           sum_ms > 0 ? 100 * row->time.least / sum_ms : 0);
    if (other != NULL)
        printf(" %9.3f %6.2f", other->time.least,
               row->time.least > 0 ? other->time.least / row->time.least : 0);
    putchar('\n');
}

static void print_whole(const struct layer_result *result)
{
    printf("whole pass, method %s: min %.3f ms, median %.3f ms\n"
           "    load %.1f ms; values %.1f MB, packed weights %.1f MB, scratch %.1f MB\n",
           result->method, result->whole.least, result->whole.median, result->load_ms,
           result->arena_mb, result->packed_mb, result->scratch_mb);
}

static void print_head(const struct layer_result *result, const struct layer_result *against)
{
    printf("%s, graph %s: %s, %d thread%s, batch %d, %d runs\n", result->model, result->graph,
           result->isa, result->threads, result->threads == 1 ? "" : "s", result->batch,
           result->runs);
    if (isfinite(result->peak))
        printf("peak measured in this run: %.1f GFLOP/s of multiply-adds, %.1f GB/s read from "
               "memory\n",
               result->peak * 1e-9, result->bandwidth * 1e-9);
    else
        printf("peak: not known for %s on this machine\n", result->isa);
    printf("    %-24s %-17s %-20s %-*s %8s %8s %8s %8s %6s %8s %7s %6s", "layer", "method",
           "kernel", COLUMN_SHAPE, "output, window, stride", "GFLOP", "ms min", "median", "GFLOP/s",
           "% peak", "MB", "GB/s", "% time");
    if (against != NULL)
        printf(" %9s %6s", "against", "ratio");
    putchar('\n');
}

void layer_result_print(const struct layer_result *result, const struct layer_result *against)
{
    const struct layer_row sum = layer_sum(result);
    print_head(result, against);
    const size_t prefix = layer_prefix(result);
    for (size_t i = 0; i < result->count; i++) {
        printf("%3zu ", i + 1);
        print_row(result, &result->rows[i], result->rows[i].name + prefix, sum.time.least,
                  against ? &against->rows[i] : NULL);
    }
    const struct layer_row other = against ? layer_sum(against) : sum;
    printf("%3s ", "");
    print_row(result, &sum, sum.name, sum.time.least, against ? &other : NULL);
    print_whole(result);
    if (against != NULL) {
        print_whole(against);
        printf("    %.2f times the time of method %s (min; median %.2f)\n",
               against->whole.least / result->whole.least, result->method,
               against->whole.median / result->whole.median);
    }
    printf("peak resident memory %.1f MB\n", result->peak_rss_mb);
    if (layer_result_has_winograd(result))
        puts(
            "GFLOP counts a direct convolution's multiply-adds; Winograd layers do fewer, so their "
            "share of\nthe peak may exceed 100 %.");
}
