/* add_u8.c - the very bytes, in place too, for all channels around the vectors. */
#include "tests/kernel_cases/byte_cases.h"

#include <string.h>

enum { PIXELS_MAX = 5, CHANNELS_MAX = 150, BYTES_MAX = PIXELS_MAX * CHANNELS_MAX };

struct add_case {
    struct bytes a, b, out;
    struct buffer vectors[5];
    struct fid_add_u8 how;
    size_t pixels, channels;
};

static void make_vectors(struct add_case *c)
{
    float *at[5];
    for (size_t i = 0; i < 5; i++)
        at[i] = buffer_take(&c->vectors[i], c->channels, sizeof(float));
    /* Powers of two make halves. */
    const bool halves = check_random() & 1;
    for (size_t j = 0; j < c->channels; j++) {
        at[0][j] = halves ? 0.5f : check_random_float(0.01f, 2.0f);
        at[1][j] = halves ? 0.25f : check_random_float(0.01f, 2.0f);
        at[2][j] = check_random_float(-1.0f, 2.0f);
    }
    c->how = (struct fid_add_u8){.a_scale = at[0],
                                 .b_scale = at[1],
                                 .slope = check_random() & 1 ? at[2] : NULL,
                                 .low = at[3],
                                 .high = at[4],
                                 .a_zero = (int32_t)check_random_below(256),
                                 .b_zero = (int32_t)ANY_OF(0, 255, 128),
                                 .zero = (int32_t)ANY_OF(0, 255, check_random_below(256))};
    any_limits(at[3], at[4], c->channels, c->how.zero);
}

static float expected(const struct fid_add_u8 *how, size_t j, uint8_t a, uint8_t b)
{
    float v = sum_of_two(product((float)(a - how->a_zero), how->a_scale[j]),
                         product((float)(b - how->b_zero), how->b_scale[j]));
    if (how->slope && v < 0)
        v = product(how->slope[j], v);
    return limited(v, how->low[j], how->high[j]);
}

static void one_case(struct add_case *c, const struct fid_kernels *table)
{
    const size_t size = c->pixels * c->channels;
    const size_t place = check_random_below(3); /* of the output: its own, a's, b's */
    uint8_t first[2][BYTES_MAX];
    make_vectors(c);
    uint8_t *a = bytes_take(&c->a, size, 0, 0), *b = bytes_take(&c->b, size, 0, 0);
    uint8_t *out = bytes_take(&c->out, size, 0, 0);
    fill_bytes(a, size, any_byte_fill());
    fill_bytes(b, size, any_byte_fill());
    memcpy(first[0], a, size);
    memcpy(first[1], b, size);
    uint8_t *got = place == 0 ? out : place == 1 ? a : b;
    table->add_u8(c->pixels, c->channels, a, b, got, &c->how);
    CHECK_THAT(bytes_intact(place == 0   ? &c->out
                            : place == 1 ? &c->a
                                         : &c->b,
                            got, 1, size, size),
               "writes outside: pixels %zu channels %zu", c->pixels, c->channels);
    for (size_t i = 0; i < size && !check_failed(); i++) {
        const float v = expected(&c->how, i % c->channels, first[0][i], first[1][i]);
        const int want = nearest_byte(v, c->how.zero);
        CHECK_THAT(got[i] == want,
                   "pixels %zu channels %zu slope %d in place of %zu: out[%zu] is %d, want %d "
                   "(%.9g)",
                   c->pixels, c->channels, c->how.slope != NULL, place, i, got[i], want, (double)v);
    }
}

void cases_add_u8(const struct fid_kernels *table)
{
    const size_t halves = halves_seen();
    struct add_case c = {
        .a = bytes_new(BYTES_MAX), .b = bytes_new(BYTES_MAX), .out = bytes_new(BYTES_MAX)};
    for (size_t i = 0; i < 5; i++)
        c.vectors[i] = buffer_new(CHANNELS_MAX);
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (c.pixels = 1; c.pixels <= PIXELS_MAX && !check_failed(); c.pixels++)
            one_case(&c, table);
    CHECK_THAT(check_failed() || halves_seen() > halves + 50, "only %zu halves",
               halves_seen() - halves);
}
