/* winograd_output_f32.c - both tile sizes, whole and cut tiles, channels around the vector, all
 * posts, over the residual too. */
#include "kernels/winograd.h"
#include "tests/kernel_cases/kernel_cases.h"

#include <string.h>

enum {
    CHANNELS_MAX = 70,
    M_MAX = FID_WINOGRAD_M_MAX,
    ALPHA_MAX = FID_WINOGRAD_ALPHA_MAX,
    POSITIONS_MAX = ALPHA_MAX * ALPHA_MAX,
    OUT_MAX = M_MAX * (M_MAX + 1) * (CHANNELS_MAX + 5)
};

struct output_case {
    struct buffer in, bias, out, residual;
    struct post_buffers post; /* for its slope and limits */
    const float *in_at, *bias_at;
    size_t m, channels, rows, columns, in_step, row_step, column_step, out_size;
    enum fill kind;
};

static struct sum expected(const struct output_case *c, size_t y, size_t x, size_t j)
{
    const struct fid_winograd_matrices *matrices = fid_winograd_matrices(c->m);
    const size_t alpha = c->m + 2;
    struct sum sum = {0};
    sum_add(&sum, c->bias_at[j], 1.0f);
    for (size_t v = 0; v < alpha; v++)
        for (size_t u = 0; u < alpha; u++)
            sum_add(&sum, matrices->at[y][v] * matrices->at[x][u],
                    c->in_at[(v * alpha + u) * c->in_step + j]);
    return sum;
}

static float *filled(const struct buffer *buffer, size_t count, enum fill kind)
{
    float *numbers = buffer_take(buffer, count, sizeof(float));
    fill(numbers, count, kind);
    return numbers;
}

/* Are the numbers between those of the tile still what they were? */
static bool gaps_intact(const struct output_case *c, const float *out, const float *before)
{
    for (size_t i = 0; i < c->out_size; i++) {
        const size_t y = i / c->row_step, x = i % c->row_step / c->column_step;
        const bool inside =
            y < c->rows && x < c->columns && i % c->row_step % c->column_step < c->channels;
        if (!inside && !same_bits(out[i], before[i]))
            return false;
    }
    return true;
}

static void check_numbers(const struct output_case *c, const float *out,
                          const struct fid_post_f32 *post, const float *residual)
{
    for (size_t y = 0; y < c->rows; y++)
        for (size_t x = 0; x < c->columns; x++)
            for (size_t j = 0; j < c->channels && !check_failed(); j++) {
                const size_t at = y * c->row_step + x * c->column_step + j;
                struct fid_post_f32 here = *post;
                struct sum want = expected(c, y, x, j);
                here.residual = residual != NULL ? residual + at - j : NULL;
                sum_post(&want, 0, j, &here);
                CHECK_THAT(sum_close(&want, out[at]),
                           "m %zu channels %zu rows %zu columns %zu fill %s residual %d slope %d "
                           "limits %g %g: (%zu, %zu, %zu) is %.9g, want %.9g within %.3g",
                           c->m, c->channels, c->rows, c->columns, fill_name(c->kind),
                           residual != NULL, post->slope != NULL, (double)post->min,
                           (double)post->max, y, x, j, (double)out[at], want.value,
                           sum_tolerance(&want));
            }
}

static void one_case(struct output_case *c, const struct fid_kernels *table)
{
    static float before[OUT_MAX];
    const size_t positions = (c->m + 2) * (c->m + 2);
    c->kind = any_fill();
    c->in_at = filled(&c->in, (positions - 1) * c->in_step + c->channels, c->kind);
    c->bias_at = filled(&c->bias, c->channels, c->kind);
    c->out_size = (c->rows - 1) * c->row_step + (c->columns - 1) * c->column_step + c->channels;
    struct fid_post_f32 post = any_post(&c->post, 1, c->channels, c->kind);
    float *residual = filled(&c->residual, c->out_size, c->kind);
    float *out = filled(&c->out, c->out_size, FILL_RANDOM);
    if (check_random() & 1)
        memcpy(before, residual, c->out_size * sizeof *out), out = residual;
    else
        memcpy(before, out, c->out_size * sizeof *out);
    post.residual = post.residual != NULL ? residual : NULL;
    static float residual_before[OUT_MAX];
    memcpy(residual_before, residual, c->out_size * sizeof *out);
    table->winograd_output_f32(c->m, c->channels, c->in_at, c->in_step, c->bias_at, c->rows,
                               c->columns, out, c->row_step, c->column_step, &post);
    CHECK_THAT(gaps_intact(c, out, before) &&
                   buffer_intact(out == residual ? &c->residual : &c->out, out, 1, c->out_size,
                                 c->out_size),
               "writes outside: m %zu channels %zu rows %zu columns %zu", c->m, c->channels,
               c->rows, c->columns);
    check_numbers(c, out, &post, post.residual != NULL ? residual_before : NULL);
}

void cases_winograd_output_f32(const struct fid_kernels *table)
{
    static struct output_case c;
    c.in = buffer_new(POSITIONS_MAX * (CHANNELS_MAX + 5));
    c.bias = buffer_new(CHANNELS_MAX);
    c.out = buffer_new(OUT_MAX);
    c.residual = buffer_new(OUT_MAX);
    c.post = post_buffers_new(1, CHANNELS_MAX);
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (size_t round = 0; round < 12 && !check_failed(); round++) {
            c.m = ANY_OF(2, 4);
            c.rows = 1 + check_random_below((uint32_t)c.m);
            c.columns = 1 + check_random_below((uint32_t)c.m);
            c.in_step = c.channels + ANY_OF(0, 1, 5);
            c.column_step = c.channels + ANY_OF(0, 1, 5);
            c.row_step = (c.columns + ANY_OF(0, 1)) * c.column_step;
            one_case(&c, table);
        }
}
