/* bench_kernels - speed of the kernels alone, on one thread. `usage` below has the switches.
 *
 * Each slot of kernel_list.h has a function here that prints its lines, a row of `benches`; a slot
 * without one is named in the output. "strip" is one call on a panel and rows in the first-level
 * cache; "layer" walks all strips and panels of a layer the simplest way, without the blocking of
 * engine/nn. */
#include "app/bench/peak.h"
#include "bench/common.h"
#include "bench/kernel_bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char bench_name[] = "bench_kernels";

static const char usage[] =
    "usage: bench_kernels [--isa NAME] [--json] [WORD]\n"
    "\n"
    "Speed of each kernel of each kernel table that this CPU can run, on one thread: fastest and\n"
    "median of 15 samples, and the share of the peak of multiply-adds, or of dot products of "
    "bytes,\n"
    "measured in the same run. The products come in the depths and layers of ResNet50. Only lines\n"
    "whose name contains WORD.\n"
    "\n"
    "  --isa NAME  this table alone\n"
    "  --json      one JSON object a line\n"
    "  --help      this text\n"
    "\n"
    "Exit codes: 0 measured; 1 no memory; 2 wrong usage or no such table here.\n";

static const struct fid_post_f32 no_post = {.min = -INFINITY, .max = INFINITY};
static const struct fid_post_f32 relu = {.min = 0, .max = INFINITY};

/* ---- gemm_f32 ---- */

struct gemm {
    const struct fid_kernels *table;
    size_t m, n, taps, k;
    float *a, *panels, *c;
    const float **rows; /* strip by strip, taps × rows of the strip */
};

static void gemm_run(void *context)
{
    const struct gemm *g = context;
    const size_t mr = g->table->tile.gemm_mr, nr = g->table->tile.gemm_nr;
    const size_t panel_size = (1 + g->taps * g->k) * nr;
    for (size_t j = 0; j < g->n; j += nr)
        for (size_t i = 0; i < g->m; i += mr) {
            const size_t m = g->m - i < mr ? g->m - i : mr, n = g->n - j < nr ? g->n - j : nr;
            g->table->gemm_f32(m, n, g->taps, g->k, g->rows + i * g->taps,
                               g->panels + j / nr * panel_size, g->c + i * g->n + j, g->n, &no_post,
                               NULL);
        }
}

static void gemm_line(const struct bench *bench, const char *kind, size_t m, size_t n, size_t taps,
                      size_t k)
{
    const size_t mr = bench->table->tile.gemm_mr, nr = bench->table->tile.gemm_nr;
    char name[80];
    snprintf(name, sizeof name, "gemm_f32 %s %zux%zu taps %zu k %zu", kind, m, n, taps, k);
    if (!bench_wanted(bench, name))
        return;
    struct gemm g = {.table = bench->table, .m = m, .n = n, .taps = taps, .k = k};
    g.a = bench_numbers(m * k);
    g.panels = bench_numbers((size_t)fid_pack_panels_size(n, taps * k, nr));
    g.c = bench_numbers(m * n);
    g.rows = bench_alloc(m * taps, sizeof *g.rows);
    for (size_t i = 0; i < m; i++) {
        const size_t strip = i / mr * mr, height = m - strip < mr ? m - strip : mr;
        for (size_t t = 0; t < taps; t++) /* the taps of a pixel are its neighbors */
            g.rows[strip * taps + t * height + (i - strip)] = g.a + (i + t) % m * k;
    }
    const double flops = 2.0 * (double)m * (double)n * (double)(taps * k);
    bench_line(bench, name, gemm_run, &g, flops, "GFLOP/s");
    free(g.a);
    free(g.panels);
    free(g.c);
    free(g.rows);
}

