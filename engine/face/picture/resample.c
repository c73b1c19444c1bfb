/* resample.c - scales pictures: bilinear, and by area where they shrink. */
#include "engine/face/picture/resample.h"

#include "engine/base/memory.h"
#include "engine/face/picture/picture_codec.h"

#include <math.h>
#include <string.h>

/* One output pixel along an axis: the weighted sum of `count` neighboring input pixels. */
struct tap {
    int first, count;
    const float *weights;
};

struct axis {
    struct tap *taps; /* one for each output pixel */
    float *weights;   /* of all taps, one after the other */
    int low, high;    /* input pixels low..high-1 are used */
};

/* Input pixels are added in rising order; those outside count for the border pixel or for nothing.
 */
static void tap_add(struct tap *tap, float *weights, int pixel, double weight, int size,
                    enum fid_edge edge)
{
    if (pixel < 0 || pixel >= size) {
        if (edge == FID_EDGE_BLACK)
            return;
        pixel = pixel < 0 ? 0 : size - 1;
    }
    if (tap->count == 0)
        tap->first = pixel;
    if (pixel - tap->first == tap->count)
        weights[tap->count++] = 0.0f;
    weights[pixel - tap->first] += (float)weight;
}

/* The share of an area that lies in each input pixel; what lies outside goes in two lumps, so that
 * a rectangle far larger than the picture costs no more than the picture. */
static void tap_average(struct tap *tap, float *weights, double start, double end, int size,
                        enum fid_edge edge)
{
    double length = end - start;
    if (start < 0.0)
        tap_add(tap, weights, -1, (fmin(end, 0.0) - start) / length, size, edge);
    int first = (int)fmax(0.0, fmin(floor(start), size));
    int last = (int)fmax(0.0, fmin(ceil(end), size));
    for (int pixel = first; pixel < last; pixel++)
        tap_add(tap, weights, pixel, (fmin(end, pixel + 1.0) - fmax(start, pixel)) / length, size,
                edge);
    if (end > size)
        tap_add(tap, weights, size, (end - fmax(start, size)) / length, size, edge);
}

static void tap_interpolate(struct tap *tap, float *weights, double center, int size,
                            enum fid_edge edge)
{
    double position = fmax(-2.0, fmin(center - 0.5, size + 1.0)); /* beyond: nothing but border */
    double below = floor(position);
    tap_add(tap, weights, (int)below, 1.0 - (position - below), size, edge);
    tap_add(tap, weights, (int)below + 1, position - below, size, edge);
}

static void axis_close(struct axis *axis)
{
    fid_free(axis->taps);
    fid_free(axis->weights);
}

/* Averaged areas do not overlap but in the pixels where they meet, so all weights together are at
 * most the input's pixels and three for each output (two ends, one lump). False: no memory. */
static bool axis_open(struct axis *axis, double start, double length, int size, int out_size,
                      enum fid_edge edge)
{
    axis->taps = fid_calloc((size_t)out_size, sizeof *axis->taps);
    axis->weights = fid_calloc((size_t)size + 4 * (size_t)out_size, sizeof *axis->weights);
    if (axis->taps == NULL || axis->weights == NULL)
        return false;
    float *weights = axis->weights;
    double step = length / out_size;
    axis->low = size;
    axis->high = 0;
    for (int i = 0; i < out_size; i++) {
        struct tap *tap = &axis->taps[i];
        tap->weights = weights;
        if (step > 1.0)
            tap_average(tap, weights, start + i * step, start + (i + 1) * step, size, edge);
        else
            tap_interpolate(tap, weights, start + (i + 0.5) * step, size, edge);
        weights += tap->count;
        if (tap->count > 0 && tap->first < axis->low)
            axis->low = tap->first;
        if (tap->count > 0 && tap->first + tap->count > axis->high)
            axis->high = tap->first + tap->count;
    }
    return true;
}

/* sums[0..count) += weight · row. Blocks of a constant length, because then even a compiler that
 * vectorises only what needs no remainder loop does so. */
