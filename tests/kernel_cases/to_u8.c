/* to_u8.c - the very bytes: numbers in and far out of the range, none at all, and many halves. */
#include "tests/kernel_cases/byte_cases.h"

#include <math.h>

enum { PIXELS_MAX = 4, CHANNELS_MAX = 150, NUMBERS_MAX = PIXELS_MAX * CHANNELS_MAX };

struct to_case {
    struct buffer in, inverse;
    struct bytes out;
    size_t pixels, channels;
};

static void one_case(const struct to_case *c, const struct fid_kernels *table)
{
    static const float no_numbers[] = {NAN, INFINITY, -INFINITY};
    const size_t size = c->pixels * c->channels;
    const int32_t zero = (int32_t)ANY_OF(0, 255, 128, check_random_below(256));
    const bool halves = check_random() & 1;
    float *in = buffer_take(&c->in, size, sizeof(float));
    float *inverse = buffer_take(&c->inverse, c->channels, sizeof(float));
    for (size_t i = 0; i < size; i++)
        in[i] = halves ? (float)((int)check_random_below(1024) - 512)
                       : check_random_float(-400.0f, 400.0f);
    if (check_random_below(4) == 0)
        fill(in, size, any_fill());
    for (size_t i = check_random_below(8); i < size; i += 1 + check_random_below(64))
        in[i] = no_numbers[check_random_below(3)];
    for (size_t j = 0; j < c->channels; j++)
        inverse[j] = halves ? 0.5f : check_random_float(0.01f, 3.0f);
    uint8_t *out = bytes_take(&c->out, size, 0, 0);
    table->to_u8(c->pixels, c->channels, in, inverse, zero, out);
    CHECK_THAT(bytes_intact(&c->out, out, 1, size, size), "writes outside: pixels %zu channels %zu",
               c->pixels, c->channels);
    for (size_t i = 0; i < size && !check_failed(); i++) {
        const float v =
            limited(product(in[i], inverse[i % c->channels]), (float)-zero, (float)(255 - zero));
        const int want = nearest_byte(v, zero);
        CHECK_THAT(out[i] == want, "pixels %zu channels %zu zero %d: out[%zu] is %d, want %d",
                   c->pixels, c->channels, zero, i, out[i], want);
    }
}

void cases_to_u8(const struct fid_kernels *table)
{
    const size_t halves = halves_seen();
    struct to_case c = {.in = buffer_new(NUMBERS_MAX),
                        .inverse = buffer_new(CHANNELS_MAX),
                        .out = bytes_new(NUMBERS_MAX)};
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (c.pixels = 1; c.pixels <= PIXELS_MAX && !check_failed(); c.pixels++)
            one_case(&c, table);
    CHECK_THAT(check_failed() || halves_seen() > halves + 50, "only %zu halves",
               halves_seen() - halves);
}
