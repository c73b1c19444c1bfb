/* byte_cases.c - what the cases of int8 kernels share: buffers with guard bytes, and fills. */
#include "tests/kernel_cases/byte_cases.h"

#include <math.h>

static uint8_t canary(size_t i)
{
    return (uint8_t)(i * 167 + 41);
}

struct bytes bytes_new(size_t capacity)
{
    const size_t front = 256; /* canaries before the largest piece */
    return (struct bytes){check_guarded_bytes(capacity + front), capacity + front};
}

uint8_t *bytes_take(const struct bytes *bytes, size_t count, size_t alignment, size_t slack)
{
    for (size_t i = 0; i < bytes->capacity; i++)
        bytes->memory[i] = canary(i);
    uint8_t *start = bytes->memory + bytes->capacity - slack - count;
    return alignment ? start - (uintptr_t)start % alignment : start;
}

bool bytes_intact(const struct bytes *bytes, const uint8_t *start, size_t rows, size_t n,
                  size_t stride)
{
    const size_t first = (size_t)(start - bytes->memory);
    for (size_t i = 0; i < bytes->capacity; i++) {
        const size_t at = i - first;
        const bool inside = i >= first && at / stride < rows && at % stride < n;
        if (!inside && bytes->memory[i] != canary(i))
            return false;
    }
    return true;
}

static unsigned one_byte(enum byte_fill kind, unsigned most, unsigned small)
{
    switch (kind) {
    case BYTES_EXTREME:
        return check_random() & 1 ? most : 0;
    case BYTES_LEAST:
        return 0;
    case BYTES_MOST:
        return most;
    case BYTES_SMALL:
        return small + check_random_below(3);
    case BYTES_ANY:
    case BYTES_FILLS:
        break;
    }
    return check_random_below(most + 1);
}

void fill_bytes(uint8_t *out, size_t count, enum byte_fill kind)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)one_byte(kind, 255, 0);
}

void fill_weights(int8_t *out, size_t count, enum byte_fill kind)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (int8_t)((int)one_byte(kind, 254, 126) - 127);
}

enum byte_fill any_byte_fill(void)
{
    return (enum byte_fill)check_random_below(BYTES_FILLS);
}

double sum_magnitude(size_t count, enum byte_fill bytes, enum byte_fill weights)
{
    return (double)count * (bytes == BYTES_SMALL ? 2 : 255) * (weights == BYTES_SMALL ? 1 : 127);
}

/* ---- what follows the sum ---- */

/* A scale that brings sums to steps of bytes: a power of two, so that there are halves; any number;
 * now and then the least and the greatest that there may be. */
static float any_scale(double magnitude)
{
    switch (check_random_below(12)) {
    case 0:
        return 0x1p-90f;
    case 1:
        return 0x1p90f;
    case 2:
        return 0.5f;
    case 3:
        return 0.25f;
    case 4:
    case 5:
        return (float)exp2(-floor(log2(1 + magnitude / 100)) - 1);
    default:
        return (float)(200 / magnitude) * check_random_float(0.1f, 2.0f);
    }
}

void any_limits(float *low, float *high, size_t n, int32_t zero)
{
    const bool whole = check_random() & 1;
    for (size_t j = 0; j < n; j++) {
        low[j] = (float)-zero + (whole ? 0.0f : check_random_float(0.0f, 100.0f));
        high[j] = (float)(255 - zero) - (whole ? 0.0f : check_random_float(0.0f, 100.0f));
    }
}

/* ±2^b of up to `bits` bits, and lower ones, so that many magnitudes come. */
static int32_t any_integer(uint32_t bits)
{
    const int32_t v = (int32_t)check_random_below(1u << check_random_below(bits + 1));
    return check_random() & 1 ? v : -v;
}

struct fid_post_s8 any_columns(struct columns *columns, size_t n, double magnitude)
{
    const uint32_t bias_bits = (uint32_t)ANY_OF(6, 12, 30);
    struct fid_post_s8 post = {.zero = (int32_t)ANY_OF(0, 255, 128, check_random_below(256)),
                               .slope = check_random() & 1,
                               .f32 = check_random_below(3) == 0};
    magnitude = fmax(magnitude, exp2(bias_bits));
    any_limits(columns->low, columns->high, n, post.zero);
    for (size_t j = 0; j < n; j++) {
        columns->bias[j] = any_integer(bias_bits);
        columns->scale[j] = any_scale(magnitude);
        columns->slope[j] = check_random_float(-1.0f, 2.0f);
        columns->residual[j] = check_random_float(0.01f, 3.0f);
        if (post.f32 && check_random() & 1)
            columns->low[j] = -INFINITY, columns->high[j] = INFINITY;
    }
    return post;
}

struct fid_columns_s8 columns_of(const struct columns *columns)
{
    return (struct fid_columns_s8){.bias = columns->bias,
                                   .scale = columns->scale,
                                   .low = columns->low,
                                   .high = columns->high,
                                   .slope = columns->slope,
                                   .residual = columns->residual};
}

float product(float a, float b)
{
    return (float)((double)a * (double)b);
}

float sum_of_two(float a, float b)
{
    return (float)((double)a + (double)b);
}

float limited(float v, float low, float high)
{
    return fminf(fmaxf(v, low), high);
}

float posted(int64_t sum, size_t j, const struct columns *columns, uint8_t residual,
             const struct fid_post_s8 *post)
{
    float v = product((float)sum, columns->scale[j]);
    if (post->residual)
        v = sum_of_two(v, product((float)(residual - post->residual_zero), columns->residual[j]));
    if (post->slope && v < 0)
        v = product(columns->slope[j], v);
    v = limited(v, columns->low[j], columns->high[j]);
    return v == 0 ? 0.0f : v;
}

static size_t halves;

int nearest_byte(float v, int32_t zero)
{
    const double below = floor((double)v), rest = (double)v - below;
    const bool odd = fmod(below, 2) != 0;
    const double byte = below + (rest > 0.5 || (rest == 0.5 && odd)) + zero;
    halves += rest == 0.5;
    return byte >= 0 && byte <= 255 ? (int)byte : -1;
}

size_t halves_seen(void)
{
    return halves;
}
