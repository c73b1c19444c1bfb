/* from_u8.c - the very bits, for all channels around the vectors. */
#include "tests/kernel_cases/byte_cases.h"

enum { PIXELS_MAX = 4, CHANNELS_MAX = 150, NUMBERS_MAX = PIXELS_MAX * CHANNELS_MAX };

struct from_case {
    struct bytes in;
    struct buffer scale, out;
    size_t pixels, channels;
};

static void one_case(const struct from_case *c, const struct fid_kernels *table)
{
    const size_t size = c->pixels * c->channels;
    const int32_t zero = (int32_t)ANY_OF(0, 255, 128, check_random_below(256));
    uint8_t *in = bytes_take(&c->in, size, 0, 0);
    float *scale = buffer_take(&c->scale, c->channels, sizeof(float));
    float *out = buffer_take(&c->out, size, sizeof(float));
    fill_bytes(in, size, any_byte_fill());
    for (size_t j = 0; j < c->channels; j++)
        scale[j] = check_random_float(0.001f, 2.0f);
    table->from_u8(c->pixels, c->channels, in, scale, zero, out);
    CHECK_THAT(buffer_intact(&c->out, out, 1, size, size),
               "writes outside: pixels %zu channels %zu", c->pixels, c->channels);
    for (size_t i = 0; i < size && !check_failed(); i++) {
        const float want = product((float)(in[i] - zero), scale[i % c->channels]);
        CHECK_THAT(same_bits(out[i], want), "pixels %zu channels %zu zero %d: %.9g, want %.9g",
                   c->pixels, c->channels, zero, (double)out[i], (double)want);
    }
}

void cases_from_u8(const struct fid_kernels *table)
{
    struct from_case c = {.in = bytes_new(NUMBERS_MAX),
                          .scale = buffer_new(CHANNELS_MAX),
                          .out = buffer_new(NUMBERS_MAX)};
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (c.pixels = 1; c.pixels <= PIXELS_MAX && !check_failed(); c.pixels++)
            one_case(&c, table);
}
