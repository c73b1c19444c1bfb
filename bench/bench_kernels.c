/* bench_kernels.c - speed of the kernels alone, each against the FMA peak measured in the same run.
 *
 *     bench_kernels [--isa NAME] [--json] [WORD]      only lines whose name contains WORD
 *
 * A line is the best and the median of SAMPLES samples of at least SAMPLE_SECONDS each, on one
 * thread. "strip" is one call on a panel and rows in the first-level cache; "layer" walks all
 * strips and panels of a layer the simplest way, without the blocking of engine/nn. */
#include "kernels/kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 15 };
static const double SAMPLE_SECONDS = 2e-3;

struct bench {
    const struct fid_kernels *table;
    double peak; /* flops a second of one core at this level's width */
    const char *word;
    bool json;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Seconds of one run, best and median. */
struct seconds {
    double best, median;
};

static struct seconds measure(void (*run)(void *), void *context)
{
    double sample[SAMPLES];
    size_t repeat = 1;
    for (;;) {
        const double start = now();
        for (size_t i = 0; i < repeat; i++)
            run(context);
        if (now() - start >= SAMPLE_SECONDS)
            break;
        repeat *= 2;
    }
    for (size_t s = 0; s < SAMPLES; s++) {
        const double start = now();
        for (size_t i = 0; i < repeat; i++)
            run(context);
        sample[s] = (now() - start) / (double)repeat;
    }
    qsort(sample, SAMPLES, sizeof sample[0], compare_doubles);
    return (struct seconds){sample[0], sample[SAMPLES / 2]};
}

/* ---- the peak: FMAs that wait for nothing but their own sum, in more chains than units × latency
 */

enum { PEAK_STEPS = 1000, PEAK_CHAINS = 12 };

#if defined(__x86_64__)
#define PEAK_ASM(reg)                                                                        \
    __asm__ volatile(".irp i,0,1,2,3,4,5,6,7,8,9,10,11,14,15\n"                              \
                     "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n"                                 \
                     ".endr\n"                                                               \
                     "1:\n"                                                                  \
                     ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n"                                    \
                     "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "\\i\n"                  \
                     ".endr\n"                                                               \
                     "dec %0\n"                                                              \
                     "jnz 1b\n"                                                              \
                     "vzeroupper\n"                                                          \
                     : "+r"(steps)                                                           \
                     :                                                                       \
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15")

static void peak_256(void *context)
{
    size_t steps = PEAK_STEPS;
    (void)context;
    PEAK_ASM("ymm");
}

static void peak_512(void *context)
{
    size_t steps = PEAK_STEPS;
    (void)context;
    PEAK_ASM("zmm");
}

/* The reference is measured against AVX2, where there is that. */
static double peak_of(const char *isa)
{
    const bool wide = strcmp(isa, "avx512") == 0;
    if (!fid_kernels_named("avx2"))
        return NAN;
    return 2.0 * PEAK_STEPS * PEAK_CHAINS * (wide ? 16 : 8) /
           measure(wide ? peak_512 : peak_256, NULL).best;
}

#elif defined(__aarch64__)

static void peak_128(void *context)
{
    size_t steps = PEAK_STEPS;
    (void)context;
    __asm__ volatile(".irp i,0,1,2,3,4,5,6,7,16,17,18,19,30,31\n"
                     "movi v\\i\\().4s, #0\n"
                     ".endr\n"
                     "1:\n"
                     ".irp i,0,1,2,3,4,5,6,7,16,17,18,19\n"
                     "fmla v\\i\\().4s, v30.4s, v31.4s\n"
                     ".endr\n"
                     "subs %0, %0, #1\n"
                     "b.ne 1b\n"
                     : "+r"(steps)
                     :
                     : "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18",
                       "v19", "v30", "v31");
}

static double peak_of(const char *isa)
{
    (void)isa;
    return 2.0 * PEAK_STEPS * PEAK_CHAINS * 4 / measure(peak_128, NULL).best;
}

#else

static double peak_of(const char *isa)
{
    (void)isa;
    return NAN;
}

#endif

/* ---- lines ---- */

static bool wanted(const struct bench *bench, const char *name)
{
    return !bench->word || strstr(name, bench->word);
}

/* `work` is flops, or bytes when unit is "GB/s", which has no peak. */
static void print_line(const struct bench *bench, const char *name, struct seconds time,
                       double work, const char *unit)
{
    const double best = work / time.best, median = work / time.median;
    const bool flops = strcmp(unit, "GFLOP/s") == 0 && !isnan(bench->peak);
    if (bench->json) {
        printf("{\"isa\":\"%s\",\"name\":\"%s\",\"unit\":\"%s\",\"best\":%.2f,\"median\":%.2f",
               bench->table->name, name, unit, best * 1e-9, median * 1e-9);
        if (flops)
            printf(",\"peak_share\":%.3f", best / bench->peak);
        printf("}\n");
        return;
    }
    printf("%-8s %-46s %8.1f %8.1f %-7s", bench->table->name, name, best * 1e-9, median * 1e-9,
           unit);
    if (flops)
        printf(" %5.1f %%", 100 * best / bench->peak);
    printf("\n");
}

/* Numbers around 1, never denormal; 64-byte aligned; for the life of the program's line. */
static float *numbers(size_t count)
{
    float *p = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    if (!p) {
        fprintf(stderr, "bench_kernels: no memory for %zu numbers\n", count);
        exit(1);
    }
    for (size_t i = 0; i < count; i++)
        p[i] = 0.5f + (float)(i % 97) / 97.0f;
    return p;
}

static const struct fid_post_f32 no_post = {.min = -INFINITY, .max = INFINITY};

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
                               g->panels + j / nr * panel_size, g->c + i * g->n + j, g->n,
                               &no_post, NULL);
        }
}

