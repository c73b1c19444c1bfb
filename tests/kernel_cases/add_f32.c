/* add_f32.c - exact: the reference's bits, in place too; the reference against double precision. */
#include "tests/kernel_cases/kernel_cases.h"

#include <string.h>

enum { PIXELS_MAX = 5, CHANNELS_MAX = 70, NUMBERS_MAX = PIXELS_MAX * CHANNELS_MAX };

struct add_case {
    struct buffer a, b, out;
    struct post_buffers post;
    size_t pixels, channels;
};

static void one_case(const struct add_case *c, const struct fid_kernels *table)
{
    const size_t size = c->pixels * c->channels;
    const enum fill kind = any_fill();
    const struct fid_post_f32 post = any_post(&c->post, c->pixels, c->channels, kind);
    float *a = buffer_take(&c->a, size, sizeof(float));
    float *b = buffer_take(&c->b, size, sizeof(float));
    float *out = buffer_take(&c->out, size, sizeof(float));
    float bits[NUMBERS_MAX], first[NUMBERS_MAX];
    fill(a, size, kind);
    fill(b, size, kind);
    memcpy(first, a, size * sizeof(float));
    const bool in_place = check_random() & 1;
    fid_kernels_named("ref")->add_f32(c->pixels, c->channels, a, b, bits, &post);
    table->add_f32(c->pixels, c->channels, a, b, in_place ? a : out, &post);
    const float *got = in_place ? a : out;
    CHECK_THAT(buffer_intact(in_place ? &c->a : &c->out, got, 1, size, size),
               "writes outside: pixels %zu channels %zu", c->pixels, c->channels);
    for (size_t i = 0; i < size && !check_failed(); i++) {
        struct sum want = {0};
        sum_add(&want, first[i], 1.0f);
        sum_add(&want, b[i], 1.0f);
        sum_post(&want, i / c->channels, i % c->channels, &post);
        CHECK_THAT(sum_close(&want, got[i]) && exactly(&want, got[i], bits[i]),
                   "pixels %zu channels %zu fill %s residual %d slope %d: out[%zu] is %.9g, want "
                   "%.9g",
                   c->pixels, c->channels, fill_name(kind), post.residual != NULL,
                   post.slope != NULL, i, (double)got[i], want.value);
    }
}

void cases_add_f32(const struct fid_kernels *table)
{
    struct add_case c = {.a = buffer_new(NUMBERS_MAX),
                         .b = buffer_new(NUMBERS_MAX),
                         .out = buffer_new(NUMBERS_MAX),
                         .post = post_buffers_new(PIXELS_MAX, CHANNELS_MAX)};
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (c.pixels = 1; c.pixels <= PIXELS_MAX && !check_failed(); c.pixels++)
            one_case(&c, table);
}
