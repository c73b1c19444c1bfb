/* winograd_input_f32.c - both tile sizes, channels around the vector, steps
 * with and without gaps. */
#include "kernels/winograd.h"
#include "tests/kernel_cases/kernel_cases.h"

enum { CHANNELS_MAX = 70, ALPHA_MAX = FID_WINOGRAD_ALPHA_MAX, PIXELS_MAX = ALPHA_MAX * ALPHA_MAX };

struct input_case {
    struct buffer pixels[PIXELS_MAX], out;
    const float *in[PIXELS_MAX];
    size_t m, channels, step;
    enum fill kind;
};

static struct sum expected(const struct input_case *c, size_t y, size_t x, size_t j)
{
    const struct fid_winograd_matrices *matrices = fid_winograd_matrices(c->m);
    const size_t alpha = c->m + 2;
    struct sum sum = {0};
    for (size_t v = 0; v < alpha; v++)
        for (size_t u = 0; u < alpha; u++)
            sum_add(&sum, matrices->bt[y][v] * matrices->bt[x][u], c->in[v * alpha + u][j]);
    return sum;
}

static void one_case(struct input_case *c, const struct fid_kernels *table)
{
    const size_t alpha = c->m + 2, positions = alpha * alpha;
    c->kind = any_fill();
    for (size_t i = 0; i < positions; i++) {
        float *pixel = buffer_take(&c->pixels[i], c->channels, sizeof(float));
        fill(pixel, c->channels, c->kind);
        c->in[i] = pixel;
    }
    float *out = buffer_take(&c->out, (positions - 1) * c->step + c->channels, sizeof(float));
    table->winograd_input_f32(c->m, c->channels, c->in, out, c->step);
    CHECK_THAT(buffer_intact(&c->out, out, positions, c->channels, c->step),
               "writes outside: m %zu channels %zu step %zu", c->m, c->channels, c->step);
    for (size_t i = 0; i < positions; i++)
        for (size_t j = 0; j < c->channels && !check_failed(); j++) {
            const struct sum want = expected(c, i / alpha, i % alpha, j);
            const float got = out[i * c->step + j];
            CHECK_THAT(sum_close(&want, got),
                       "m %zu channels %zu fill %s: position %zu channel %zu is %.9g, want %.9g "
                       "within %.3g",
                       c->m, c->channels, fill_name(c->kind), i, j, (double)got, want.value,
                       sum_tolerance(&want));
        }
}

void cases_winograd_input_f32(const struct fid_kernels *table)
{
    struct input_case c = {0};
    for (size_t i = 0; i < PIXELS_MAX; i++)
        c.pixels[i] = buffer_new(CHANNELS_MAX);
    c.out = buffer_new(PIXELS_MAX * (CHANNELS_MAX + 5));
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (size_t round = 0; round < 6 && !check_failed(); round++) {
            c.m = ANY_OF(2, 4);
            c.step = c.channels + ANY_OF(0, 1, 5);
            one_case(&c, table);
        }
}
