/* average_f32.c - exact: the reference's bits; the reference against double precision. */
#include "tests/kernel_cases/kernel_cases.h"

enum { CHANNELS_MAX = 150, TAPS_MAX = 49 };

static void one_case(const struct fid_kernels *table, size_t channels, size_t taps,
                     const struct buffer *sources, const struct buffer *out_buffer)
{
    const enum fill kind = any_fill();
    const float scale = 1.0f / (float)taps;
    const float *in[TAPS_MAX];
    float bits[CHANNELS_MAX];
    for (size_t t = 0; t < taps; t++) {
        float *pixel = buffer_take(&sources[t], channels, sizeof(float));
        fill(pixel, channels, kind);
        in[t] = pixel;
    }
    float *out = buffer_take(out_buffer, channels, sizeof(float));
    table->average_f32(channels, taps, in, scale, out);
    fid_kernels_named("ref")->average_f32(channels, taps, in, scale, bits);
    CHECK_THAT(buffer_intact(out_buffer, out, 1, channels, channels),
               "writes outside: channels %zu taps %zu", channels, taps);
    for (size_t j = 0; j < channels && !check_failed(); j++) {
        struct sum want = {0};
        for (size_t t = 0; t < taps; t++)
            sum_add(&want, in[t][j], scale);
        CHECK_THAT(sum_close(&want, out[j]) && exactly(&want, out[j], bits[j]),
                   "channels %zu taps %zu fill %s: out[%zu] is %.9g, want %.9g", channels, taps,
                   fill_name(kind), j, (double)out[j], want.value);
    }
}

void cases_average_f32(const struct fid_kernels *table)
{
    struct buffer sources[TAPS_MAX];
    for (size_t t = 0; t < TAPS_MAX; t++)
        sources[t] = buffer_new(CHANNELS_MAX);
    const struct buffer out = buffer_new(CHANNELS_MAX);
    for (size_t channels = 1; channels <= CHANNELS_MAX && !check_failed(); channels++)
        for (size_t round = 0; round < 5 && !check_failed(); round++)
            one_case(table, channels, ANY_OF(1, 2, 4, 9, TAPS_MAX), sources, &out);
}
