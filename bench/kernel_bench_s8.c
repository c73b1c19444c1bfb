/* kernel_bench_s8.c - the lines of bench_kernels for the slots for bytes: the layers of the slots
 * for f32. */
#include "bench/common.h"
#include "bench/kernel_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Any bytes will do: the kernels take the same time for all. The caller frees them. */
static void *pattern(size_t bytes)
{
    uint8_t *p = bench_alloc(bytes + 64, 1);
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(i % 251);
    return p;
}

/* The vectors of n columns. */
struct vectors {
    float *scale, *low, *high;
    int32_t *bias;
};

static struct vectors vectors_new(size_t n)
{
    struct vectors v = {.scale = bench_numbers(n),
                        .low = bench_alloc(n, sizeof(float)),
                        .high = bench_numbers(n),
                        .bias = bench_alloc(n, sizeof(int32_t))};
    for (size_t j = 0; j < n; j++) {
        v.scale[j] *= 1e-3f;
        v.high[j] = 255;
    }
    return v;
}

static struct fid_columns_s8 columns_of(const struct vectors *v)
{
    return (struct fid_columns_s8){.bias = v->bias,
                                   .scale = v->scale,
                                   .low = v->low,
                                   .high = v->high,
                                   .slope = v->scale,
                                   .residual = v->scale};
}

static void vectors_free(struct vectors *v)
{
    free(v->scale);
    free(v->low);
    free(v->high);
    free(v->bias);
}

/* ---- gemm_s8 ---- */

struct gemm {
    const struct fid_kernels *table;
    size_t m, n, taps, k, panel_bytes;
    uint8_t *a, *c, *residual; /* residual: NULL for none */
    char *panels;
    const uint8_t **rows; /* strip by strip, taps × rows of the strip */
};

static void gemm_run(void *context)
{
    const struct gemm *g = context;
    const size_t mr = g->table->tile.gemm_s8_mr, nr = g->table->tile.gemm_s8_nr;
    for (size_t j = 0; j < g->n; j += nr)
        for (size_t i = 0; i < g->m; i += mr) {
            const size_t m = g->m - i < mr ? g->m - i : mr, n = g->n - j < nr ? g->n - j : nr;
            const struct fid_post_s8 post = {.residual =
                                                 g->residual ? g->residual + i * g->n + j : NULL,
                                             .residual_stride = g->n};
            g->table->gemm_s8(m, n, g->taps, g->k, g->rows + i * g->taps,
                              g->panels + j / nr * g->panel_bytes, g->c + i * g->n + j, g->n, &post,
                              NULL);
        }
}

static void point_at_rows(const struct gemm *g)
{
    const size_t mr = g->table->tile.gemm_s8_mr;
    for (size_t i = 0; i < g->m; i++) {
        const size_t strip = i / mr * mr, height = g->m - strip < mr ? g->m - strip : mr;
        for (size_t t = 0; t < g->taps; t++) /* the taps of a pixel are its neighbors */
            g->rows[strip * g->taps + t * height + (i - strip)] = g->a + (i + t) % g->m * g->k;
    }
}

static void gemm_line(const struct bench *bench, const char *kind, size_t m, size_t n, size_t taps,
                      size_t k, bool residual)
{
    const size_t nr = bench->table->tile.gemm_s8_nr;
    char name[80];
    snprintf(name, sizeof name, "gemm_s8 %s %zux%zu taps %zu k %zu%s", kind, m, n, taps, k,
             residual ? " residual" : "");
    if (!bench_wanted(bench, name))
        return;
    struct gemm g = {.table = bench->table, .m = m, .n = n, .taps = taps, .k = k};
    int8_t *const filter = pattern(n * taps * k);
    struct vectors vectors = vectors_new(n);
    const struct fid_columns_s8 columns = columns_of(&vectors);
    g.panel_bytes = (size_t)fid_pack_panels_s8_size(nr, taps, k, bench->table);
    g.panels = bench_alloc((size_t)fid_pack_panels_s8_size(n, taps, k, bench->table), 1);
    fid_pack_panels_s8(n, taps, k, bench->table, filter, &columns, 0, (n + nr - 1) / nr, g.panels);
    g.a = pattern(m * k);
    g.c = pattern(m * n);
    g.residual = residual ? pattern(m * n) : NULL;
    g.rows = bench_alloc(m * taps, sizeof *g.rows);
    point_at_rows(&g);
    const double ops = 2.0 * (double)m * (double)n * (double)(taps * k);
    bench_line(bench, name, gemm_run, &g, ops, "Gop/s");
    vectors_free(&vectors);
    free(filter);
    free(g.panels);
    free(g.a);
    free(g.c);
    free(g.residual);
    free(g.rows);
}

