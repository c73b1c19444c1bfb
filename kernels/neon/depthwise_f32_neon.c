/* depthwise_f32_neon.c - slot depthwise_f32: out = post(bias + Σ taps in · w), a block of eight
 * channels as two vectors, one after the other.
 *
 * A run of neighbouring outputs is made at a time: they share inputs (in_step < taps) and weights.
 * A 3×3 window at stride 1 makes 4 outputs from 18 inputs. Inputs are walked in order, so each
 * output adds its taps in the order of t, one FMA each, whatever run it is part of. Registers of
 * the 3×3: 9 weights, up to 4 sums, 1 input. Called by the depthwise layer of engine/nn. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"

enum { RUN_MAX = 4, CR = 8 };

struct window {
    const float *const *in;
    const float *packed; /* the channel block's bias and weights */
    float *out;
    size_t out_stride;
    const struct fid_post_f32 *post;
    size_t x, j; /* first pixel and channel */
};

/* One vector of `lanes` channels, the v-th of its block, of `run` outputs. */
FID_INLINE void vector(const size_t run, const size_t taps, const size_t step, const size_t lanes,
                       const size_t v, const struct window *at)
{
    const size_t inputs = (run - 1) * step + taps, j = at->j + v * LANES;
    const float *packed = at->packed + v * LANES;
    float32x4_t sum[RUN_MAX];
    UNROLL
    for (size_t q = 0; q < run; q++)
        sum[q] = vld1q_f32(packed);
    UNROLL
    for (size_t i = 0; i < inputs; i++) {
        const float32x4_t input = load_lanes(at->in[i] + j, lanes);
        UNROLL
        for (size_t q = 0; q < run; q++)
            if (i >= q * step && i - q * step < taps)
                sum[q] = vfmaq_f32(sum[q], input, vld1q_f32(packed + (1 + i - q * step) * CR));
    }
    UNROLL
    for (size_t q = 0; q < run; q++) {
        float *out = at->out + q * at->out_stride + j;
        store_lanes(out, post_lanes(sum[q], at->x + q, j, lanes, at->post), lanes);
    }
}

/* All channels of one run. */
FID_INLINE void pixels_run(const size_t run, const size_t taps, const size_t step, size_t channels,
                           struct window at)
{
    for (; at.j + CR <= channels; at.j += CR, at.packed += (1 + taps) * CR) {
        vector(run, taps, step, LANES, 0, &at);
        vector(run, taps, step, LANES, 1, &at);
    }
    if (at.j < channels)
        vector(run, taps, step, min_size(LANES, channels - at.j), 0, &at);
    if (at.j + LANES < channels)
        vector(run, taps, step, tail_lanes(channels - at.j - LANES), 1, &at);
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
