/* kernel_bench_winograd.c - lines of bench_kernels: the transforms of Winograd's convolution, over
 * all tiles of a layer, and how fast filters are packed when a network is opened. */
#include "bench/common.h"
#include "bench/kernel_bench.h"

#include <math.h>
#include <stdlib.h>

enum { TAPS = 9, ALPHA_MAX = 6, STEP_PAD = 16 };

static const struct fid_post_f32 relu = {.min = 0, .max = INFINITY};

/* A layer: maps of side × side × channels, tiles of m × m outputs. */
struct layer {
    const struct fid_kernels *table;
    size_t m, side, channels;
    float *map, *tiles, *bias;
};

/* Tiles along a side. */
static size_t across(const struct layer *w)
{
    return (w->side + w->m - 1) / w->m;
}

/* Numbers from one position of all tiles to the next, as engine/nn lays them out. */
static size_t step_of(const struct layer *w)
{
    return across(w) * across(w) * w->channels + STEP_PAD;
}

static void input_run(void *context)
{
    const struct layer *w = context;
    const size_t alpha = w->m + 2, width = across(w) * w->m + 2, count = across(w);
    const float *taps[ALPHA_MAX * ALPHA_MAX];
    for (size_t i = 0; i < count * count; i++) {
        const float *corner = w->map + (i / count * w->m * width + i % count * w->m) * w->channels;
        for (size_t t = 0; t < alpha * alpha; t++)
            taps[t] = corner + (t / alpha * width + t % alpha) * w->channels;
        w->table->winograd_input_f32(w->m, w->channels, taps, w->tiles + i * w->channels,
                                     step_of(w));
    }
}

static void output_run(void *context)
{
    const struct layer *w = context;
    const size_t count = across(w), row_step = count * w->m * w->channels;
    for (size_t i = 0; i < count * count; i++)
        w->table->winograd_output_f32(
            w->m, w->channels, w->tiles + i * w->channels, step_of(w), w->bias, w->m, w->m,
            w->map + i / count * w->m * row_step + i % count * w->m * w->channels, row_step,
            w->channels, &relu);
}

/* Bytes count once: those of the map and those of the tiles. */
static void transform_lines(const struct bench *bench, const char *slot, void (*run)(void *))
{
    static const struct layer layers[] = {{.m = 4, .side = 56, .channels = 64},
                                          {.m = 4, .side = 28, .channels = 128},
                                          {.m = 2, .side = 14, .channels = 256},
                                          {.m = 2, .side = 7, .channels = 512}};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        struct layer w = layers[i];
        const size_t alpha = w.m + 2, width = across(&w) * w.m + 2;
        char name[80];
        snprintf(name, sizeof name, "%s %zux%zu of %zux%zux%zu", slot, w.m, w.m, w.side, w.side,
                 w.channels);
        if (!bench_wanted(bench, name))
            continue;
        w.table = bench->table;
        w.map = bench_numbers(width * width * w.channels);
        w.tiles = bench_numbers(alpha * alpha * step_of(&w));
        w.bias = bench_numbers(w.channels);
        const size_t map = w.side * w.side * w.channels, tiles = alpha * alpha * step_of(&w);
        bench_line(bench, name, run, &w, (double)((map + tiles) * sizeof(float)), "GB/s");
        free(w.map);
        free(w.tiles);
        free(w.bias);
    }
}

void bench_winograd_input(const struct bench *bench)
{
    transform_lines(bench, "winograd_input_f32", input_run);
}

void bench_winograd_output(const struct bench *bench)
{
    transform_lines(bench, "winograd_output_f32", output_run);
}

/* ---- packing ---- */

struct packing {
    size_t n, k, nr, m; /* m = 0: panels alone */
    float *filter, *packed;
};

static void pack_run(void *context)
{
    const struct packing *p = context;
    const size_t panels = (p->n + p->nr - 1) / p->nr;
    if (p->m > 0)
        fid_pack_winograd(p->m, p->n, p->k, p->nr, p->filter, 0, panels, p->packed);
    else
        fid_pack_panels(p->n, p->k, p->nr, p->filter, NULL, 0, panels, p->packed);
}

/* Bytes are those that are written. */
void bench_packing(const struct bench *bench)
{
    static const struct packing filters[] = {{.n = 2048, .k = 512},
                                             {.n = 512, .k = 2048},
                                             {.n = 128, .k = 128, .m = 4},
                                             {.n = 512, .k = 512, .m = 2}};
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        struct packing p = filters[i];
        char name[80];
        p.nr = bench->table->tile.gemm_nr;
        const char *const what = p.m == 0 ? "panels" : p.m == 2 ? "winograd 2x2" : "winograd 4x4";
        snprintf(name, sizeof name, "pack %s %zux%zu", what, p.n, p.k);
        if (!bench_wanted(bench, name))
            continue;
        const size_t floats = p.m == 0 ? (size_t)fid_pack_panels_size(p.n, p.k, p.nr)
                                       : (size_t)fid_pack_winograd_size(p.m, p.n, p.k, p.nr);
        p.filter = bench_numbers(p.n * p.k * TAPS);
        p.packed = bench_numbers(floats);
        bench_line(bench, name, pack_run, &p, (double)(floats * sizeof(float)), "GB/s");
        free(p.filter);
        free(p.packed);
    }
}
