/* depthwise_alone_lanes.h - the part of slot depthwise_f32 that every table takes from here:
 * outputs one by one, whose windows may lie partly on the padding or have any size. */
#ifndef FID_KERNELS_DEPTHWISE_ALONE_LANES_H
#define FID_KERNELS_DEPTHWISE_ALONE_LANES_H

#include "kernels/lanes/window_lanes.h"

/* A vector of one window's sums; weights: its bias, then taps of cr numbers. */
FID_INLINE lanes_f32 sum_alone(const struct fid_windows *in, const size_t kernel_h, size_t x,
                               struct stretch taps, size_t j, const size_t lanes,
                               const float *weights, const size_t cr)
{
    lanes_f32 sum = load_lanes(weights, LANES);
    for (size_t ky = 0; ky < kernel_h; ky++) {
        const struct fid_pixels *row = &in->rows[ky];
        for (size_t kx = taps.first; kx < taps.end; kx++) {
            const size_t column = x * in->stride + kx * in->dilation - in->pad;
            const float *weight = weights + (1 + kx * kernel_h + ky) * cr;
            const lanes_f32 v = load_lanes(floats_at(row, column) + j, lanes);
            sum = fma_lanes(v, load_lanes(weight, LANES), sum);
        }
    }
    return sum;
}

/* Outputs x to end - 1 one by one, each tap in its place in the order; cr: channels of a block. */
FID_INLINE void windows_alone(const struct fid_windows *in, const size_t kernel_h,
                              struct stretch windows, size_t channels, const float *packed,
                              const size_t cr, float *out, size_t out_stride,
                              const struct lanes_post *post)
{
    const size_t block_size = (1 + kernel_h * in->kernel_w) * cr;
    for (size_t x = windows.first; x < windows.end; x++) {
        const struct stretch taps = taps_inside(in, x);
        float *pixel = out + x * out_stride;
        size_t j = 0;
        for (; j + LANES <= channels; j += LANES) {
            const float *weights = packed + j / cr * block_size + j % cr;
            const lanes_f32 sum = sum_alone(in, kernel_h, x, taps, j, LANES, weights, cr);
            store_lanes(pixel + j, post_lanes(sum, x, j, LANES, post), LANES);
        }
        if (j < channels) {
            const float *weights = packed + j / cr * block_size + j % cr;
            const size_t lanes = tail_lanes(channels - j);
            const lanes_f32 sum = sum_alone(in, kernel_h, x, taps, j, lanes, weights, cr);
            store_lanes(pixel + j, post_lanes(sum, x, j, lanes, post), lanes);
        }
    }
}

/* The same, with bodies for windows of three rows and of any number. */
static void depthwise_alone(const struct fid_windows *in, struct stretch windows, size_t channels,
                            const float *packed, const size_t cr, float *out, size_t out_stride,
                            const struct fid_post_f32 *post)
{
    const struct lanes_post all = load_post(post);
    if (in->kernel_h == 3)
        windows_alone(in, 3, windows, channels, packed, cr, out, out_stride, &all);
    else
        windows_alone(in, in->kernel_h, windows, channels, packed, cr, out, out_stride, &all);
}

#endif
