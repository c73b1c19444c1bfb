/* layers.h - a forward pass by layer: measured, printed, written as JSON, read back, compared and
 * drawn. */
#ifndef APP_LAYERS_H
#define APP_LAYERS_H

#include "app/app.h"
#include "app/bench/times.h"

#include <stdint.h>

struct app_layer {
    char name[96], op[32], method[32], kernel[40];
    int h, w, c, window_h, window_w, stride; /* of the output; window 0 if the layer has none */
    uint64_t macs, bytes;  /* of the whole batch, counted as for direct convolution */
    struct app_times time; /* ms */
};

struct app_layers {                                                /* zero-initialized */
    char model[200], model_id[33], graph[96], isa[32], method[32]; /* method: "chosen" or a name */
    int threads, batch, runs;
    double peak;      /* multiply-adds of all threads, FLOP/s; NAN: not measured */
    double byte_peak; /* the same for int8; NAN: not measured, or not available */
    double bandwidth; /* of reading memory, bytes/s; NAN: not measured */
    struct app_times whole;
    double load_ms, arena_mb, packed_mb, scratch_mb, peak_rss_mb;
    size_t count;
    struct app_layer *rows; /* owned */
};

void app_layers_free(struct app_layers *layers);

/* ---- measuring ---- */

struct app_layers_setting {
    const char *path, *graph; /* the model's file; graph NULL: the first */
    const char *against;      /* a second session by this method, alternating with the first, so
                                 that a busy machine slows both alike; NULL: none */
    struct fid_options options;
    struct app_effort effort; /* after three warm-up runs (none for a single run) */
    int batch, width, height; /* 0 x 0: the usual size */
};

/* Opens the model again, fills the input with a pattern and FILLS layers, and with `against` also
 * other (memory is then that of both). The peaks are measured in the same run. */
enum app_exit app_layers_measure(const struct app_layers_setting *setting,
                                 struct app_layers *layers, struct app_layers *other);

/* ---- derived figures ---- */

double app_layer_gflops(const struct app_layer *layer); /* 0 for a layer that does not multiply */
double app_layer_gbs(const struct app_layer *layer); /* bytes each read and written once / time */
/* Percent of the peak for the type of the layer's kernel, int8 or f32; for the sum, the time at
 * those peaks divided by the measured time. NAN if unknown or if nothing multiplies.
 */
double app_layer_share(const struct app_layers *layers, const struct app_layer *layer);
double app_layers_share(const struct app_layers *layers);
double app_layer_intensity(const struct app_layer *layer); /* FLOP/byte */
/* The sum over all rows, named "sum": times, multiply-adds and bytes. */
struct app_layer app_layers_sum(const struct app_layers *layers);
/* The length of the prefix that all layers' names share, up to a '/'. */
size_t app_layers_prefix(const struct app_layers *layers);
/* FILLS text with "56x56x64" and, if there is a window, " 3x3" and " /2" for a stride. */
void app_layer_shape(const struct app_layer *layer, char *text, size_t bytes);
/* Does a layer's count include multiply-adds that its method avoids? */
bool app_layers_have_winograd(const struct app_layers *layers);
/* Writes a name, cut or padded to this many bytes, so that it cannot steer a terminal. */
enum { APP_LAYER_COLUMN = 24 };
void app_layer_column(const char *name);

/* ---- what becomes of them ---- */

/* The table of layers, the sum and the whole pass. against: NULL, or the same network measured
 * alternately, which adds two columns and one line. */
void app_layers_print(const struct app_layers *layers, const struct app_layers *against);
/* A line of JSON; against becomes its member "against". */
void app_layers_write(const struct app_layers *layers, const struct app_layers *against);

/* FILLS a list, to be freed by app_layers_free_list, with what app_layers_write wrote into a file;
 * other lines of JSON are skipped. APP_INPUT if there is none. */
enum app_exit app_layers_read(const char *path, struct app_layers **list, size_t *count);
void app_layers_free_list(struct app_layers *list, size_t count);

/* Prints a and b side by side with the ratio a / b per layer and in total, for one input;
 * APP_INPUT if they are not of the same network. */
enum app_exit app_layers_compare(const char *path_a, const struct app_layers *a, const char *path_b,
                                 const struct app_layers *b);

/* Writes the roofline picture (SVG). */
enum app_exit app_layers_draw(const struct app_layers *layers, const char *path);

#endif
