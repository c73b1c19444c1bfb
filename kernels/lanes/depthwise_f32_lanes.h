/* depthwise_f32_lanes.h - slot depthwise_f32: out = post(bias + Σ taps in · w), a vector of
 * channels at a time.
 *
 * A run of neighbouring outputs is made at a time: they share inputs (in_step < taps) and weights,
 * and without that a load for each FMA would be the limit. A 3×3 window at stride 1 makes 4 outputs
 * from 18 inputs. Inputs are walked in order, so each output adds its taps in the order of t, one
 * FMA each, whatever run it is part of. Registers: 9 weights, up to 4 sums, 1 input.
 * Called by the depthwise layer of engine/nn, a row of pixels at a time. */
#ifndef FID_KERNELS_DEPTHWISE_F32_LANES_H
#define FID_KERNELS_DEPTHWISE_F32_LANES_H

enum { RUN_MAX = 4 };

struct window {
    const float *const *in;
    const float *packed; /* the channel block's bias and weights */
    float *out;
    size_t out_stride;
    struct lanes_post post;
    size_t x, j; /* first pixel and channel */
};

/* `lanes` channels of `run` outputs; run, taps and step are constants but in the general case. */
FID_INLINE void block(const size_t run, const size_t taps, const size_t step, const size_t lanes,
                      const struct window *at)
{
    const size_t inputs = (run - 1) * step + taps;
    lanes_f32 sum[RUN_MAX];
    UNROLL
    for (size_t q = 0; q < run; q++)
        sum[q] = load_lanes(at->packed, LANES);
    UNROLL
    for (size_t i = 0; i < inputs; i++) {
        const lanes_f32 v = load_lanes(at->in[i] + at->j, lanes);
        UNROLL
        for (size_t q = 0; q < run; q++)
            if (i >= q * step && i - q * step < taps)
                sum[q] = fma_lanes(v, load_lanes(at->packed + (1 + i - q * step) * LANES, LANES),
                                   sum[q]);
    }
    UNROLL
    for (size_t q = 0; q < run; q++) {
        float *out = at->out + q * at->out_stride + at->j;
        store_lanes(out, post_lanes(sum[q], at->x + q, at->j, lanes, &at->post), lanes);
    }
}

/* All channels of one run. */
FID_INLINE void pixels_run(const size_t run, const size_t taps, const size_t step, size_t channels,
                           struct window at)
{
    for (; at.j + LANES <= channels; at.j += LANES, at.packed += (1 + taps) * LANES)
        block(run, taps, step, LANES, &at);
    if (at.j < channels)
        block(run, taps, step, tail_lanes(channels - at.j), &at);
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

/* The row for the windows that networks have, and for any other; 5 × 5 windows with a residual or a
 * slope are rare and take the general case, which keeps the program small. */
FID_INLINE void any_row(size_t pixels, size_t channels, size_t taps, size_t in_step,
                        struct window at)
{
    const int clamp = is_clamp(&at.post);
    if (taps == 9 && in_step == 3)
        pixels_row(4, 9, 3, pixels, channels, at);
    else if (taps == 9 && in_step == 6)
        pixels_row(4, 9, 6, pixels, channels, at);
    else if (clamp && taps == 25 && in_step == 5)
        pixels_row(4, 25, 5, pixels, channels, at);
    else if (clamp && taps == 25 && in_step == 10)
        pixels_row(2, 25, 10, pixels, channels, at);
    else
        pixels_alone(taps, in_step, pixels, channels, at);
}

FID_INLINE void depthwise_f32_lanes(size_t pixels, size_t channels, size_t taps,
                                    const float *const *in, size_t in_step, const float *packed,
                                    float *out, size_t out_stride, const struct fid_post_f32 *post)
{
    struct window at = {in, packed, out, out_stride, load_post(post), 0, 0};
    if (!is_clamp(&at.post)) {
        any_row(pixels, channels, taps, in_step, at);
        return;
    }
    at.post = clamp_alone(&at.post);
    any_row(pixels, channels, taps, in_step, at);
}

#endif
