/* depthwise_s8_octets.h - slot depthwise_s8 on ARM: out = post(bias + Σ taps in · w), eight
 * channels at a time.
 *
 * Inputs and weights are widened to 16 bits, whose products are added to 32. A run of neighbouring
 * outputs is made at a time: over the taps, whose weights are loaded and widened once, or, for a
 * 3 × 3 window at stride 1, over the inputs, each loaded and widened once for all outputs: 4
 * outputs from 18 inputs, where there are registers for 9 weights, 8 sums and an input. A kernel
 * defines before it includes this
 *
 *     SHARES                   1 where there are
 *     add_high(sum, a, b)      the products of the upper halves added to sum
 *
 * Called by the depthwise layer of engine/nn, a row of pixels at a time. */
#ifndef FID_KERNELS_DEPTHWISE_S8_OCTETS_H
#define FID_KERNELS_DEPTHWISE_S8_OCTETS_H

enum { RUN = 4, BLOCK_ALIGN = 64, VECTORS_BYTES = FID_S8_ROWS * OCTET * 4 };

struct window {
    const uint8_t *const *in;
    size_t in_step, taps;
    const char *packed; /* the channel block's vectors and weights */
    void *out;
    size_t out_stride;
    struct fid_post_s8 post;
    size_t x, j; /* first pixel and channel */
};

FID_INLINE struct octet_s32 bias_of(const struct window *at)
{
    const int32_t *const bias = (const int32_t *)at->packed;
    return (struct octet_s32){vld1q_s32(bias), vld1q_s32(bias + LANES)};
}

FID_INLINE int16x8_t weight_of(const struct window *at, size_t tap)
{
    return vmovl_s8(vld1_s8((const int8_t *)at->packed + VECTORS_BYTES + tap * OCTET));
}

FID_INLINE int16x8_t input_of(const struct window *at, size_t i)
{
    return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(at->in[i] + at->j)));
}

FID_INLINE struct octet_s32 add_tap(struct octet_s32 sum, int16x8_t input, int16x8_t weight)
{
    sum.low = vmlal_s16(sum.low, vget_low_s16(input), vget_low_s16(weight));
    sum.high = add_high(sum.high, input, weight);
    return sum;
}

/* Over the inputs of a window of 3 × 3 at stride 1. */
FID_INLINE void add_inputs(const struct window *at, struct octet_s32 sum[RUN])
{
    enum { TAPS = 9, STEP = 3, INPUTS = (RUN - 1) * STEP + TAPS };
    int16x8_t weight[TAPS];
    UNROLL
    for (size_t t = 0; t < TAPS; t++)
        weight[t] = weight_of(at, t);
    UNROLL
    for (size_t i = 0; i < INPUTS; i++) {
        const int16x8_t input = input_of(at, i);
        UNROLL
        for (size_t q = 0; q < RUN; q++)
            if (i >= q * STEP && i - q * STEP < TAPS)
                sum[q] = add_tap(sum[q], input, weight[i - q * STEP]);
    }
}

/* Over the taps of any window. */
FID_INLINE void add_taps(const size_t run, const struct window *at, struct octet_s32 sum[RUN])
{
    for (size_t t = 0; t < at->taps; t++) {
        const int16x8_t weight = weight_of(at, t);
        UNROLL
        for (size_t q = 0; q < run; q++)
            sum[q] = add_tap(sum[q], input_of(at, q * at->in_step + t), weight);
    }
}

/* Eight channels, or the last ones, of `run` outputs. */
FID_INLINE void block(const size_t run, const bool share, size_t channels, const struct window *at)
{
    const struct fid_post_s8 *const post = &at->post;
    struct octet_s32 sum[RUN];
    UNROLL
    for (size_t q = 0; q < run; q++)
        sum[q] = bias_of(at);
    if (share)
        add_inputs(at, sum);
    else
        add_taps(run, at, sum);
    const struct post_octet own = load_post_octet(at->packed, OCTET, 0, post);
    UNROLL
    for (size_t q = 0; q < run; q++) {
        const size_t x = at->x + q;
        const uint8_t *const residual =
            post->residual ? post->residual + x * post->residual_stride + at->j : NULL;
        finish_octet(sum[q], &own, post, residual, at->out, x * at->out_stride + at->j, channels);
    }
}

FID_INLINE size_t block_bytes(const struct window *at)
{
    const size_t bytes = VECTORS_BYTES + at->taps * OCTET;
    return (bytes + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
}

/* The whole octets of one run. */
FID_INLINE void octets_run(const size_t run, const bool share, size_t octets, struct window at)
{
    for (; octets > 0; octets--, at.j += OCTET, at.packed += block_bytes(&at))
        block(run, share, OCTET, &at);
}

/* The whole octets of a row. */
FID_INLINE void octets_row(size_t pixels, size_t octets, struct window at)
{
    const size_t step = RUN * at.in_step;
    if (SHARES && at.taps == 9 && at.in_step == 3)
        for (; at.x + RUN <= pixels; at.x += RUN, at.in += step)
            octets_run(RUN, true, octets, at);
    for (; at.x + RUN <= pixels; at.x += RUN, at.in += step)
        octets_run(RUN, false, octets, at);
    for (; at.x < pixels; at.x++, at.in += at.in_step)
        octets_run(1, false, octets, at);
}

FID_INLINE void depthwise_s8_octets(size_t pixels, size_t channels, size_t taps,
                                    const uint8_t *const *in, size_t in_step, const void *packed,
                                    void *out, size_t out_stride, const struct fid_post_s8 *post)
{
    const size_t octets = channels / OCTET;
    struct window at = {in, in_step, taps, packed, out, out_stride, *post, 0, 0};
    octets_row(pixels, octets, at);
    if (channels % OCTET == 0)
        return;
    at.j = octets * OCTET;
    at.packed += octets * block_bytes(&at);
    for (; at.x < pixels; at.x++, at.in += in_step)
        block(1, false, tail_octet(channels - at.j), &at);
}

#endif