static void add_row(float *sums, const uint8_t *row, float weight, size_t count)
{
    enum { BLOCK = 16 };
    size_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK)
        for (size_t j = 0; j < BLOCK; j++)
            sums[i + j] += weight * (float)row[i + j];
    for (; i < count; i++)
        sums[i] += weight * (float)row[i];
}

static uint8_t round_to_byte(float value)
{
    return (uint8_t)(value + 0.5f); /* weights are shares: value stays in 0..255 */
}

/* sums: RGB of the input pixels axis->low and on, already summed over rows. */
static void write_row(const struct axis *axis, const float *sums, int width, uint8_t *row)
{
    for (int x = 0; x < width; x++, row += 3) {
        const struct tap *tap = &axis->taps[x];
        const float *from = sums + 3 * (ptrdiff_t)(tap->first - axis->low);
        float red = 0.0f, green = 0.0f, blue = 0.0f;
        for (int i = 0; i < tap->count; i++, from += 3) {
            red += tap->weights[i] * from[0];
            green += tap->weights[i] * from[1];
            blue += tap->weights[i] * from[2];
        }
        row[0] = round_to_byte(red);
        row[1] = round_to_byte(green);
        row[2] = round_to_byte(blue);
    }
}

static void resample_rows(const struct fid_picture *source, const struct axis *across,
                          const struct axis *down, float *sums, struct fid_picture *target)
{
    size_t count = across->high > across->low ? 3 * (size_t)(across->high - across->low) : 0;
    for (int y = 0; y < target->height; y++) {
        const struct tap *tap = &down->taps[y];
        memset(sums, 0, count * sizeof *sums);
        for (int i = 0; i < tap->count; i++)
            add_row(sums, fid_picture_row(source, tap->first + i) + 3 * (ptrdiff_t)across->low,
                    tap->weights[i], count);
        write_row(across, sums, target->width, fid_picture_row(target, y));
    }
}

/* So far away, for its size, that the output's pixels would have no extent. */
static bool is_lost(double start, double length, int out_size)
{
    const double step = length / out_size, far = fmax(fabs(start), fabs(start + length));
    return !(far + step > far) || !isfinite(far + step);
}

enum fid_status fid_resample(const struct fid_picture *source, struct fid_rect rect,
                             enum fid_edge edge, struct fid_picture *target,
                             struct fid_error *error)
{
    if (!isfinite(rect.x) || !isfinite(rect.y) || !isfinite(rect.w) || !isfinite(rect.h) ||
        !(rect.w > 0.0) || !(rect.h > 0.0) || is_lost(rect.x, rect.w, target->width) ||
        is_lost(rect.y, rect.h, target->height))
        return fid_fail(error, FID_INVALID, "the rectangle %g x %g at %g %g cannot be cut out",
                        rect.w, rect.h, rect.x, rect.y);
    enum fid_status status = FID_OK;
    struct axis across = {0}, down = {0};
    float *sums = fid_calloc(3 * (size_t)source->width, sizeof *sums);
    if (sums == NULL || !axis_open(&across, rect.x, rect.w, source->width, target->width, edge) ||
        !axis_open(&down, rect.y, rect.h, source->height, target->height, edge))
        status = fid_fail(error, FID_NO_MEMORY, "no memory to scale a picture of %d x %d pixels",
                          source->width, source->height);
    else
        resample_rows(source, &across, &down, sums, target);
    axis_close(&across);
    axis_close(&down);
    fid_free(sums);
    return status;
}

enum fid_status fid_resample_to(const struct fid_picture *source, int width, int height,
                                struct fid_picture *target, struct fid_error *error)
{
    enum fid_status status = fid_picture_resize(target, width, height, error);
    if (status != FID_OK)
        return status;
    struct fid_rect whole = {0.0, 0.0, source->width, source->height};
    return fid_resample(source, whole, FID_EDGE_REPLICATE, target, error);
}