void bench_gemm_s8(const struct bench *bench)
{
    static const size_t depths[] = {64, 256, 1024};
    static const struct {
        size_t pixels, filters, taps, k;
        bool residual;
    } layers[] = {/* conv1 by patches; then, of each stage: first 1x1, 3x3, last 1x1 */
                  {12544, 64, 1, 147, false}, {3136, 64, 1, 256, false}, {3136, 64, 9, 64, false},
                  {3136, 256, 1, 64, false},  {3136, 256, 1, 64, true},  {784, 128, 1, 512, false},
                  {784, 128, 9, 128, false},  {784, 512, 1, 128, true},  {196, 256, 1, 1024, false},
                  {196, 256, 9, 256, false},  {196, 1024, 1, 256, true}, {49, 512, 1, 2048, false},
                  {49, 512, 9, 512, false},   {49, 2048, 1, 512, true}};
    const size_t mr = bench->table->tile.gemm_s8_mr, nr = bench->table->tile.gemm_s8_nr;
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++)
        gemm_line(bench, "strip", mr, nr, 1, depths[d], false);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        gemm_line(bench, "layer", layers[i].pixels, layers[i].filters, layers[i].taps, layers[i].k,
                  layers[i].residual);
}

/* ---- windows: depthwise_s8 and max_pool_u8 ---- */

struct window {
    const struct fid_kernels *table;
    size_t pixels, channels, side, stride; /* square outputs and windows */
    bool slope;
    uint8_t *in, *out;
    void *packed;
};

static void depthwise_run(void *context)
{
    const struct window *w = context;
    const struct fid_post_s8 post = {.slope = w->slope};
    struct fid_pixels rows[BENCH_SIDE_MAX];
    for (size_t y = 0; y < w->pixels; y++) {
        const struct fid_windows in =
            bench_slide(w->in, w->channels, w->channels, w->pixels, w->side, w->stride, y, rows);
        w->table->depthwise_s8(w->pixels, w->channels, &in, w->packed,
                               w->out + y * w->pixels * w->channels, w->channels, &post);
    }
}

static void max_pool_run(void *context)
{
    const struct window *w = context;
    struct fid_pixels rows[BENCH_SIDE_MAX];
    for (size_t y = 0; y < w->pixels; y++) {
        const struct fid_windows in =
            bench_slide(w->in, w->channels, w->channels, w->pixels, w->side, w->stride, y, rows);
        w->table->max_pool_u8(w->pixels, w->channels, &in, w->out + y * w->pixels * w->channels,
                              w->channels);
    }
}

/* work_of_tap: ops or bytes for each output and tap. */
static void window_line(const struct bench *bench, const char *slot, void (*run)(void *),
                        struct window w, double work_of_tap, const char *unit)
{
    const size_t width = w.pixels * w.stride + w.side, taps = w.side * w.side;
    char name[80];
    snprintf(name, sizeof name, "%s %zux%zux%zu window %zux%zu stride %zu%s", slot, w.pixels,
             w.pixels, w.channels, w.side, w.side, w.stride, w.slope ? " slope" : "");
    if (!bench_wanted(bench, name))
        return;
    int8_t *const filter = pattern(w.channels * taps);
    struct vectors vectors = vectors_new(w.channels);
    const struct fid_columns_s8 columns = columns_of(&vectors);
    w.table = bench->table;
    w.in = pattern(width * width * w.channels);
    w.out = pattern(w.pixels * w.pixels * w.channels);
    w.packed = bench_alloc((size_t)fid_pack_depthwise_s8_size(w.channels, taps, bench->table), 1);
    fid_pack_depthwise_s8(w.channels, w.side, w.side, bench->table, filter, &columns, w.packed);
    const double outputs = (double)(w.pixels * w.pixels * w.channels);
    bench_line(bench, name, run, &w, work_of_tap * outputs * (double)taps, unit);
    vectors_free(&vectors);
    free(filter);
    free(w.in);
    free(w.out);
    free(w.packed);
}

