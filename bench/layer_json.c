/* layer_json.c - a result as JSON, written and read. */
#include "bench/json_reader.h"
#include "bench/layer_result.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char program[] = "bench_layers"; /* what the member "program" says */

/* ---- writing ---- */

static void write_text(FILE *out, const char *key, const char *text)
{
    fprintf(out, "\"%s\":", key);
    bench_json_text(out, text);
    fputc(',', out);
}

static void write_number(FILE *out, const char *key, double number, int decimals)
{
    fprintf(out, "\"%s\":", key);
    bench_json_number(out, number, decimals);
    fputc(',', out);
}

/* Figures that a reader could derive, for those who only look. */
static void write_derived(const struct layer_result *result, const struct layer_row *row, FILE *out)
{
    write_number(out, "gflop", 2e-9 * (double)row->macs, 6);
    write_number(out, "gflops", layer_gflops(row), 2);
    write_number(out, "peak_percent", row->macs > 0 ? 1e11 * layer_gflops(row) / result->peak : NAN,
                 2);
    write_number(out, "gbs", layer_gbs(row), 3);
}

static void write_times(struct bench_times time, FILE *out)
{
    write_number(out, "min_ms", time.least, 6);
    fputs("\"median_ms\":", out);
    bench_json_number(out, time.median, 6);
}

static void write_row(const struct layer_result *result, const struct layer_row *row, FILE *out)
{
    fputc('{', out);
    write_text(out, "name", row->name);
    write_text(out, "op", row->op);
    write_text(out, "method", row->method);
    write_text(out, "kernel", row->kernel);
    fprintf(out, "\"h\":%d,\"w\":%d,\"c\":%d,", row->h, row->w, row->c);
    fprintf(out, "\"window_h\":%d,\"window_w\":%d,\"stride\":%d,", row->window_h, row->window_w,
            row->stride);
    fprintf(out, "\"macs\":%llu,\"bytes\":%llu,", (unsigned long long)row->macs,
            (unsigned long long)row->bytes);
    write_derived(result, row, out);
    write_times(row->time, out);
    fputc('}', out);
}

static void write_head(const struct layer_result *result, FILE *out)
{
    write_text(out, "program", program);
    write_text(out, "model", result->model);
    write_text(out, "model_id", result->model_id);
    write_text(out, "graph", result->graph);
    write_text(out, "isa", result->isa);
    write_text(out, "method", result->method);
    fprintf(out, "\"threads\":%d,\"batch\":%d,\"runs\":%d,", result->threads, result->batch,
            result->runs);
    write_number(out, "peak_gflops", result->peak * 1e-9, 2);
    write_number(out, "read_gbs", result->bandwidth * 1e-9, 2);
    write_number(out, "load_ms", result->load_ms, 3);
    write_number(out, "arena_mb", result->arena_mb, 3);
    write_number(out, "packed_mb", result->packed_mb, 3);
    write_number(out, "scratch_mb", result->scratch_mb, 3);
    write_number(out, "peak_rss_mb", result->peak_rss_mb, 1);
}

static void write_object(const struct layer_result *result, const struct layer_result *against,
                         FILE *out)
{
    const struct layer_row sum = layer_sum(result);
    fputc('{', out);
    write_head(result, out);
    fputs("\"layers\":[", out);
    for (size_t i = 0; i < result->count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        write_row(result, &result->rows[i], out);
    }
    fputs("],\n\"sum\":{", out);
    write_derived(result, &sum, out);
    write_times(sum.time, out);
    fputs("},\"whole\":{", out);
    write_times(result->whole, out);
    fputc('}', out);
    if (against != NULL) {
        fputs(",\n\"against\":", out);
        write_object(against, NULL, out);
    }
    fputc('}', out);
}

void layer_result_write(const struct layer_result *result, const struct layer_result *against,
                        FILE *out)
{
    write_object(result, against, out);
    fputc('\n', out);
}

/* ---- reading ---- */

static double number_in(double number, double least, double most)
{
    return number >= least && number <= most ? number : least; /* NAN too */
}

static int read_int(struct json_reader *reader)
{
    return (int)number_in(json_number(reader), 0, 1e9);
}

static uint64_t read_count(struct json_reader *reader)
{
    return (uint64_t)number_in(json_number(reader), 0, 1e15);
}

static struct bench_times read_times(struct json_reader *reader)
{
    struct bench_times time = {0};
    char key[32];
    json_open(reader, '{');
    while (json_member(reader, key, sizeof key))
        if (strcmp(key, "min_ms") == 0)
            time.least = number_in(json_number(reader), 0, 1e12);
        else if (strcmp(key, "median_ms") == 0)
            time.median = number_in(json_number(reader), 0, 1e12);
        else
            json_skip(reader);
    return time;
}

