/* max_pool_u8.c - against the definition; behind each pixel 63 bytes of any value. */
#include "tests/kernel_cases/byte_cases.h"

enum { PIXELS_MAX = 7, CHANNELS_MAX = 200, TAPS_MAX = 9, SOURCES = 12 };

struct pool_case {
    struct bytes sources[SOURCES], out;
    const uint8_t *in[PIXELS_MAX * TAPS_MAX];
    size_t pixels, channels, taps, step, stride;
};

static void make_inputs(struct pool_case *c)
{
    const enum byte_fill kind = any_byte_fill();
    const uint8_t *pixels[SOURCES];
    for (size_t i = 0; i < SOURCES; i++) {
        uint8_t *pixel = bytes_take(&c->sources[i], c->channels, 0, READ_BEHIND);
        fill_bytes(pixel, c->channels, kind);
        pixels[i] = pixel;
    }
    for (size_t i = 0; i < PIXELS_MAX * TAPS_MAX; i++)
        c->in[i] = pixels[check_random_below(SOURCES)];
}

static int expected(const struct pool_case *c, size_t x, size_t j)
{
    int most = -1;
    for (size_t t = 0; t < c->taps; t++)
        if (c->in[x * c->step + t][j] > most)
            most = c->in[x * c->step + t][j];
    return most;
}

static void one_case(struct pool_case *c, const struct fid_kernels *table)
{
    make_inputs(c);
    uint8_t *out = bytes_take(&c->out, (c->pixels - 1) * c->stride + c->channels, 0, 0);
    table->max_pool_u8(c->pixels, c->channels, c->taps, c->in, c->step, out, c->stride);
    CHECK_THAT(bytes_intact(&c->out, out, c->pixels, c->channels, c->stride),
               "writes outside: pixels %zu channels %zu stride %zu", c->pixels, c->channels,
               c->stride);
    for (size_t x = 0; x < c->pixels && !check_failed(); x++)
        for (size_t j = 0; j < c->channels && !check_failed(); j++) {
            const int got = out[x * c->stride + j], want = expected(c, x, j);
            CHECK_THAT(got == want,
                       "pixels %zu channels %zu taps %zu step %zu: out[%zu][%zu] is %d, want %d",
                       c->pixels, c->channels, c->taps, c->step, x, j, got, want);
        }
}

void cases_max_pool_u8(const struct fid_kernels *table)
{
    static struct pool_case c;
    for (size_t i = 0; i < SOURCES; i++)
        c.sources[i] = bytes_new(CHANNELS_MAX + READ_BEHIND);
    c.out = bytes_new(PIXELS_MAX * (CHANNELS_MAX + 5));
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (size_t round = 0; round < 6 && !check_failed(); round++) {
            c.pixels = 1 + check_random_below(PIXELS_MAX);
            c.taps = ANY_OF(1, 2, 4, TAPS_MAX);
            c.step = 1 + check_random_below((uint32_t)c.taps);
            c.stride = c.channels + ANY_OF(0, 1, 5);
            one_case(&c, table);
        }
}