static void gemm_lines(const struct bench *bench)
{
    static const size_t depths[] = {16, 64, 128, 256, 512, 1024, 2048};
    static const struct {
        size_t pixels, filters, taps, k;
    } layers[] = {/* conv1 by patches; then, of each stage: first 1x1, 3x3, last 1x1 */
                  {12544, 64, 1, 147}, {3136, 64, 1, 256},  {3136, 64, 9, 64},  {3136, 256, 1, 64},
                  {784, 128, 1, 512},  {784, 128, 9, 128},  {784, 512, 1, 128}, {196, 256, 1, 1024},
                  {196, 256, 9, 256},  {196, 1024, 1, 256}, {49, 512, 1, 2048}, {49, 512, 9, 512},
                  {49, 2048, 1, 512}};
    const size_t mr = bench->table->tile.gemm_mr, nr = bench->table->tile.gemm_nr;
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++)
        gemm_line(bench, "strip", mr, nr, 1, depths[d]);
    for (size_t m = 1; m < mr; m++)
        gemm_line(bench, "strip", m, nr, 1, 256);
    gemm_line(bench, "strip", mr, nr, 9, 64);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        gemm_line(bench, "layer", layers[i].pixels, layers[i].filters, layers[i].taps, layers[i].k);
}

/* ---- windows: depthwise_f32 and max_pool_f32 ---- */

struct window {
    const struct fid_kernels *table;
    size_t pixels, channels, side, stride; /* square outputs and windows */
    float *in, *packed, *out;
};

static struct fid_windows slide(const struct window *w, size_t y, struct fid_pixels *rows)
{
    return bench_slide(w->in, w->channels * sizeof *w->in, w->channels, w->pixels, w->side,
                       w->stride, y, rows);
}

static void depthwise_run(void *context)
{
    const struct window *w = context;
    struct fid_pixels rows[BENCH_SIDE_MAX];
    for (size_t y = 0; y < w->pixels; y++) {
        const struct fid_windows in = slide(w, y, rows);
        w->table->depthwise_f32(w->pixels, w->channels, &in, w->packed,
                                w->out + y * w->pixels * w->channels, w->channels, &no_post);
    }
}

static void max_pool_run(void *context)
{
    const struct window *w = context;
    struct fid_pixels rows[BENCH_SIDE_MAX];
    for (size_t y = 0; y < w->pixels; y++) {
        const struct fid_windows in = slide(w, y, rows);
        w->table->max_pool_f32(w->pixels, w->channels, &in, w->out + y * w->pixels * w->channels,
                               w->channels, -INFINITY, INFINITY);
    }
}

/* work_of_tap: flops or bytes for each output number and tap. */
static void window_line(const struct bench *bench, const char *slot, void (*run)(void *),
                        struct window w, double work_of_tap, const char *unit)
{
    const size_t width = w.pixels * w.stride + w.side;
    char name[80];
    snprintf(name, sizeof name, "%s %zux%zux%zu window %zux%zu stride %zu", slot, w.pixels,
             w.pixels, w.channels, w.side, w.side, w.stride);
    if (!bench_wanted(bench, name))
        return;
    w.table = bench->table;
    w.in = bench_numbers(width * width * w.channels);
    w.packed = bench_numbers((size_t)fid_pack_depthwise_size(w.channels, w.side * w.side,
                                                             bench->table->tile.depthwise_cr));
    w.out = bench_numbers(w.pixels * w.pixels * w.channels);
    const double taps = (double)(w.pixels * w.pixels * w.channels * w.side * w.side);
    bench_line(bench, name, run, &w, work_of_tap * taps, unit);
    free(w.in);
    free(w.packed);
    free(w.out);
}

static void depthwise_lines(const struct bench *bench)
{
    static const struct window layers[] = {{.pixels = 112, .channels = 64, .side = 3, .stride = 1},
                                           {.pixels = 56, .channels = 128, .side = 3, .stride = 1},
                                           {.pixels = 14, .channels = 512, .side = 3, .stride = 1},
                                           {.pixels = 7, .channels = 512, .side = 3, .stride = 1},
                                           {.pixels = 56, .channels = 64, .side = 3, .stride = 2},
                                           {.pixels = 28, .channels = 128, .side = 3, .stride = 2},
                                           {.pixels = 64, .channels = 24, .side = 5, .stride = 1},
                                           {.pixels = 32, .channels = 48, .side = 5, .stride = 2}};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        window_line(bench, "depthwise_f32", depthwise_run, layers[i], 2, "GFLOP/s");
}

static void max_pool_lines(const struct bench *bench)
{
    static const struct window layers[] = {{.pixels = 56, .channels = 64, .side = 3, .stride = 2},
                                           {.pixels = 80, .channels = 16, .side = 2, .stride = 2}};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        window_line(bench, "max_pool_f32", max_pool_run, layers[i], sizeof(float), "GB/s");
}

