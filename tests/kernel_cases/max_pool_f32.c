/* max_pool_f32.c - exact: the reference's bits; the reference against the definition. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>

enum { PIXELS_MAX = 7, CHANNELS_MAX = 70, SIDE_MAX = 3, WIDTH_MAX = 2 * PIXELS_MAX + SIDE_MAX };

struct pool_case {
    struct buffer sources[SIDE_MAX], out; /* rows of the input, each ending at a guard page */
    struct fid_pixels rows[SIDE_MAX];
    struct fid_windows in;
    size_t pixels, channels, stride;
    float min, max;
};

static void make_inputs(struct pool_case *c)
{
    const enum fill kind = any_fill();
    for (size_t i = 0; i < c->in.kernel_h; i++) {
        const size_t step = c->channels + ANY_OF(0, 3);
        const size_t count = (c->in.width - 1) * step + c->channels;
        float *row = buffer_take(&c->sources[i], count, sizeof(float));
        fill(row, count, kind);
        c->rows[i] = (struct fid_pixels){row, step};
    }
    c->in.rows = c->rows;
}

static struct sum expected(const struct pool_case *c, size_t x, size_t j)
{
    struct sum want = {.value = -INFINITY, .flushed = 0x1p-125}; /* of two compared */
    for (size_t ky = 0; ky < c->in.kernel_h; ky++)
        for (size_t kx = 0; kx < c->in.kernel_w; kx++) {
            const float *tap = tap_of(&c->in, x, ky, kx, sizeof(float));
            if (tap != NULL)
                want.value = fmax(want.value, (double)tap[j]);
        }
    want.value = fmin(fmax(want.value, (double)c->min), (double)c->max);
    return want;
}

static void one_case(struct pool_case *c, const struct fid_kernels *table)
{
    const struct fid_kernels *ref = fid_kernels_named("ref");
    float bits[PIXELS_MAX * CHANNELS_MAX];
    make_inputs(c);
    float *out = buffer_take(&c->out, (c->pixels - 1) * c->stride + c->channels, sizeof(float));
    table->max_pool_f32(c->pixels, c->channels, &c->in, out, c->stride, c->min, c->max);
    ref->max_pool_f32(c->pixels, c->channels, &c->in, bits, CHANNELS_MAX, c->min, c->max);
    CHECK_THAT(buffer_intact(&c->out, out, c->pixels, c->channels, c->stride),
               "writes outside: pixels %zu channels %zu stride %zu", c->pixels, c->channels,
               c->stride);
    for (size_t x = 0; x < c->pixels && !check_failed(); x++)
        for (size_t j = 0; j < c->channels && !check_failed(); j++) {
            const float got = out[x * c->stride + j];
            const struct sum want = expected(c, x, j);
            CHECK_THAT(((double)got == want.value || exactly(&want, got, (float)want.value)) &&
                           exactly(&want, got, bits[x * CHANNELS_MAX + j]),
                       "pixels %zu channels %zu kernel %zu x %zu stride %zu dilation %zu pad %zu "
                       "width %zu limits %g %g: out[%zu][%zu] is %.9g, want %.9g",
                       c->pixels, c->channels, c->in.kernel_h, c->in.kernel_w, c->in.stride,
                       c->in.dilation, c->in.pad, c->in.width, (double)c->min, (double)c->max, x, j,
                       (double)got, want.value);
        }
}

void cases_max_pool_f32(const struct fid_kernels *table)
{
    struct pool_case c = {0};
    for (size_t i = 0; i < SIDE_MAX; i++)
        c.sources[i] = buffer_new(WIDTH_MAX * (CHANNELS_MAX + 3));
    c.out = buffer_new(PIXELS_MAX * (CHANNELS_MAX + 5));
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (size_t round = 0; round < 12 && !check_failed(); round++) {
            c.pixels = 1 + check_random_below(PIXELS_MAX);
            c.in = any_pool_windows(c.pixels, SIDE_MAX);
            c.stride = c.channels + ANY_OF(0, 1, 5);
            c.min = check_random() & 1 ? 0.0f : -INFINITY;
            c.max = check_random() & 1 ? 0.5f : INFINITY;
            one_case(&c, table);
        }
}
