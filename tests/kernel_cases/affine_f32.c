/* affine_f32.c - with and without scale and shift, in place too. */
#include "tests/kernel_cases/kernel_cases.h"

#include <string.h>

enum { PIXELS_MAX = 5, CHANNELS_MAX = 70, NUMBERS_MAX = PIXELS_MAX * CHANNELS_MAX };

struct affine_case {
    struct buffer in, scale, shift, out;
    struct post_buffers post;
    size_t pixels, channels;
};

static const float *maybe(const struct buffer *buffer, size_t count, enum fill kind)
{
    if (check_random() & 1)
        return NULL;
    float *p = buffer_take(buffer, count, sizeof(float));
    fill(p, count, kind);
    return p;
}

static void one_case(const struct affine_case *c, const struct fid_kernels *table)
{
    const size_t size = c->pixels * c->channels;
    const enum fill kind = any_fill();
    const struct fid_post_f32 post = any_post(&c->post, c->pixels, c->channels, kind);
    const float *scale = maybe(&c->scale, c->channels, kind);
    const float *shift = maybe(&c->shift, c->channels, kind);
    float *in = buffer_take(&c->in, size, sizeof(float));
    float *out = buffer_take(&c->out, size, sizeof(float));
    float first[NUMBERS_MAX];
    fill(in, size, kind);
    memcpy(first, in, size * sizeof(float));
    const bool in_place = check_random() & 1;
    table->affine_f32(c->pixels, c->channels, in, scale, shift, in_place ? in : out, &post);
    const float *got = in_place ? in : out;
    CHECK_THAT(buffer_intact(in_place ? &c->in : &c->out, got, 1, size, size),
               "writes outside: pixels %zu channels %zu", c->pixels, c->channels);
    for (size_t i = 0; i < size && !check_failed(); i++) {
        const size_t j = i % c->channels;
        struct sum want = {0};
        sum_add(&want, first[i], scale ? scale[j] : 1.0f);
        sum_add(&want, shift ? shift[j] : 0.0f, 1.0f);
        sum_post(&want, i / c->channels, j, &post);
        CHECK_THAT(sum_close(&want, got[i]),
                   "pixels %zu channels %zu fill %s scale %d shift %d residual %d slope %d: "
                   "out[%zu] is %.9g, want %.9g within %.3g",
                   c->pixels, c->channels, fill_name(kind), scale != NULL, shift != NULL,
                   post.residual != NULL, post.slope != NULL, i, (double)got[i], want.value,
                   sum_tolerance(&want));
    }
}

void cases_affine_f32(const struct fid_kernels *table)
{
    struct affine_case c = {.in = buffer_new(NUMBERS_MAX),
                            .scale = buffer_new(CHANNELS_MAX),
                            .shift = buffer_new(CHANNELS_MAX),
                            .out = buffer_new(NUMBERS_MAX),
                            .post = post_buffers_new(PIXELS_MAX, CHANNELS_MAX)};
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (size_t round = 0; round < 20 && !check_failed(); round++) {
            c.pixels = 1 + check_random_below(PIXELS_MAX);
            one_case(&c, table);
        }
}
