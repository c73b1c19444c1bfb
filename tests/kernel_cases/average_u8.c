/* average_u8.c - the very bits, for few taps and for more than 16 bits hold the sum of; behind each
 * pixel 63 bytes of any value. */
#include "tests/kernel_cases/byte_cases.h"

enum { CHANNELS_MAX = 150, TAPS_MAX = 70000, SOURCES = 12 };

struct average_case {
    const struct fid_kernels *table;
    struct bytes sources[SOURCES];
    struct buffer out;
    const uint8_t *in[TAPS_MAX];
    size_t channels, taps;
};

static void one_case(struct average_case *c)
{
    const enum byte_fill kind = any_byte_fill();
    const int32_t zero = (int32_t)ANY_OF(0, 255, check_random_below(256));
    const float scale = check_random_float(0.001f, 2.0f);
    const uint8_t *pixels[SOURCES];
    for (size_t i = 0; i < SOURCES; i++) {
        uint8_t *pixel = bytes_take(&c->sources[i], c->channels, 0, READ_BEHIND);
        fill_bytes(pixel, c->channels, kind);
        pixels[i] = pixel;
    }
    for (size_t t = 0; t < c->taps; t++)
        c->in[t] = pixels[check_random_below(SOURCES)];
    float *out = buffer_take(&c->out, c->channels, sizeof(float));
    c->table->average_u8(c->channels, c->taps, c->in, zero, scale, out);
    CHECK_THAT(buffer_intact(&c->out, out, 1, c->channels, c->channels),
               "writes outside: channels %zu taps %zu", c->channels, c->taps);
    for (size_t j = 0; j < c->channels && !check_failed(); j++) {
        int64_t sum = 0;
        for (size_t t = 0; t < c->taps; t++)
            sum += c->in[t][j] - zero;
        const float want = product((float)sum, scale);
        CHECK_THAT(same_bits(out[j], want), "channels %zu taps %zu zero %d: %.9g, want %.9g",
                   c->channels, c->taps, zero, (double)out[j], (double)want);
    }
}

void cases_average_u8(const struct fid_kernels *table)
{
    static struct average_case c;
    c.table = table;
    for (size_t i = 0; i < SOURCES; i++)
        c.sources[i] = bytes_new(CHANNELS_MAX + READ_BEHIND);
    c.out = buffer_new(CHANNELS_MAX);
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (size_t round = 0; round < 6 && !check_failed(); round++) {
            c.taps = ANY_OF(1, 2, 4, 9, 49, 300);
            one_case(&c);
        }
    for (c.channels = 7; c.channels <= CHANNELS_MAX && !check_failed(); c.channels += 61) {
        c.taps = TAPS_MAX;
        one_case(&c);
    }
}