/* ---- rows of numbers: average_f32, add_f32, affine_f32, layer_norm_f32, gelu_f32,
 * sigmoid_f32, dot_f32, dot_s8, crc32c ---- */

struct vectors {
    const struct fid_kernels *table;
    size_t pixels, channels;
    float *a, *b, *out;
    const float **rows;
    volatile float dot;
    volatile int32_t short_dot;
    volatile uint32_t crc;
};

static void average_run(void *context)
{
    struct vectors *v = context;
    v->table->average_f32(v->channels, v->pixels, v->rows, 1.0f / 49, v->out);
}

static void add_run(void *context)
{
    struct vectors *v = context;
    v->table->add_f32(v->pixels, v->channels, v->a, v->b, v->out, &relu);
}

static void affine_run(void *context)
{
    struct vectors *v = context;
    v->table->affine_f32(v->pixels, v->channels, v->a, v->b, v->b, v->out, &relu);
}

static void layer_norm_run(void *context)
{
    struct vectors *v = context;
    v->table->layer_norm_f32(v->pixels, v->channels, v->a, v->b, v->b, 1e-6f, v->out);
}

/* In place again and again: the numbers shrink, and its time does not depend on them. */
static void gelu_run(void *context)
{
    struct vectors *v = context;
    v->table->gelu_f32(v->pixels * v->channels, v->a);
}

static void sigmoid_run(void *context)
{
    struct vectors *v = context;
    v->table->sigmoid_f32(v->pixels * v->channels, v->a);
}

static void dot_run(void *context)
{
    struct vectors *v = context;
    v->dot = v->table->dot_f32(v->channels, v->a, v->b);
}

/* Any bytes will do: the kernels take the same time for all. */
static void dot_s8_run(void *context)
{
    struct vectors *v = context;
    v->short_dot = v->table->dot_s8(v->channels, (const int8_t *)v->a, (const int8_t *)v->b);
}

static void crc_run(void *context)
{
    struct vectors *v = context;
    v->crc = v->table->crc32c(0, v->a, v->channels * sizeof(float));
}

static void vector_line(const struct bench *bench, const char *name, void (*run)(void *),
                        size_t pixels, size_t channels, double work, const char *unit)
{
    const size_t count = pixels * channels;
    if (!bench_wanted(bench, name))
        return;
    struct vectors v = {.table = bench->table, .pixels = pixels, .channels = channels};
    v.a = bench_numbers(count);
    v.b = bench_numbers(count);
    v.out = bench_numbers(count);
    v.rows = bench_alloc(pixels, sizeof *v.rows);
    for (size_t i = 0; i < pixels; i++)
        v.rows[i] = v.a + i * channels;
    bench_line(bench, name, run, &v, work * (double)count, unit);
    free(v.a);
    free(v.b);
    free(v.out);
    free(v.rows);
}

static void average_lines(const struct bench *bench)
{
    vector_line(bench, "average_f32 7x7x2048", average_run, 49, 2048, 4, "GB/s");
}

static void add_lines(const struct bench *bench)
{
    vector_line(bench, "add_f32 14x14x1024", add_run, 196, 1024, 12, "GB/s");
    vector_line(bench, "add_f32 7x7x128", add_run, 49, 128, 12, "GB/s");
}

static void affine_lines(const struct bench *bench)
{
    vector_line(bench, "affine_f32 14x14x1024", affine_run, 196, 1024, 8, "GB/s");
    vector_line(bench, "affine_f32 7x7x128", affine_run, 49, 128, 8, "GB/s");
}

static void layer_norm_lines(const struct bench *bench)
{
    vector_line(bench, "layer_norm_f32 14x14x64", layer_norm_run, 196, 64, 8, "GB/s");
}

static void gelu_lines(const struct bench *bench)
{
    vector_line(bench, "gelu_f32 14x14x256", gelu_run, 196, 256, 8, "GB/s");
}

static void sigmoid_lines(const struct bench *bench)
{
    vector_line(bench, "sigmoid_f32 60x80", sigmoid_run, 60, 80, 8, "GB/s");
}

static void dot_lines(const struct bench *bench)
{
    vector_line(bench, "dot_f32 192", dot_run, 1, 192, 2, "GFLOP/s");
    vector_line(bench, "dot_f32 2048", dot_run, 1, 2048, 2, "GFLOP/s");
}