static void read_row_member(struct json_reader *reader, const char *key, struct layer_row *row)
{
    if (strcmp(key, "name") == 0)
        json_text(reader, row->name, sizeof row->name);
    else if (strcmp(key, "op") == 0)
        json_text(reader, row->op, sizeof row->op);
    else if (strcmp(key, "method") == 0)
        json_text(reader, row->method, sizeof row->method);
    else if (strcmp(key, "kernel") == 0)
        json_text(reader, row->kernel, sizeof row->kernel);
    else if (strcmp(key, "h") == 0)
        row->h = read_int(reader);
    else if (strcmp(key, "w") == 0)
        row->w = read_int(reader);
    else if (strcmp(key, "c") == 0)
        row->c = read_int(reader);
    else if (strcmp(key, "window_h") == 0)
        row->window_h = read_int(reader);
    else if (strcmp(key, "window_w") == 0)
        row->window_w = read_int(reader);
    else if (strcmp(key, "stride") == 0)
        row->stride = read_int(reader);
    else if (strcmp(key, "macs") == 0)
        row->macs = read_count(reader);
    else if (strcmp(key, "bytes") == 0)
        row->bytes = read_count(reader);
    else if (strcmp(key, "min_ms") == 0)
        row->time.least = number_in(json_number(reader), 0, 1e12);
    else if (strcmp(key, "median_ms") == 0)
        row->time.median = number_in(json_number(reader), 0, 1e12);
    else
        json_skip(reader);
}

static void read_rows(struct json_reader *reader, struct layer_result *result)
{
    char key[32];
    size_t room = 0;
    json_open(reader, '[');
    while (json_item(reader)) {
        if (result->count == room) {
            room = room > 0 ? 2 * room : 64;
            result->rows = realloc(result->rows, room * sizeof *result->rows);
            if (result->rows == NULL)
                bench_fail("no memory for %zu layers", room);
        }
        struct layer_row *row = &result->rows[result->count++];
        *row = (struct layer_row){0};
        json_open(reader, '{');
        while (json_member(reader, key, sizeof key))
            read_row_member(reader, key, row);
    }
}

static void read_head_member(struct json_reader *reader, const char *key,
                             struct layer_result *result)
{
    if (strcmp(key, "model") == 0)
        json_text(reader, result->model, sizeof result->model);
    else if (strcmp(key, "model_id") == 0)
        json_text(reader, result->model_id, sizeof result->model_id);
    else if (strcmp(key, "graph") == 0)
        json_text(reader, result->graph, sizeof result->graph);
    else if (strcmp(key, "isa") == 0)
        json_text(reader, result->isa, sizeof result->isa);
    else if (strcmp(key, "method") == 0)
        json_text(reader, result->method, sizeof result->method);
    else if (strcmp(key, "threads") == 0)
        result->threads = read_int(reader);
    else if (strcmp(key, "batch") == 0)
        result->batch = read_int(reader);
    else if (strcmp(key, "runs") == 0)
        result->runs = read_int(reader);
    else if (strcmp(key, "peak_gflops") == 0)
        result->peak = json_number(reader) * 1e9;
    else if (strcmp(key, "read_gbs") == 0)
        result->bandwidth = json_number(reader) * 1e9;
    else if (strcmp(key, "whole") == 0)
        result->whole = read_times(reader);
    else if (strcmp(key, "layers") == 0)
        read_rows(reader, result);
    else
        json_skip(reader);
}

/* The whole file, zero-terminated. The caller frees it. */
static char *file_text(const char *path)
{
    enum { LIMIT = 16 << 20 };
    FILE *file = fopen(path, "rbe");
    char *text = bench_alloc(LIMIT + 1, 1);
    if (file == NULL || (fread(text, 1, LIMIT, file) == 0 && ferror(file)))
        bench_fail("%s: %s", path, strerror(errno));
    fclose(file);
    return text;
}

void layer_result_read(const char *path, struct layer_result *result)
{
    char *text = file_text(path), key[32], maker[32] = "";
    struct json_reader reader = {.at = text};
    *result = (struct layer_result){.peak = NAN, .bandwidth = NAN};
    json_open(&reader, '{');
    while (json_member(&reader, key, sizeof key))
        if (strcmp(key, "program") == 0)
            json_text(&reader, maker, sizeof maker);
        else
            read_head_member(&reader, key, result);
    if (reader.fault != NULL || strcmp(maker, program) != 0 || result->count == 0 ||
        result->batch < 1)
        bench_fail("%s: not a result of bench_layers --json", path);
    free(text);
}
