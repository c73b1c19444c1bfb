/* layers_json.c - layers as JSON, written and read. */
#include "app/bench/layers.h"
#include "app/input/json_read.h"
#include "app/output/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char kind[] = "layers"; /* what the member "measured" says */

/* ---- writing ---- */

/* Figures that a program could derive itself, for human readers. */
static void write_derived(struct app_json *json, const struct app_layer *row, double share)
{
    const double gflops = app_layer_gflops(row);
    app_json_number(json, "gflop", 2e-9 * (double)row->macs, 6);
    app_json_number(json, "gflops", gflops, 2);
    app_json_number(json, "peak_percent", share, 2);
    app_json_number(json, "gbs", app_layer_gbs(row), 3);
}

static void write_times(struct app_json *json, struct app_times time)
{
    app_json_number(json, "min_ms", time.least, 6);
    app_json_number(json, "median_ms", time.median, 6);
}

static void write_row(struct app_json *json, const struct app_layers *layers,
                      const struct app_layer *row)
{
    app_json_open(json, NULL, '{');
    app_json_text(json, "name", row->name);
    app_json_text(json, "op", row->op);
    app_json_text(json, "method", row->method);
    app_json_text(json, "kernel", row->kernel);
    app_json_whole(json, "h", row->h);
    app_json_whole(json, "w", row->w);
    app_json_whole(json, "c", row->c);
    app_json_whole(json, "window_h", row->window_h);
    app_json_whole(json, "window_w", row->window_w);
    app_json_whole(json, "stride", row->stride);
    app_json_whole(json, "macs", (int64_t)row->macs);
    app_json_whole(json, "bytes", (int64_t)row->bytes);
    write_derived(json, row, app_layer_share(layers, row));
    write_times(json, row->time);
    app_json_close(json, '}');
}

static void write_head(struct app_json *json, const struct app_layers *layers)
{
    app_json_text(json, "model", layers->model);
    app_json_text(json, "model_id", layers->model_id);
    app_json_text(json, "graph", layers->graph);
    app_json_text(json, "isa", layers->isa);
    app_json_text(json, "method", layers->method);
    app_json_whole(json, "threads", layers->threads);
    app_json_whole(json, "batch", layers->batch);
    app_json_whole(json, "runs", layers->runs);
    app_json_number(json, "peak_gflops", layers->peak * 1e-9, 2);
    app_json_number(json, "peak_gops_bytes", layers->byte_peak * 1e-9, 2);
    app_json_number(json, "read_gbs", layers->bandwidth * 1e-9, 2);
    app_json_number(json, "load_ms", layers->load_ms, 3);
    app_json_number(json, "arena_mb", layers->arena_mb, 3);
    app_json_number(json, "packed_mb", layers->packed_mb, 3);
    app_json_number(json, "scratch_mb", layers->scratch_mb, 3);
    app_json_number(json, "peak_rss_mb", layers->peak_rss_mb, 1);
}

static void write_members(struct app_json *json, const struct app_layers *layers)
{
    const struct app_layer sum = app_layers_sum(layers);
    write_head(json, layers);
    app_json_open(json, "layers", '[');
    for (size_t i = 0; i < layers->count; i++)
        write_row(json, layers, &layers->rows[i]);
    app_json_close(json, ']');
    app_json_open(json, "sum", '{');
    write_derived(json, &sum, app_layers_share(layers));
    write_times(json, sum.time);
    app_json_close(json, '}');
    app_json_open(json, "whole", '{');
    write_times(json, layers->whole);
    app_json_close(json, '}');
}

void app_layers_write(const struct app_layers *layers, const struct app_layers *against)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_text(&json, "measured", kind);
    write_members(&json, layers);
    if (against != NULL) {
        app_json_open(&json, "against", '{');
        write_members(&json, against);
        app_json_close(&json, '}');
    }
    app_json_close(&json, '}');
    app_json_line(&json);
}

/* ---- reading: what is missing or no such number is 0 ---- */

static double read_number(const char *object, const char *path, double most)
{
    double number;
    return app_json_read_number(object, path, &number) && number >= 0 && number <= most ? number
                                                                                        : 0;
}

static int read_int(const char *object, const char *path)
{
    return (int)read_number(object, path, 1e9);
}

static struct app_times read_times(const char *object, const char *least, const char *median)
{
    return (struct app_times){read_number(object, least, 1e12), read_number(object, median, 1e12)};
}

/* The value at "layers.I.MEMBER". */
static const char *member(char path[64], size_t i, const char *name)
{
    snprintf(path, 64, "layers.%zu.%s", i, name);
    return path;
}

