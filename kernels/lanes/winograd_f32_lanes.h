/* winograd_f32_lanes.h - slots winograd_input_f32 and winograd_output_f32: the transforms around
 * the products of Winograd's convolution (kernels/winograd.h), a vector of channels at a time.
 *
 * Each is a transform of the columns of a tile and then of its rows; the tile between the two
 * stays in registers and, where there are too few, on the stack in the first-level cache.
 * Pairs of points ±x share their even and odd part. Called by the Winograd layers of
 * engine/nn, a tile at a time. */
#ifndef FID_KERNELS_WINOGRAD_F32_LANES_H
#define FID_KERNELS_WINOGRAD_F32_LANES_H

#include "kernels/winograd.h"

enum { ALPHA_MAX = FID_WINOGRAD_ALPHA_MAX, M_MAX = FID_WINOGRAD_M_MAX };

FID_INLINE lanes_f32 sub_lanes(lanes_f32 a, lanes_f32 b)
{
    return fma_lanes(b, set_lanes(-1.0f), a);
}

/* x · factor + y */
FID_INLINE lanes_f32 scaled(float factor, lanes_f32 x, lanes_f32 y)
{
    return fma_lanes(set_lanes(factor), x, y);
}

/* Bᵀ on α vectors, `step` places apart. */
FID_INLINE void transform_input(const size_t m, const lanes_f32 *d, const size_t step, lanes_f32 *t)
{
    if (m == 2) {
        t[0] = sub_lanes(d[0], d[2 * step]);
        t[1] = add_lanes(d[step], d[2 * step]);
        t[2] = sub_lanes(d[2 * step], d[step]);
        t[3] = sub_lanes(d[step], d[3 * step]);
        return;
    }
    const lanes_f32 d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    const lanes_f32 even_a = scaled(-FID_WINOGRAD_BB, d2, d4),
                    odd_a = scaled(-FID_WINOGRAD_BB, d1, d3);
    const lanes_f32 even_b = scaled(-FID_WINOGRAD_AA, d2, d4),
                    odd_b = scaled(-FID_WINOGRAD_AA, d1, d3);
    t[0] = scaled(FID_WINOGRAD_AA * FID_WINOGRAD_BB, d[0],
                  scaled(-(FID_WINOGRAD_AA + FID_WINOGRAD_BB), d2, d4));
    t[1] = scaled(FID_WINOGRAD_A, odd_a, even_a);
    t[2] = scaled(-FID_WINOGRAD_A, odd_a, even_a);
    t[3] = scaled(FID_WINOGRAD_B, odd_b, even_b);
    t[4] = scaled(-FID_WINOGRAD_B, odd_b, even_b);
    t[5] = scaled(FID_WINOGRAD_AA * FID_WINOGRAD_BB, d1,
                  scaled(-(FID_WINOGRAD_AA + FID_WINOGRAD_BB), d3, d[5 * step]));
}

/* Aᵀ on α vectors, `step` places apart. */
FID_INLINE void transform_output(const size_t m, const lanes_f32 *t, const size_t step,
                                 lanes_f32 *y)
{
    const lanes_f32 even_a = add_lanes(t[step], t[2 * step]);
    const lanes_f32 odd_a = sub_lanes(t[step], t[2 * step]);
    if (m == 2) {
        y[0] = add_lanes(t[0], even_a);
        y[1] = sub_lanes(odd_a, t[3 * step]);
        return;
    }
    const lanes_f32 even_b = add_lanes(t[3 * step], t[4 * step]);
    const lanes_f32 odd_b = sub_lanes(t[3 * step], t[4 * step]);
    y[0] = add_lanes(t[0], add_lanes(even_a, even_b));
    y[1] = scaled(FID_WINOGRAD_A, odd_a, mul_lanes(set_lanes(FID_WINOGRAD_B), odd_b));
    y[2] = scaled(FID_WINOGRAD_AA, even_a, mul_lanes(set_lanes(FID_WINOGRAD_BB), even_b));
    y[3] = scaled(FID_WINOGRAD_AAA, odd_a, scaled(FID_WINOGRAD_BBB, odd_b, t[5 * step]));
}