static void gemm_line(const struct bench *bench, const char *name, size_t m, size_t n, size_t taps,
                      size_t k)
{
    const size_t mr = bench->table->tile.gemm_mr, nr = bench->table->tile.gemm_nr;
    if (!wanted(bench, name))
        return;
    struct gemm g = {.table = bench->table, .m = m, .n = n, .taps = taps, .k = k};
    g.a = numbers(m * k);
    g.panels = numbers(fid_pack_panels_size(n, taps * k, nr));
    g.c = numbers(m * n);
    g.rows = malloc(m * taps * sizeof *g.rows);
    if (!g.rows)
        exit(1);
    for (size_t i = 0; i < m; i++) {
        const size_t strip = i / mr * mr, height = m - strip < mr ? m - strip : mr;
        for (size_t t = 0; t < taps; t++) /* the taps of a pixel are its neighbours */
            g.rows[strip * taps + t * height + (i - strip)] = g.a + (i + t) % m * k;
    }
    const double flops = 2.0 * (double)m * (double)n * (double)(taps * k);
    print_line(bench, name, measure(gemm_run, &g), flops, "GFLOP/s");
    free(g.a);
    free(g.panels);
    free(g.c);
    free(g.rows);
}

static void gemm_lines(const struct bench *bench)
{
    static const size_t depths[] = {16, 64, 128, 256, 512};
    static const struct {
        size_t pixels, filters, taps, k;
    } layers[] = {{3136, 64, 1, 64},  {3136, 256, 1, 64},  {3136, 64, 9, 64}, {784, 128, 1, 512},
                  {784, 128, 9, 128}, {196, 1024, 1, 256}, {49, 512, 1, 2048}};
    const size_t mr = bench->table->tile.gemm_mr, nr = bench->table->tile.gemm_nr;
    char name[80];
    for (size_t d = 0; d < sizeof depths / sizeof depths[0]; d++) {
        snprintf(name, sizeof name, "gemm_f32 strip %zux%zu k %zu", mr, nr, depths[d]);
        gemm_line(bench, name, mr, nr, 1, depths[d]);
    }
    for (size_t m = 1; m < mr; m++) {
        snprintf(name, sizeof name, "gemm_f32 strip %zux%zu k 256", m, nr);
        gemm_line(bench, name, m, nr, 1, 256);
    }
    snprintf(name, sizeof name, "gemm_f32 strip %zux%zu taps 9 k 64", mr, nr);
    gemm_line(bench, name, mr, nr, 9, 64);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        snprintf(name, sizeof name, "gemm_f32 layer %zux%zu taps %zu k %zu", layers[i].pixels,
                 layers[i].filters, layers[i].taps, layers[i].k);
        gemm_line(bench, name, layers[i].pixels, layers[i].filters, layers[i].taps, layers[i].k);
    }
}

/* ---- depthwise_f32 ---- */

struct depthwise {
    const struct fid_kernels *table;
    size_t pixels, channels, side, stride;
    float *in, *packed, *out;
    const float **pointers; /* of one row of outputs, column by column of its window */
};

