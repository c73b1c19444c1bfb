/* quantize_range.c - a search over scales and zero points: a coarse grid, then a fine one around
 * its best. The error is no smooth function of them, so nothing cleverer is safe. */
#include "engine/nn/quantize_range.h"

#include "weights/format.h"

#include <math.h>
#include <string.h>

enum { BYTES = 256, BINS = FID_HISTOGRAM_BINS };
#define SCALE_LEAST (1 / FID_LIMIT_S8_SCALE)

void fid_histogram_sums_make(const struct fid_histogram *histogram, struct fid_histogram_sums *sums)
{
    const double width = ldexp(1.0, histogram->exponent);
    int skip =
        0; /* where the bins begin depends on what came first, and is to make no difference */
    while (skip < BINS - 1 && histogram->bins[skip] == 0)
        skip++;
    sums->width = width;
    sums->first = ((double)(histogram->first + skip) + 0.5) * width;
    sums->lowest = sums->highest = 0.0;
    sums->count[0] = sums->sum[0] = sums->square[0] = 0.0;
    for (int i = 0; i < BINS; i++) {
        const double count = i + skip < BINS ? histogram->bins[i + skip] : 0;
        const double middle = sums->first + i * width;
        sums->count[i + 1] = sums->count[i] + count;
        sums->sum[i + 1] = sums->sum[i] + count * middle;
        sums->square[i + 1] = sums->square[i] + count * middle * middle;
        if (count > 0.0) {
            sums->lowest = fmin(sums->lowest, middle - width / 2);
            sums->highest = fmax(sums->highest, middle + width / 2);
        }
    }
}

/* Rounded up into 0..BINS, without a call for each byte. */
static int whole_bin(double bin)
{
    const double inside = bin < 0.0 ? 0.0 : bin > BINS ? BINS : bin;
    const int down = (int)inside;
    return down + (down < inside);
}

double fid_quantize_error(const struct fid_histogram_sums *sums, int zero, double scale)
{
    /* Between two bytes' numbers the bins go over from one to the other. */
    const double step = scale / sums->width;
    const double edge = (0.5 - zero) * step - sums->first / sums->width;
    double error = 0.0;
    int from = 0;
    for (int byte = 0; byte < BYTES; byte++) {
        const double value = (byte - zero) * scale;
        const int to = byte == BYTES - 1 ? BINS : whole_bin(edge + byte * step);
        if (to > from)
            error += sums->square[to] - sums->square[from] -
                     value * (2.0 * (sums->sum[to] - sums->sum[from]) -
                              value * (sums->count[to] - sums->count[from]));
        from = to;
    }
    return error;
}

/* ---- one scale ---- */

/* Scales are tried in steps of an eighth of an octave, then of a hundredth: from a quarter of what
 * the whole range takes to a little more than that. */
enum { COARSE = 8, COARSE_LOW = -24, COARSE_HIGH = 8, FINE = 128, FINE_REACH = 16 };

struct best {
    double error, scale;
    int zero;
};

static void try_scale(const struct fid_histogram_sums *sums, int zero, double scale,
                      struct best *best)
{
    const double error = fid_quantize_error(sums, zero, scale);
    if (error < best->error)
        *best = (struct best){error, scale, zero};
}

static double whole_range(const struct fid_histogram_sums *sums)
{
    return (sums->highest - sums->lowest) / (BYTES - 1);
}

static void try_coarse(const struct fid_histogram_sums *sums, int zero, struct best *best)
{
    for (int i = COARSE_LOW; i <= COARSE_HIGH; i++)
        try_scale(sums, zero, whole_range(sums) * exp2((double)i / COARSE), best);
}

static void try_fine(const struct fid_histogram_sums *sums, int zero, double around,
                     struct best *best)
{
    for (int i = -FINE_REACH; i <= FINE_REACH; i++)
        try_scale(sums, zero, around * exp2((double)i / FINE), best);
}

static float settle(double scale)
{
    return fminf(fmaxf((float)scale, SCALE_LEAST), FID_LIMIT_S8_SCALE);
}

/* Which zero points can be good: those of numbers of one sign are known. */
static void zeros_for(double lowest, double highest, int *first, int *last)
{
    *first = lowest < 0.0 && highest <= 0.0 ? BYTES - 1 : 0;
    *last = lowest < 0.0 ? BYTES - 1 : 0;
}

void fid_quantize_value(const struct fid_histogram *histogram, struct fid_histogram_sums *scratch,
                        int *zero, float *scale)
{
    struct best best = {INFINITY, 1.0, 0};
    int first, last;
    if (histogram->used) {
        fid_histogram_sums_make(histogram, scratch);
        zeros_for(scratch->lowest, scratch->highest, &first, &last);
        for (int z = first; z <= last; z++)
            try_coarse(scratch, z, &best);
        const struct best coarse = best;
        for (int z = coarse.zero - 1; z <= coarse.zero + 1; z++)
            if (z >= first && z <= last)
                try_fine(scratch, z, coarse.scale, &best);
    }
    *zero = best.zero;
    *scale = settle(best.scale);
}

/* ---- a scale for each channel ---- */

/* The zero points first, first + step, ..., last at most. */
struct zeros {
    int first, last, step;
};

/* The error of a channel at each zero point, as a share of its numbers' squares, is
 * added to errors[]. */
