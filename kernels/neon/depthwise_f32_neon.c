/* depthwise_f32_neon.c - slot depthwise_f32: out = post(bias + Σ taps in · w), a block of eight
 * channels as two vectors.
 *
 * A run of neighbouring outputs is made at a time: they share inputs (stride < side) and weights.
 * A 3×3 window at stride 1 makes 4 outputs from 18 inputs, both vectors at once: registers are 6
 * weights of a row, 8 sums and 2 inputs. Larger windows take one vector after the other. Inputs are
 * walked row by row, so each output adds its taps in that order, one FMA each, whatever run it is
 * part of. Called by the depthwise layer of engine/nn. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/depthwise_alone_lanes.h"

enum { RUN_MAX = 4, CR = 8, VECTORS = CR / LANES, SIDE_MAX = 5 };
struct window {
    const float *left[SIDE_MAX]; /* the pixels under its left edge, and from one to the next */
    size_t step[SIDE_MAX];
    const float *packed; /* the channel block's bias and weights */
    float *out;
    size_t out_stride;
    const struct fid_post_f32 *post;
    size_t x, j; /* first pixel and channel */
};

/* `vectors` vectors of channels, the last one of `lanes`, of `run` outputs; from vector `first` of
 * the channel block on. run, side and stride are constants. */
FID_INLINE void block(const size_t run, const size_t side, const size_t stride,
                      const size_t vectors, const size_t lanes, const size_t first,
                      const struct window *at)
{
    const size_t columns = (run - 1) * stride + side, j = at->j + first * LANES;
    const float *packed = at->packed + first * LANES;
    const struct fid_post_f32 *post = at->post;
    const float min = post->min, max = post->max; /* before the stores, which might change them */
    float32x4_t sum[RUN_MAX][VECTORS];
    UNROLL
    for (size_t q = 0; q < run; q++) {
        sum[q][0] = vld1q_f32(packed);
        if (vectors > 1)
            sum[q][1] = vld1q_f32(packed + LANES);
    }
    UNROLL
    for (size_t ky = 0; ky < side; ky++) {
        const float *pixel = at->left[ky] + j;
        float32x4_t weight[SIDE_MAX][VECTORS];
        FORGET(pixel);
        UNROLL
        for (size_t kx = 0; kx < side; kx++) {
            const float *from = packed + (1 + kx * side + ky) * CR;
            weight[kx][0] = vld1q_f32(from);
            if (vectors > 1)
                weight[kx][1] = vld1q_f32(from + LANES);
        }
        UNROLL
        for (size_t k = 0; k < columns; k++, pixel += at->step[ky]) {
            const float32x4_t input = load_lanes(pixel, vectors > 1 ? LANES : lanes);
            const float32x4_t next = vectors > 1 ? load_lanes(pixel + LANES, lanes) : input;
            UNROLL
            for (size_t q = 0; q < run; q++)
                if (k >= q * stride && k - q * stride < side) {
                    sum[q][0] = vfmaq_f32(sum[q][0], input, weight[k - q * stride][0]);
                    if (vectors > 1)
                        sum[q][1] = vfmaq_f32(sum[q][1], next, weight[k - q * stride][1]);
                }
        }
    }
    if (__builtin_expect(post->residual || post->slope, 0)) {
        const struct lanes_post all = load_post(post);
        UNROLL
        for (size_t q = 0; q < run; q++) {
            UNROLL
            for (size_t v = 0; v < vectors; v++)
                sum[q][v] = unclamped_post_lanes(sum[q][v], at->x + q, j + v * LANES,
                                                 v + 1 < vectors ? LANES : lanes, &all);
        }
    }
    UNROLL
    for (size_t q = 0; q < run; q++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            store_lanes(at->out + q * at->out_stride + j + v * LANES,
                        clamp_lanes(sum[q][v], set_lanes(min), set_lanes(max)),
                        v + 1 < vectors ? LANES : lanes);
    }
}

/* All channels of one run. */
FID_INLINE void pixels_run(const size_t run, const size_t side, const size_t stride,
                           size_t channels, struct window at)
{
    const size_t block_size = (1 + side * side) * CR;
    for (; at.j + CR <= channels; at.j += CR, at.packed += block_size)
        if (side <= 3) {
            block(run, side, stride, 2, LANES, 0, &at);
        } else {
            block(run, side, stride, 1, LANES, 0, &at);
            block(run, side, stride, 1, LANES, 1, &at);
        }
    if (at.j < channels)
        block(run, side, stride, 1, min_size(LANES, channels - at.j), 0, &at);
    if (at.j + LANES < channels)
        block(run, side, stride, 1, tail_lanes(channels - at.j - LANES), 1, &at);
}

/* The run from output at.x on; square windows of `side`. */
FID_INLINE void outputs_run(const size_t run, const size_t side, const size_t stride,
                            size_t channels, const struct fid_windows *in, struct window at)
{
    UNROLL
    for (size_t ky = 0; ky < side; ky++) {
        at.step[ky] = in->rows[ky].step;
        at.left[ky] = floats_at(&in->rows[ky], at.x * stride - in->pad);
    }
    at.out += at.x * at.out_stride;
    pixels_run(run, side, stride, channels, at);
}

/* Windows inside the picture: runs of a constant length, and a shorter one for the rest. */
FID_INLINE void outputs_row(const size_t run, const size_t side, const size_t stride,
                            size_t channels, const struct fid_windows *in, struct stretch inside,
                            struct window at)
{
    for (at.x = inside.first; at.x + run <= inside.end; at.x += run)
        outputs_run(run, side, stride, channels, in, at);
    if (run > 3 && inside.end - at.x == 3)
        outputs_run(3, side, stride, channels, in, at);
    else if (run > 2 && inside.end - at.x == 2)
        outputs_run(2, side, stride, channels, in, at);
    else if (inside.end - at.x == 1)
        outputs_run(1, side, stride, channels, in, at);
}

void fid_depthwise_f32_neon FID_DEPTHWISE_F32_ARGS
{
    const struct window at = {.packed = packed, .out = out, .out_stride = out_stride, .post = post};
    const size_t side = in->dilation == 1 && in->kernel_h == in->kernel_w ? in->kernel_h : 0;
    struct stretch made = windows_inside(in, pixels);
    if (side == 3 && in->stride == 1)
        outputs_row(4, 3, 1, channels, in, made, at);
    else if (side == 3 && in->stride == 2)
        outputs_row(4, 3, 2, channels, in, made, at);
    else if (side == 5 && in->stride == 1)
        outputs_row(4, 5, 1, channels, in, made, at);
    else if (side == 5 && in->stride == 2)
        outputs_row(2, 5, 2, channels, in, made, at);
    else
        made.end = made.first;
    const struct stretch before = {0, made.first}, after = {made.end, pixels};
    depthwise_alone(in, before, channels, packed, CR, out, out_stride, post);
    depthwise_alone(in, after, channels, packed, CR, out, out_stride, post);
}