/* A picture of square outputs: all rows, the pointers moved down before each as engine/nn does. */
static void depthwise_run(void *context)
{
    const struct depthwise *d = context;
    const size_t width = d->pixels * d->stride + d->side, columns = (d->pixels - 1) * d->stride;
    for (size_t y = 0; y < d->pixels; y++) {
        for (size_t x = 0; x < columns + d->side; x++)
            for (size_t dy = 0; dy < d->side; dy++)
                d->pointers[x * d->side + dy] =
                    d->in + ((y * d->stride + dy) * width + x) * d->channels;
        d->table->depthwise_f32(d->pixels, d->channels, d->side * d->side, d->pointers,
                                d->side * d->stride, d->packed,
                                d->out + y * d->pixels * d->channels, d->channels, &no_post);
    }
}

static void depthwise_lines(const struct bench *bench)
{
    static const struct {
        size_t pixels, channels, side, stride;
    } layers[] = {{112, 64, 3, 1}, {56, 128, 3, 1}, {14, 512, 3, 1}, {7, 512, 3, 1},
                  {56, 64, 3, 2},  {28, 128, 3, 2}, {64, 24, 5, 1},  {32, 48, 5, 2}};
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        const size_t pixels = layers[i].pixels, channels = layers[i].channels;
        const size_t side = layers[i].side, stride = layers[i].stride;
        const size_t width = pixels * stride + side, cr = bench->table->tile.depthwise_cr;
        char name[80];
        snprintf(name, sizeof name, "depthwise_f32 %zux%zu window %zux%zu stride %zu", pixels,
                 channels, side, side, stride);
        if (!wanted(bench, name))
            continue;
        struct depthwise d = {bench->table, pixels, channels, side, stride, NULL, NULL, NULL, NULL};
        d.in = numbers(width * width * channels);
        d.packed = numbers(fid_pack_depthwise_size(channels, side * side, cr));
        d.out = numbers(pixels * pixels * channels);
        d.pointers = malloc(width * side * sizeof *d.pointers);
        if (!d.pointers)
            exit(1);
        const double flops = 2.0 * (double)(pixels * pixels * channels * side * side);
        print_line(bench, name, measure(depthwise_run, &d), flops, "GFLOP/s");
        free(d.in);
        free(d.packed);
        free(d.out);
        free(d.pointers);
    }
}

/* ---- dot_f32 and crc32c ---- */

struct vectors {
    const struct fid_kernels *table;
    size_t count;
    float *a, *b;
    volatile float dot;
    volatile uint32_t crc;
};

static void dot_run(void *context)
{
    struct vectors *v = context;
    v->dot = v->table->dot_f32(v->count, v->a, v->b);
}

static void crc_run(void *context)
{
    struct vectors *v = context;
    v->crc = v->table->crc32c(0, v->a, v->count * sizeof(float));
}

static void vector_lines(const struct bench *bench)
{
    struct vectors v = {.table = bench->table, .count = 512, .b = numbers(512)};
    v.a = numbers(1 << 20);
    if (wanted(bench, "dot_f32 512"))
        print_line(bench, "dot_f32 512", measure(dot_run, &v), 2.0 * 512, "GFLOP/s");
    v.count = 1 << 20;
    if (wanted(bench, "crc32c 4 MiB"))
        print_line(bench, "crc32c 4 MiB", measure(crc_run, &v), 4.0 * (1 << 20), "GB/s");
    free(v.a);
    free(v.b);
}

static void bench_table(struct bench *bench, const struct fid_kernels *table)
{
    bench->table = table;
    bench->peak = peak_of(table->name);
    if (!bench->json && !isnan(bench->peak))
        printf("%s: FMA peak of one core %.1f GFLOP/s; best, median, share of the peak\n",
               table->name, bench->peak * 1e-9);
    gemm_lines(bench);
    depthwise_lines(bench);
    vector_lines(bench);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    const char *isa = NULL;
    const struct fid_kernels *table;
    bool found = false;
    int usable;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            bench.json = true;
        else if (strcmp(argv[i], "--isa") == 0 && i + 1 < argc)
            isa = argv[++i];
        else if (argv[i][0] != '-')
            bench.word = argv[i];
        else {
            fprintf(stderr, "usage: bench_kernels [--isa NAME] [--json] [WORD]\n");
            return 2;
        }
    for (size_t i = 0; (table = fid_kernels_at(i, &usable)); i++)
        if (usable && (!isa || strcmp(isa, table->name) == 0)) {
            bench_table(&bench, table);
            found = true;
        }
    if (!found)
        fprintf(stderr, "bench_kernels: no level '%s' here; this CPU has: %s\n", isa,
                fid_cpu_text());
    return found ? 0 : 2;
}
