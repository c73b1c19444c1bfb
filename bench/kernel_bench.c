/* kernel_bench.c - a line of bench_kernels: repeated until it can be timed, printed with its share
 * of the peak. */
#include "bench/kernel_bench.h"
#include "bench/common.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 15 };
static const double SAMPLE_MS = 2;

struct repeated {
    void (*run)(void *);
    void *context;
    size_t count;
};

static void run_repeated(void *context)
{
    const struct repeated *r = context;
    for (size_t i = 0; i < r->count; i++)
        r->run(r->context);
}

/* Milliseconds of one run, in samples of at least SAMPLE_MS. */
static struct app_times measure(void (*run)(void *), void *context)
{
    struct repeated repeated = {run, context, 1};
    while (bench_measure(run_repeated, &repeated, 1, 0).least < SAMPLE_MS)
        repeated.count *= 2;
    struct app_times times = bench_measure(run_repeated, &repeated, SAMPLES, 0);
    times.least /= (double)repeated.count;
    times.median /= (double)repeated.count;
    return times;
}

bool bench_wanted(const struct bench *bench, const char *name)
{
    return bench->word == NULL || strstr(name, bench->word) != NULL;
}

void bench_line(const struct bench *bench, const char *name, void (*run)(void *), void *context,
                double work, const char *unit)
{
    const struct app_times times = measure(run, context);
    const double best = 1e-6 * work / times.least, median = 1e-6 * work / times.median;
    const double peak = strcmp(unit, "GFLOP/s") == 0 ? bench->peak
                        : strcmp(unit, "Gop/s") == 0 ? bench->byte_peak
                                                     : (double)NAN;
    const bool share = isfinite(peak);
    if (bench->json) {
        printf("{\"isa\":\"%s\",\"name\":\"%s\",\"unit\":\"%s\",\"best\":%.2f,\"median\":%.2f",
               bench->table->name, name, unit, best, median);
        if (share)
            printf(",\"peak_percent\":%.2f", 1e11 * best / peak);
        puts("}");
        return;
    }
    printf("%-11s %-46s %8.1f %8.1f %-7s", bench->table->name, name, best, median, unit);
    if (share)
        printf(" %5.1f %%", 1e11 * best / peak);
    putchar('\n');
}

float *bench_numbers(size_t count)
{
    float *p = bench_alloc(count, sizeof *p);
    for (size_t i = 0; i < count; i++)
        p[i] = 0.5f + (float)(i % 97) / 97.0f;
    return p;
}

struct fid_windows bench_slide(const void *picture, size_t pixel_bytes, size_t channels,
                               size_t pixels, size_t side, size_t stride, size_t y,
                               struct fid_pixels *rows)
{
    const size_t width = pixels * stride + side;
    for (size_t dy = 0; dy < side; dy++)
        rows[dy] = (struct fid_pixels){
            (const char *)picture + (y * stride + dy) * width * pixel_bytes, channels};
    return (struct fid_windows){.rows = rows,
                                .kernel_h = side,
                                .kernel_w = side,
                                .stride = stride,
                                .dilation = 1,
                                .width = width};
}