static void add_errors(const struct fid_histogram_sums *sums, const struct zeros *zeros,
                       double *errors)
{
    const double all = sums->square[BINS];
    for (int z = zeros->first; z <= zeros->last; z += zeros->step) {
        struct best best = {INFINITY, 1.0, 0};
        try_coarse(sums, z, &best);
        errors[z] += best.error / all;
    }
}

/* The zero point with the least error of all channels. */
static int search_zero(const struct fid_histogram *histograms, size_t c,
                       struct fid_histogram_sums *scratch, const struct zeros *zeros)
{
    double errors[BYTES] = {0};
    int best = zeros->first;
    for (size_t i = 0; i < c && zeros->first < zeros->last; i++)
        if (histograms[i].used) {
            fid_histogram_sums_make(&histograms[i], scratch);
            add_errors(scratch, zeros, errors);
        }
    for (int z = zeros->first; z <= zeros->last; z += zeros->step)
        best = errors[z] < errors[best] ? z : best;
    return best;
}

/* Ever closer: around the best of a row come those that were left out. */
static int find_zero(const struct fid_histogram *histograms, size_t c,
                     struct fid_histogram_sums *scratch, int first, int last)
{
    static const int steps[] = {15, 5, 1}; /* the first one divides 255: both ends are tried */
    struct zeros zeros = {first, last, steps[0]};
    int best = search_zero(histograms, c, scratch, &zeros);
    for (size_t i = 1; i < sizeof steps / sizeof steps[0]; i++) {
        const int reach = zeros.step - steps[i];
        zeros.first = best - reach > first ? best - reach : first;
        zeros.last = best + reach < last ? best + reach : last;
        zeros.step = steps[i];
        best = search_zero(histograms, c, scratch, &zeros);
    }
    return best;
}

static void extent_of(const struct fid_histogram *histograms, size_t c,
                      struct fid_histogram_sums *scratch, double *lowest, double *highest)
{
    *lowest = *highest = 0.0;
    for (size_t i = 0; i < c; i++)
        if (histograms[i].used) {
            fid_histogram_sums_make(&histograms[i], scratch);
            *lowest = fmin(*lowest, scratch->lowest);
            *highest = fmax(*highest, scratch->highest);
        }
}

void fid_quantize_channels(const struct fid_histogram *histograms, size_t c,
                           struct fid_histogram_sums *scratch, int *zero, float *scales)
{
    double lowest, highest;
    int first, last;
    float most = 0.0f;
    extent_of(histograms, c, scratch, &lowest, &highest);
    zeros_for(lowest, highest, &first, &last);
    const int z = find_zero(histograms, c, scratch, first, last);
    for (size_t i = 0; i < c; i++) {
        struct best best = {INFINITY, 1.0, 0};
        scales[i] = 0.0f;
        if (!histograms[i].used)
            continue;
        fid_histogram_sums_make(&histograms[i], scratch);
        try_coarse(scratch, z, &best);
        try_fine(scratch, z, best.scale, &best);
        scales[i] = settle(best.scale);
        most = fmaxf(most, scales[i]);
    }
    for (size_t i = 0; i < c; i++)
        if (scales[i] == 0.0f)
            scales[i] = most > 0.0f ? most : 1.0f;
    *zero = z;
}

/* ---- filters ---- */

enum { WEIGHT_MOST = 127 };

/* The bytes at this scale, and their squared error. */
static double round_weights(const float *weights, size_t count, float scale, int8_t *bytes)
{
    const float whole = 12582912.0f; /* 1.5 · 2^23: the floats beside it are the whole numbers */
    double error = 0.0;
    for (size_t i = 0; i < count; i++) {
        float steps = weights[i] / scale;
        steps = steps < -WEIGHT_MOST ? -WEIGHT_MOST : steps > WEIGHT_MOST ? WEIGHT_MOST : steps;
        steps = (steps + whole) - whole;
        const double off = (double)weights[i] - (double)scale * (double)steps;
        bytes[i] = (int8_t)steps;
        error += off * off;
    }
    return error;
}

float fid_quantize_filter(const float *weights, size_t count, float bias, float input,
                          int8_t *bytes)
{
    const int tries = 32; /* down to two thirds of the range */
    float most = 0.0f;
    for (size_t i = 0; i < count; i++)
        most = fmaxf(most, fabsf(weights[i]));
    const double for_bias = input > 0.0f ? fabs((double)bias) / (double)input * 0x1p-29 : 0.0;
    const double least = fmax((double)SCALE_LEAST, for_bias);
    const double whole = (double)most / WEIGHT_MOST;
    if (whole <= least) { /* a channel that is as good as dead */
        const float scale = settle(least);
        round_weights(weights, count, scale, bytes);
        return scale;
    }
    float best = settle(whole);
    double least_error = round_weights(weights, count, best, bytes);
    for (int i = 1; i < tries; i++) {
        const double scale = whole * (1.0 - (double)i / (3 * tries));
        if (scale <= least)
            break;
        if (scale > (double)FID_LIMIT_S8_SCALE)
            continue;
        const double error = round_weights(weights, count, (float)scale, bytes);
        if (error < least_error) {
            least_error = error;
            best = (float)scale;
        }
    }
    round_weights(weights, count, best, bytes);
    return best;
}
