/* kernel_cases.c - what the cases of f32 kernels share: buffers with guard values, fills, windows
 * and comparisons. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>
#include <string.h>

static const uint32_t canary_bits = 0x7fc0dead; /* a NaN: a kernel that sums it shows it */

static bool is_canary(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits == canary_bits;
}

struct fid_windows any_pool_windows(size_t pixels, size_t side_max)
{
    struct fid_windows in = {0};
    in.kernel_h = 1 + check_random_below((uint32_t)side_max);
    in.kernel_w = 1 + check_random_below((uint32_t)side_max);
    in.stride = 1 + check_random_below(2);
    in.dilation = in.kernel_w > 1 ? 1 + check_random_below(2) : 1;
    in.pad = in.dilation == 1 ? check_random_below((uint32_t)in.kernel_w) : 0;
    const size_t least = (pixels - 1) * in.stride + 1; /* the last window begins inside */
    in.width = (least > in.pad ? least - in.pad : 1) + ANY_OF(0, 1, side_max - 1);
    return in;
}

void any_edges(struct fid_windows *windows, size_t pixels, size_t width_max)
{
    const size_t reach = (windows->kernel_w - 1) * windows->dilation;
    const size_t room = pixels * windows->stride + reach;
    windows->pad = ANY_OF(0, reach / 2, reach, reach + 2);
    windows->width = 1 + check_random_below((uint32_t)room);
    if (windows->width > width_max)
        windows->width = width_max;
}

const void *tap_of(const struct fid_windows *windows, size_t x, size_t ky, size_t kx, size_t size)
{
    const size_t column = x * windows->stride + kx * windows->dilation - windows->pad;
    const struct fid_pixels *row = &windows->rows[ky];
    return column < windows->width ? (const char *)row->first + column * row->step * size : NULL;
}

bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

struct buffer buffer_new(size_t capacity)
{
    const size_t front = 64; /* canaries before the largest piece */
    return (struct buffer){check_guarded_floats(capacity + front), capacity + front};
}

float *buffer_take(const struct buffer *buffer, size_t count, size_t alignment)
{
    for (size_t i = 0; i < buffer->capacity; i++)
        memcpy(buffer->memory + i, &canary_bits, sizeof canary_bits);
    float *start = buffer->memory + buffer->capacity - count;
    return start - (uintptr_t)start % alignment / sizeof(float);
}

bool buffer_intact(const struct buffer *buffer, const float *start, size_t rows, size_t n,
                   size_t stride)
{
    for (size_t i = 0; i < buffer->capacity; i++) {
        const float *p = buffer->memory + i;
        const size_t at = p < start ? 0 : (size_t)(p - start);
        const bool inside = p >= start && at / stride < rows && at % stride < n;
        if (!inside && !is_canary(*p))
            return false;
    }
    return true;
}

static float any_sign(float v)
{
    return check_random() & 1 ? v : -v;
}

static float one_number(enum fill kind)
{
    switch (kind) {
    case FILL_TINY:
        return any_sign(check_random_float(1e-20f, 1e-18f));
    case FILL_DENORMAL:
        return check_random() & 1 ? any_sign(check_random_float(0.0f, 1e-38f))
                                  : check_random_float(-1.0f, 1.0f);
    case FILL_HUGE:
        return any_sign(check_random_float(1e15f, 1e17f));
    case FILL_ZEROS:
        return check_random() & 1 ? any_sign(0.0f) : check_random_float(-1.0f, 1.0f);
    case FILL_CANCEL:
        return any_sign(1024.0f + check_random_float(0.0f, 0x1p-8f));
    case FILL_RANDOM:
    case FILL_COUNT:
        break;
    }
    return check_random_float(-1.0f, 1.0f);
}

void fill(float *out, size_t count, enum fill kind)
{
    for (size_t i = 0; i < count; i++)
        out[i] = one_number(kind);
}

enum fill any_fill(void)
{
    return (enum fill)check_random_below(FILL_COUNT);
}

const char *fill_name(enum fill kind)
{
    static const char *const names[] = {"random", "tiny", "denormal", "huge", "zeros", "cancel"};
    return names[kind];
}

/* The smallest normal number: what a flushed one is smaller than. */
static const double flushed_below = 0x1p-126;
static bool flushing;

void expect_flushing(bool flushes)
{
    flushing = flushes;
}

/* A product may lose a factor, itself, and the sum after it. */
void sum_add(struct sum *sum, float a, float b)
{
    const double product = (double)a * (double)b;
    sum->value += product;
    sum->magnitude += fabs(product);
    sum->flushed += flushed_below * (2 + fabs((double)a) + fabs((double)b));
    sum->terms++;
}

void sum_post(struct sum *sum, size_t i, size_t j, const struct fid_post_f32 *post)
{
    if (post->residual)
        sum_add(sum, post->residual[i * post->residual_stride + j], 1.0f);
    if (post->slope) {
        const double slope = (double)post->slope[j];
        sum->value = sum->value < 0 ? slope * sum->value : sum->value;
        sum->magnitude *= fmax(1.0, fabs(slope));
        sum->flushed *= fmax(1.0, fabs(slope));
        sum->flushed += flushed_below * (2 + fabs(slope) + fabs(sum->value));
    }
    sum->value = fmin(fmax(sum->value, (double)post->min), (double)post->max);
}

/* Half of the contract's: the unit roundoff for each term, and half of the smallest denormal for
 * each product that underflows. */
double sum_tolerance(const struct sum *sum)
{
    const double terms = (double)sum->terms + 8;
    return terms * 0x1p-24 * sum->magnitude + terms * 0x1p-150 + (flushing ? sum->flushed : 0.0);
}

bool exactly(const struct sum *sum, float got, float reference)
{
    return same_bits(got, reference) ||
           (flushing && fabs((double)got - (double)reference) <= sum->flushed);
}

bool sum_close(const struct sum *sum, float got)
{
    return fabs((double)got - sum->value) <= sum_tolerance(sum);
}

struct post_buffers post_buffers_new(size_t rows, size_t n)
{
    return (struct post_buffers){buffer_new(rows * n), buffer_new(n)};
}

struct fid_post_f32 any_post(const struct post_buffers *buffers, size_t rows, size_t n,
                             enum fill kind)
{
    static const float limits[][2] = {
        {-INFINITY, INFINITY}, {0.0f, INFINITY}, {-INFINITY, 0.25f}, {0.0f, 6.0f}, {-0.5f, 0.5f},
    };
    const float *const limit = limits[check_random_below(sizeof limits / sizeof limits[0])];
    struct fid_post_f32 post = {.residual_stride = n, .min = limit[0], .max = limit[1]};
    if (check_random() & 1) {
        float *residual = buffer_take(&buffers->residual, rows * n, sizeof(float));
        fill(residual, rows * n, kind);
        post.residual = residual;
    }
    if (check_random() & 1) {
        float *slope = buffer_take(&buffers->slope, n, sizeof(float));
        fill(slope, n, FILL_RANDOM);
        post.slope = slope;
    }
    return post;
}

size_t any_of(const size_t *list, size_t count)
{
    return list[check_random_below((uint32_t)count)];
}