FID_INLINE void input_block(const size_t m, const size_t lanes, const float *const *in, size_t j,
                            float *out, size_t out_step)
{
    const size_t alpha = m + 2;
    lanes_f32 half[ALPHA_MAX][ALPHA_MAX]; /* [x][y] */
    UNROLL
    for (size_t x = 0; x < alpha; x++) {
        lanes_f32 d[ALPHA_MAX];
        UNROLL
        for (size_t y = 0; y < alpha; y++)
            d[y] = load_lanes(in[y * alpha + x] + j, lanes);
        transform_input(m, d, 1, half[x]);
    }
    UNROLL
    for (size_t y = 0; y < alpha; y++) {
        lanes_f32 t[ALPHA_MAX];
        transform_input(m, &half[0][y], ALPHA_MAX, t);
        UNROLL
        for (size_t x = 0; x < alpha; x++)
            store_lanes(out + (y * alpha + x) * out_step + j, t[x], lanes);
    }
}

FID_INLINE void input_tile(const size_t m, size_t channels, const float *const *in, float *out,
                           size_t out_step)
{
    size_t j = 0;
    for (; j + LANES <= channels; j += LANES)
        input_block(m, LANES, in, j, out, out_step);
    if (j < channels)
        input_block(m, tail_lanes(channels - j), in, j, out, out_step);
}

FID_INLINE void winograd_input_f32_lanes(size_t m, size_t channels, const float *const *in,
                                         float *out, size_t out_step)
{
    if (m == 2)
        input_tile(2, channels, in, out, out_step);
    else
        input_tile(4, channels, in, out, out_step);
}

/* Where the outputs of a tile go. */
struct tile_place {
    size_t rows, columns;
    float *out;
    size_t row_step, column_step;
    const struct fid_post_f32 *post;
};

FID_INLINE void output_block(const size_t m, const size_t lanes, const float *in, size_t in_step,
                             const float *bias, size_t j, const struct tile_place *to)
{
    const size_t alpha = m + 2;
    lanes_f32 half[ALPHA_MAX][M_MAX]; /* [x][y] */
    UNROLL
    for (size_t x = 0; x < alpha; x++) {
        lanes_f32 t[ALPHA_MAX];
        UNROLL
        for (size_t y = 0; y < alpha; y++)
            t[y] = load_lanes(in + (y * alpha + x) * in_step + j, lanes);
        transform_output(m, t, 1, half[x]);
    }
    const lanes_f32 shift = load_lanes(bias + j, lanes);
    struct lanes_post post = load_post(to->post);
    UNROLL
    for (size_t y = 0; y < m; y++) {
        lanes_f32 v[M_MAX];
        if (y >= to->rows)
            break;
        transform_output(m, &half[0][y], M_MAX, v);
        UNROLL
        for (size_t x = 0; x < m; x++) {
            const size_t at = y * to->row_step + x * to->column_step;
            if (x >= to->columns)
                break;
            post.residual = to->post->residual ? to->post->residual + at : NULL;
            store_lanes(to->out + at + j, post_lanes(add_lanes(v[x], shift), 0, j, lanes, &post),
                        lanes);
        }
    }
}

FID_INLINE void output_tile(const size_t m, size_t channels, const float *in, size_t in_step,
                            const float *bias, const struct tile_place *to)
{
    size_t j = 0;
    for (; j + LANES <= channels; j += LANES)
        output_block(m, LANES, in, in_step, bias, j, to);
    if (j < channels)
        output_block(m, tail_lanes(channels - j), in, in_step, bias, j, to);
}

FID_INLINE void winograd_output_f32_lanes(size_t m, size_t channels, const float *in,
                                          size_t in_step, const float *bias, size_t rows,
                                          size_t columns, float *out, size_t row_step,
                                          size_t column_step, const struct fid_post_f32 *post)
{
    const struct tile_place to = {rows, columns, out, row_step, column_step, post};
    if (m == 2)
        output_tile(2, channels, in, in_step, bias, &to);
    else
        output_tile(4, channels, in, in_step, bias, &to);
}

#endif