void bench_depthwise_s8(const struct bench *bench)
{
    static const struct window layers[] = {
        {.pixels = 112, .channels = 64, .side = 3, .stride = 1},
        {.pixels = 56, .channels = 128, .side = 3, .stride = 1},
        {.pixels = 56, .channels = 128, .side = 3, .stride = 1, .slope = true},
        {.pixels = 14, .channels = 512, .side = 3, .stride = 1},
        {.pixels = 7, .channels = 512, .side = 3, .stride = 1},
        {.pixels = 160, .channels = 16, .side = 3, .stride = 1},
        {.pixels = 56, .channels = 64, .side = 3, .stride = 2},
        {.pixels = 28, .channels = 128, .side = 3, .stride = 2},
        {.pixels = 64, .channels = 24, .side = 5, .stride = 1},
        {.pixels = 1, .channels = 512, .side = 7, .stride = 1}};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        window_line(bench, "depthwise_s8", depthwise_run, layers[i], 2, "Gop/s");
}

void bench_max_pool_u8(const struct bench *bench)
{
    static const struct window layers[] = {{.pixels = 56, .channels = 64, .side = 3, .stride = 2},
                                           {.pixels = 80, .channels = 16, .side = 2, .stride = 2}};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        window_line(bench, "max_pool_u8", max_pool_run, layers[i], 1, "GB/s");
}

/* ---- rows of bytes: add_u8, average_u8, to_u8, from_u8 ---- */

struct rows {
    const struct fid_kernels *table;
    size_t pixels, channels;
    uint8_t *a, *b, *out;
    float *numbers;
    struct vectors vectors;
    const uint8_t **taps;
};

static void add_run(void *context)
{
    const struct rows *r = context;
    const struct fid_add_u8 how = {.a_scale = r->vectors.scale,
                                   .b_scale = r->vectors.scale,
                                   .low = r->vectors.low,
                                   .high = r->vectors.high,
                                   .a_zero = 3,
                                   .b_zero = 100};
    r->table->add_u8(r->pixels, r->channels, r->a, r->b, r->out, &how);
}

static void average_run(void *context)
{
    const struct rows *r = context;
    r->table->average_u8(r->channels, r->pixels, r->taps, 3, 1.0f / 49, r->numbers);
}

static void to_run(void *context)
{
    const struct rows *r = context;
    r->table->to_u8(r->pixels, r->channels, r->numbers, r->vectors.high, 100, r->out);
}

static void from_run(void *context)
{
    const struct rows *r = context;
    r->table->from_u8(r->pixels, r->channels, r->a, r->vectors.scale, 100, r->numbers);
}

/* bytes: read and written for each channel of each pixel. */
static void rows_line(const struct bench *bench, const char *name, void (*run)(void *),
                      size_t pixels, size_t channels, double bytes)
{
    const size_t count = pixels * channels;
    if (!bench_wanted(bench, name))
        return;
    struct rows r = {.table = bench->table,
                     .pixels = pixels,
                     .channels = channels,
                     .a = pattern(count),
                     .b = pattern(count),
                     .out = pattern(count),
                     .numbers = bench_numbers(count),
                     .vectors = vectors_new(channels),
                     .taps = bench_alloc(pixels, sizeof(uint8_t *))};
    for (size_t i = 0; i < pixels; i++)
        r.taps[i] = r.a + i * channels;
    bench_line(bench, name, run, &r, bytes * (double)count, "GB/s");
    vectors_free(&r.vectors);
    free(r.a);
    free(r.b);
    free(r.out);
    free(r.numbers);
    free(r.taps);
}

void bench_add_u8(const struct bench *bench)
{
    rows_line(bench, "add_u8 14x14x1024", add_run, 196, 1024, 3);
    rows_line(bench, "add_u8 7x7x128", add_run, 49, 128, 3);
}

void bench_average_u8(const struct bench *bench)
{
    rows_line(bench, "average_u8 7x7x2048", average_run, 49, 2048, 1);
}

void bench_to_u8(const struct bench *bench)
{
    rows_line(bench, "to_u8 14x14x1024", to_run, 196, 1024, 5);
}

void bench_from_u8(const struct bench *bench)
{
    rows_line(bench, "from_u8 14x14x1024", from_run, 196, 1024, 5);
}
