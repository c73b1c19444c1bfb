/* layer_result.h - what bench_layers found out: by layer and for the whole pass. Can be printed,
 * written as JSON, read back, compared and drawn. */
#ifndef BENCH_LAYER_RESULT_H
#define BENCH_LAYER_RESULT_H

#include "bench/common.h"

#include <stdbool.h>

struct layer_row {
    char name[96], op[32], method[32], kernel[40];
    int h, w, c, window_h, window_w, stride; /* output; window 0 when the layer has none */
    uint64_t macs, bytes;    /* of the whole batch; a direct convolution's multiply-adds */
    struct bench_times time; /* ms */
};

struct layer_result {
    char model[200], model_id[33], graph[96], isa[32], method[32]; /* method: "chosen" or a name */
    int threads, batch, runs;
    double peak;      /* multiply-adds of all threads, FLOP/s; NAN: not measured */
    double bandwidth; /* of reading memory, bytes/s; NAN: not measured */
    struct bench_times whole;
    double load_ms, arena_mb, packed_mb, scratch_mb, peak_rss_mb;
    size_t count;
    struct layer_row *rows; /* owned */
};

void layer_result_free(struct layer_result *result);

/* Derived figures. */
double layer_gflops(const struct layer_row *row);    /* 0 for a layer that does not multiply */
double layer_gbs(const struct layer_row *row);       /* bytes each read and written once / time */
double layer_intensity(const struct layer_row *row); /* FLOP/byte */
/* The sum over all rows, named "sum": times, multiply-adds and bytes. */
struct layer_row layer_sum(const struct layer_result *result);
/* How many bytes the names of all layers begin with in common, up to a '/'. */
size_t layer_prefix(const struct layer_result *result);
/* FILLS text with "56x56x64" and, if there is a window, " 3x3" and " /2" for a stride. */
void layer_shape(const struct layer_row *row, char *text, size_t bytes);
/* Does a layer count multiply-adds that its method avoids? */
bool layer_result_has_winograd(const struct layer_result *result);

/* The table of layers, the sum and the whole pass. against: NULL, or the same network measured in
 * turns with it, which becomes two more columns and one more line. */
void layer_result_print(const struct layer_result *result, const struct layer_result *against);
/* One JSON object; against becomes its member "against". */
void layer_result_write(const struct layer_result *result, const struct layer_result *against,
                        FILE *out);
/* FILLS result from a file that layer_result_write made; bench_fail when it is none. */
void layer_result_read(const char *path, struct layer_result *result);

/* Prints a and b side by side with the ratio a / b by layer and in sum, for one input;
 * bench_fail when they are not of the same network. */
void layer_result_compare(const char *path_a, const struct layer_result *a, const char *path_b,
                          const struct layer_result *b);

/* Writes the roofline picture; bench_fail when the file cannot be written. */
void layer_result_draw(const struct layer_result *result, const char *path);

#endif