/* FILLS the i-th row; false past the last one. */
static bool read_row(const char *object, size_t i, struct app_layer *row)
{
    char path[64], median[64];
    *row = (struct app_layer){0};
    if (!app_json_read_text(object, member(path, i, "name"), row->name, sizeof row->name))
        return false;
    app_json_read_text(object, member(path, i, "op"), row->op, sizeof row->op);
    app_json_read_text(object, member(path, i, "method"), row->method, sizeof row->method);
    app_json_read_text(object, member(path, i, "kernel"), row->kernel, sizeof row->kernel);
    row->h = read_int(object, member(path, i, "h"));
    row->w = read_int(object, member(path, i, "w"));
    row->c = read_int(object, member(path, i, "c"));
    row->window_h = read_int(object, member(path, i, "window_h"));
    row->window_w = read_int(object, member(path, i, "window_w"));
    row->stride = read_int(object, member(path, i, "stride"));
    row->macs = (uint64_t)read_number(object, member(path, i, "macs"), 1e15);
    row->bytes = (uint64_t)read_number(object, member(path, i, "bytes"), 1e15);
    row->time = read_times(object, member(path, i, "min_ms"), member(median, i, "median_ms"));
    return true;
}

/* False: no memory. */
static bool read_rows(const char *object, struct app_layers *layers)
{
    struct app_layer row;
    size_t room = 0;
    while (read_row(object, layers->count, &row)) {
        if (layers->count == room) {
            room = 2 * room + 64;
            struct app_layer *more = realloc(layers->rows, room * sizeof *more);
            if (more == NULL)
                return false;
            layers->rows = more;
        }
        layers->rows[layers->count++] = row;
    }
    return true;
}

/* FILLS layers from the object; false if it holds none. */
static bool read_object(const char *object, struct app_layers *layers)
{
    char measured[16];
    *layers = (struct app_layers){.peak = NAN, .byte_peak = NAN, .bandwidth = NAN};
    if (!app_json_read_text(object, "measured", measured, sizeof measured) ||
        strcmp(measured, kind) != 0)
        return false;
    app_json_read_text(object, "model", layers->model, sizeof layers->model);
    app_json_read_text(object, "model_id", layers->model_id, sizeof layers->model_id);
    app_json_read_text(object, "graph", layers->graph, sizeof layers->graph);
    app_json_read_text(object, "isa", layers->isa, sizeof layers->isa);
    app_json_read_text(object, "method", layers->method, sizeof layers->method);
    layers->threads = read_int(object, "threads");
    layers->batch = read_int(object, "batch");
    layers->runs = read_int(object, "runs");
    layers->whole = read_times(object, "whole.min_ms", "whole.median_ms");
    return read_rows(object, layers) && layers->count > 0 && layers->batch > 0;
}

void app_layers_free_list(struct app_layers *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        app_layers_free(&list[i]);
    free(list);
}

/* The whole file, zero-terminated, to be freed; NULL after a message. */
static char *file_text(const char *path)
{
    enum { LARGEST = 1 << 20 };
    FILE *file = fopen(path, "re");
    char *text = calloc(LARGEST + 1, 1);
    errno = text != NULL ? errno : ENOMEM;
    if (file == NULL || text == NULL || (fread(text, 1, LARGEST, file) == 0 && ferror(file))) {
        app_warn("%s: %s", path, strerror(errno));
        free(text);
        text = NULL;
    }
    if (file != NULL)
        fclose(file);
    return text;
}

/* Reads objects one after the other; false if there is anything else between them. */
static bool read_objects(const char *text, struct app_layers **list, size_t *count)
{
    while (*text != '\0') {
        const char *end = app_json_end(text);
        struct app_layers layers, *more;
        if (end == NULL || end == text)
            return false;
        if (!read_object(text, &layers))
            app_layers_free(&layers);
        else if ((more = realloc(*list, (*count + 1) * sizeof **list)) == NULL) {
            app_layers_free(&layers);
            return false;
        } else {
            *list = more;
            more[(*count)++] = layers;
        }
        text = end;
    }
    return *count > 0;
}

enum app_exit app_layers_read(const char *path, struct app_layers **list, size_t *count)
{
    char *text = file_text(path);
    *list = NULL;
    *count = 0;
    if (text == NULL)
        return APP_INPUT;
    const bool good = read_objects(text, list, count);
    free(text);
    if (good)
        return APP_OK;
    app_layers_free_list(*list, *count);
    *list = NULL;
    *count = 0;
    app_warn("%s is not what faceid bench layers --json prints", path);
    return APP_INPUT;
}