static void dot_s8_lines(const struct bench *bench)
{
    vector_line(bench, "dot_s8 512", dot_s8_run, 1, 512, 2, "Gop/s");
    vector_line(bench, "dot_s8 2048", dot_s8_run, 1, 2048, 2, "Gop/s");
}

static void crc_lines(const struct bench *bench)
{
    vector_line(bench, "crc32c 4 MiB", crc_run, 1, 1 << 20, 4, "GB/s");
}

/* ---- all slots ---- */

static const struct {
    const char *slot;
    void (*lines)(const struct bench *bench);
} benches[] = {
    {"gemm_f32", gemm_lines},
    {"depthwise_f32", depthwise_lines},
    {"winograd_input_f32", bench_winograd_input},
    {"winograd_output_f32", bench_winograd_output},
    {"max_pool_f32", max_pool_lines},
    {"average_f32", average_lines},
    {"add_f32", add_lines},
    {"affine_f32", affine_lines},
    {"layer_norm_f32", layer_norm_lines},
    {"gelu_f32", gelu_lines},
    {"sigmoid_f32", sigmoid_lines},
    {"dot_f32", dot_lines},
    {"dot_s8", dot_s8_lines},
    {"gemm_s8", bench_gemm_s8},
    {"depthwise_s8", bench_depthwise_s8},
    {"add_u8", bench_add_u8},
    {"max_pool_u8", bench_max_pool_u8},
    {"average_u8", bench_average_u8},
    {"to_u8", bench_to_u8},
    {"from_u8", bench_from_u8},
    {"crc32c", crc_lines},
};

/* is_reference: this table has nothing faster in the slot, so the reference's lines say it all. */
static void bench_slot(const struct bench *bench, const char *slot, bool is_reference)
{
    if (is_reference && strcmp(bench->table->name, "ref") != 0) {
        if (!bench->json && bench_wanted(bench, slot))
            printf("%-11s %-46s as in ref\n", bench->table->name, slot);
        return;
    }
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++)
        if (strcmp(benches[i].slot, slot) == 0) {
            benches[i].lines(bench);
            return;
        }
    if (!bench->json && bench_wanted(bench, slot))
        printf("%-11s %-46s not measured: it has no bench yet\n", bench->table->name, slot);
}

static void bench_table(struct bench *bench, const struct fid_kernels *table)
{
    int usable;
    const struct fid_kernels *ref = fid_kernels_at(0, &usable);
    bench->table = table;
    bench->peak = app_fma_peak(table->name, 1);
    bench->byte_peak = app_byte_peak(table->name, 1);
    if (!bench->json && isfinite(bench->peak))
        printf("%s: peak of one core %.1f GFLOP/s of multiply-adds; columns: best, median, share "
               "of the peak\n",
               table->name, bench->peak * 1e-9);
    if (!bench->json && isfinite(bench->byte_peak))
        printf("%s: peak of one core %.1f Gop/s of products of bytes\n", table->name,
               bench->byte_peak * 1e-9);
#define FID_SLOT(name, result, args) bench_slot(bench, #name, table->name == ref->name);
#include "kernels/kernel_list.h"
#undef FID_SLOT
    bench_packing(bench);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    const char *isa = NULL;
    const struct fid_kernels *table;
    bool found = false;
    int usable;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        } else if (strcmp(argv[i], "--json") == 0)
            bench.json = true;
        else if (strcmp(argv[i], "--isa") == 0)
            isa = bench_value(argc, argv, &i);
        else if (argv[i][0] == '-')
            bench_refuse("there is no switch %s (--help lists them)", argv[i]);
        else if (bench.word != NULL)
            bench_refuse("one WORD at a time: '%s' and '%s'", bench.word, argv[i]);
        else
            bench.word = argv[i];
    for (size_t i = 0; (table = fid_kernels_at(i, &usable)) != NULL; i++)
        if (usable && (isa == NULL || strcmp(isa, table->name) == 0)) {
            bench_table(&bench, table);
            found = true;
        }
    if (!found)
        bench_refuse("no kernel table '%s' here; this CPU has: %s", isa, fid_cpu_text());
    return 0;
}
