/* layer_norm_f32.c - against the formula in double precision, in place too. Numbers of
 * which nothing overflows: near each other, far apart, all alike, and far from 0, where
 * the mean takes most. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>
#include <string.h>

enum { PIXELS_MAX = 4, CHANNELS_MAX = 140, NUMBERS_MAX = PIXELS_MAX * CHANNELS_MAX };

struct norm_case {
    struct buffer in, scale, shift, out;
    size_t pixels, channels;
};

static void check_pixel(const struct norm_case *c, const float *in, const float *scale,
                        const float *shift, float epsilon, const float *got)
{
    const double n = (double)c->channels;
    double mean = 0, magnitude = 0, variance = 0;
    for (size_t j = 0; j < c->channels; j++) {
        mean += (double)in[j] / n;
        magnitude += fabs((double)in[j]) / n;
    }
    for (size_t j = 0; j < c->channels; j++)
        variance += pow((double)in[j] - mean, 2) / n;
    const double s = sqrt(variance + (double)epsilon), e = (n + 8) * 0x1p-23 * magnitude;
    for (size_t j = 0; j < c->channels && !check_failed(); j++) {
        const double d = (double)in[j] - mean, factor = (double)scale[j];
        const double want = d / s * factor + (double)shift[j];
        const double off = e + fabs(d) * (e / s + (n + 16) * 0x1p-23);
        const double tolerance = fabs(factor) * off / s + 0x1p-23 * fabs((double)shift[j]);
        CHECK_THAT(fabs((double)got[j] - want) <= tolerance + 0x1p-126,
                   "channels %zu epsilon %g: out[%zu] is %.9g, want %.9g within %.3g", c->channels,
                   (double)epsilon, j, (double)got[j], want, tolerance);
    }
}

static void one_case(const struct norm_case *c, const struct fid_kernels *table)
{
    static const float middles[] = {0, 0, 100, -3}, widths[] = {1, 1e-3f, 1, 0};
    const size_t size = c->pixels * c->channels, kind = check_random_below(4);
    const float epsilon = check_random() & 1 ? 1e-6f : 0.25f;
    float *in = buffer_take(&c->in, size, sizeof(float));
    float *out = buffer_take(&c->out, size, sizeof(float));
    float *scale = buffer_take(&c->scale, c->channels, sizeof(float));
    float *shift = buffer_take(&c->shift, c->channels, sizeof(float));
    float first[NUMBERS_MAX];
    fill(scale, c->channels, FILL_RANDOM);
    fill(shift, c->channels, FILL_RANDOM);
    for (size_t i = 0; i < size; i++)
        first[i] = in[i] = middles[kind] + widths[kind] * check_random_float(-1, 1);
    const bool in_place = check_random() & 1;
    float *got = in_place ? in : out;
    table->layer_norm_f32(c->pixels, c->channels, in, scale, shift, epsilon, got);
    CHECK_THAT(buffer_intact(in_place ? &c->in : &c->out, got, 1, size, size),
               "writes outside: pixels %zu channels %zu", c->pixels, c->channels);
    for (size_t x = 0; x < c->pixels && !check_failed(); x++)
        check_pixel(c, first + x * c->channels, scale, shift, epsilon, got + x * c->channels);
}

void cases_layer_norm_f32(const struct fid_kernels *table)
{
    struct norm_case c = {.in = buffer_new(NUMBERS_MAX),
                          .scale = buffer_new(CHANNELS_MAX),
                          .shift = buffer_new(CHANNELS_MAX),
                          .out = buffer_new(NUMBERS_MAX)};
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (c.pixels = 1; c.pixels <= PIXELS_MAX && !check_failed(); c.pixels++)
            one_case(&c, table);
}
