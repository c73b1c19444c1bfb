/* depthwise_s8_octets.h - slot depthwise_s8 on ARM: out = post(bias + Σ taps in · w), eight
 * channels at a time.
 *
 * Inputs and weights are widened to 16 bits, whose products are added to 32. Inside the picture a
 * run of neighbouring outputs is made at a time: over the taps, whose weights are loaded and
 * widened once, or, for a 3 × 3 window at stride 1, over the inputs, each loaded and widened once
 * for all outputs: 4 outputs from 18 inputs, row by row, with registers for 3 weights, 8 sums and
 * an input. Windows that lie partly on the padding are summed alone. A kernel defines before it
 * includes this
 *
 *     SHARES                   1 where there are
 *     add_high(sum, a, b)      the products of the upper halves added to sum
 *
 * Called by the depthwise layer of engine/nn, a row of pixels at a time. */
#ifndef FID_KERNELS_DEPTHWISE_S8_OCTETS_H
#define FID_KERNELS_DEPTHWISE_S8_OCTETS_H

#include "kernels/lanes/window_lanes.h"

enum { RUN = 4, SIDE = 3, BLOCK_ALIGN = 64, VECTORS_BYTES = FID_S8_ROWS * OCTET * 4 };

/* What a run goes over: windows that may lie on the padding, taps, or inputs for all outputs. */
enum way { ALONE, TAPS, INPUTS };

struct window {
    const struct fid_windows *in;
    const char *packed; /* the channel block's vectors and weights */
    void *out;
    size_t out_stride;
    struct fid_post_s8 post;
    size_t x, j;                  /* first pixel and channel */
    struct fid_pixels left[SIDE]; /* INPUTS: of each row, from the left edge on */
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

FID_INLINE int16x8_t input_of(const uint8_t *pixel)
{
    return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(pixel)));
}

FID_INLINE struct octet_s32 add_tap(struct octet_s32 sum, int16x8_t input, int16x8_t weight)
{
    sum.low = vmlal_s16(sum.low, vget_low_s16(input), vget_low_s16(weight));
    sum.high = add_high(sum.high, input, weight);
    return sum;
}

/* Over the inputs of windows of 3 × 3 at stride 1. */
FID_INLINE void add_inputs(const struct window *at, struct octet_s32 sum[RUN])
{
    UNROLL
    for (size_t ky = 0; ky < SIDE; ky++) {
        const uint8_t *pixel = bytes_at(&at->left[ky], 0) + at->j;
        int16x8_t weight[SIDE];
        UNROLL
        for (size_t kx = 0; kx < SIDE; kx++)
            weight[kx] = weight_of(at, kx * SIDE + ky);
        UNROLL
        for (size_t k = 0; k < RUN - 1 + SIDE; k++, pixel += at->left[ky].step) {
            const int16x8_t input = input_of(pixel);
            UNROLL
            for (size_t q = 0; q < RUN; q++)
                if (k >= q && k - q < SIDE)
                    sum[q] = add_tap(sum[q], input, weight[k - q]);
        }
    }
}

/* Over the taps of any windows inside the picture. */
FID_INLINE void add_taps(const struct window *at, struct octet_s32 sum[RUN])
{
    const struct fid_windows *in = at->in;
    for (size_t ky = 0; ky < in->kernel_h; ky++) {
        const struct fid_pixels *row = &in->rows[ky];
        const uint8_t *left = bytes_at(row, at->x * in->stride - in->pad) + at->j;
        const size_t step = row->step * in->stride, beside = row->step * in->dilation;
        for (size_t kx = 0, t = ky; kx < in->kernel_w; kx++, t += in->kernel_h, left += beside) {
            const int16x8_t weight = weight_of(at, t);
            const uint8_t *pixel = left;
            UNROLL
            for (size_t q = 0; q < RUN; q++, pixel += step)
                sum[q] = add_tap(sum[q], input_of(pixel), weight);
        }
    }
}

/* Over the taps of one window, which may lie on the padding. */
FID_INLINE void add_alone(const struct window *at, struct octet_s32 *sum)
{
    const struct fid_windows *in = at->in;
    size_t column = at->x * in->stride - in->pad;
    for (size_t kx = 0, t = 0; kx < in->kernel_w; kx++, column += in->dilation)
        for (size_t ky = 0; ky < in->kernel_h; ky++, t++) {
            const uint8_t *pixel =
                column < in->width ? bytes_at(&in->rows[ky], column) : in->padding;
            *sum = add_tap(*sum, input_of(pixel + at->j), weight_of(at, t));
        }
}

/* Eight channels, or the last ones, of a run. */
FID_INLINE void block(const enum way way, size_t channels, const struct window *at)
{
    const size_t run = way == ALONE ? 1 : RUN;
    const struct fid_post_s8 *const post = &at->post;
    struct octet_s32 sum[RUN];
    UNROLL
    for (size_t q = 0; q < run; q++)
        sum[q] = bias_of(at);
    if (way == INPUTS)
        add_inputs(at, sum);
    else if (way == TAPS)
        add_taps(at, sum);
    else
        add_alone(at, sum);
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
    const size_t bytes = VECTORS_BYTES + at->in->kernel_h * at->in->kernel_w * OCTET;
    return (bytes + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
}

/* The whole octets of one run. */
FID_INLINE void octets_run(const enum way way, size_t octets, struct window at)
{
    const struct fid_windows *in = at.in;
    UNROLL
    for (size_t ky = 0; way == INPUTS && ky < SIDE; ky++)
        at.left[ky] =
            (struct fid_pixels){bytes_at(&in->rows[ky], at.x - in->pad), in->rows[ky].step};
    for (; octets > 0; octets--, at.j += OCTET, at.packed += block_bytes(&at))
        block(way, OCTET, &at);
}

/* The whole octets of a row. */
FID_INLINE void octets_row(size_t pixels, size_t octets, struct window at)
{
    const struct fid_windows *in = at.in;
    const struct stretch inside = windows_inside(in, pixels);
    const bool square =
        in->kernel_h == SIDE && in->kernel_w == SIDE && in->dilation == 1 && in->stride == 1;
    for (; at.x < inside.first; at.x++)
        octets_run(ALONE, octets, at);
    if (SHARES && square)
        for (; at.x + RUN <= inside.end; at.x += RUN)
            octets_run(INPUTS, octets, at);
    for (; at.x + RUN <= inside.end; at.x += RUN)
        octets_run(TAPS, octets, at);
    for (; at.x < pixels; at.x++)
        octets_run(ALONE, octets, at);
}

FID_INLINE void depthwise_s8_octets(size_t pixels, size_t channels, const struct fid_windows *in,
                                    const void *packed, void *out, size_t out_stride,
                                    const struct fid_post_s8 *post)
{
    const size_t octets = channels / OCTET;
    struct window at = {in, packed, out, out_stride, *post, 0, 0, {{NULL, 0}}};
    octets_row(pixels, octets, at);
    if (channels % OCTET == 0)
        return;
    at.j = octets * OCTET;
    at.packed += octets * block_bytes(&at);
    for (; at.x < pixels; at.x++)
        block(ALONE, tail_octet(channels - at.j), &at);
}

#endif
