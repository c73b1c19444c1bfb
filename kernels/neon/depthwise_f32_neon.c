/* depthwise_f32_neon.c - slot depthwise_f32: out = post(bias + Σ taps in · w), a block of eight
 * channels as two vectors.
 *
 * A run of neighbouring outputs is made at a time: they share inputs (in_step < taps) and weights.
 * A 3×3 window at stride 1 makes 4 outputs from 18 inputs, both vectors at once: registers are 18
 * weights, 8 sums and 2 inputs, and a pointer is loaded once for 8 channels. 25 weights leave no
 * room for that, so larger windows take one vector after the other. Inputs are walked in order, so
 * each output adds its taps in the order of t, one FMA each, whatever run it is part of. Called by
 * the depthwise layer of engine/nn. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"

enum { RUN_MAX = 4, CR = 8, VECTORS = CR / LANES };

struct window {
    const float *const *in;
    const float *packed; /* the channel block's bias and weights */
    float *out;
    size_t out_stride;
    const struct fid_post_f32 *post;
    size_t x, j; /* first pixel and channel */
};

/* `vectors` vectors of channels, the last one of `lanes`, of `run` outputs; from vector `first` of
 * the channel block on. run, taps and step are constants but in the general case. */
FID_INLINE void block(const size_t run, const size_t taps, const size_t step, const size_t vectors,
                      const size_t lanes, const size_t first, const struct window *at)
{
    const size_t inputs = (run - 1) * step + taps, j = at->j + first * LANES;
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
    for (size_t i = 0; i < inputs; i++) {
        const float *pixel = at->in[i] + j;
        const float32x4_t input = load_lanes(pixel, vectors > 1 ? LANES : lanes);
        const float32x4_t next = vectors > 1 ? load_lanes(pixel + LANES, lanes) : input;
        UNROLL
        for (size_t q = 0; q < run; q++)
            if (i >= q * step && i - q * step < taps) {
                const float *weight = packed + (1 + i - q * step) * CR;
                sum[q][0] = vfmaq_f32(sum[q][0], input, vld1q_f32(weight));
                if (vectors > 1)
                    sum[q][1] = vfmaq_f32(sum[q][1], next, vld1q_f32(weight + LANES));
            }
    }
    if (__builtin_expect(post->residual || post->slope, 0)) {
        const struct lanes_post all = load_post(post);
        UNROLL
        for (size_t q = 0; q < run; q++)
            UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[q][v] = unclamped_post_lanes(sum[q][v], at->x + q, j + v * LANES,
                                             v + 1 < vectors ? LANES : lanes, &all);
    }
    UNROLL
    for (size_t q = 0; q < run; q++)
        UNROLL
    for (size_t v = 0; v < vectors; v++)
        store_lanes(at->out + q * at->out_stride + j + v * LANES,
                    clamp_lanes(sum[q][v], set_lanes(min), set_lanes(max)),
                    v + 1 < vectors ? LANES : lanes);
}

/* All channels of one run. */
FID_INLINE void pixels_run(const size_t run, const size_t taps, const size_t step, size_t channels,
                           struct window at)
{
    for (; at.j + CR <= channels; at.j += CR, at.packed += (1 + taps) * CR)
        if (taps <= 9) {
            block(run, taps, step, 2, LANES, 0, &at);
        } else {
            block(run, taps, step, 1, LANES, 0, &at);
            block(run, taps, step, 1, LANES, 1, &at);
        }
    if (at.j < channels)
        block(run, taps, step, 1, min_size(LANES, channels - at.j), 0, &at);
    if (at.j + LANES < channels)
        block(run, taps, step, 1, tail_lanes(channels - at.j - LANES), 1, &at);
}

/* A row: runs of a constant length, and a shorter one for the rest. */
FID_INLINE void pixels_row(const size_t run, const size_t taps, const size_t step, size_t pixels,
                           size_t channels, struct window at)
{
    for (; at.x + run <= pixels; at.x += run) {
        pixels_run(run, taps, step, channels, at);
        at.in += run * step;
        at.out += run * at.out_stride;
    }
    if (run > 3 && pixels - at.x == 3)
        pixels_run(3, taps, step, channels, at);
    else if (run > 2 && pixels - at.x == 2)
        pixels_run(2, taps, step, channels, at);
    else if (pixels - at.x == 1)
        pixels_run(1, taps, step, channels, at);
}

/* The general case: single outputs. */
FID_INLINE void pixels_alone(size_t taps, size_t step, size_t pixels, size_t channels,
                             struct window at)
{
    for (; at.x < pixels; at.x++) {
        pixels_run(1, taps, step, channels, at);
        at.in += step;
        at.out += at.out_stride;
    }
}

void fid_depthwise_f32_neon(size_t pixels, size_t channels, size_t taps, const float *const *in,
                            size_t in_step, const float *packed, float *out, size_t out_stride,
                            const struct fid_post_f32 *post)
{
    const struct window at = {in, packed, out, out_stride, post, 0, 0};
    if (taps == 9 && in_step == 3)
        pixels_row(4, 9, 3, pixels, channels, at);
    else if (taps == 9 && in_step == 6)
        pixels_row(4, 9, 6, pixels, channels, at);
    else if (taps == 25 && in_step == 5)
        pixels_row(4, 25, 5, pixels, channels, at);
    else if (taps == 25 && in_step == 10)
        pixels_row(2, 25, 10, pixels, channels, at);
    else
        pixels_alone(taps, in_step, pixels, channels, at);
}
