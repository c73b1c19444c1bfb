/* depthwise_f32_lanes.h - slot depthwise_f32: out = post(bias + Σ taps in · w), a vector of
 * channels at a time.
 *
 * A run of neighbouring outputs is made at a time: they share inputs (stride < kernel_w) and
 * weights, and without that a load for each FMA would be the limit. Inputs are walked row by row: a
 * row of a 3×3 window at stride 1 gives 8 outputs 24 FMAs from 10 inputs and 3 weights, and eight
 * sums are enough for the next FMA never to wait for the last one. Each output adds its taps in
 * that order, one FMA each, whatever run it is part of. Registers: 8 sums, up to 5 weights, 1
 * input. Windows that lie partly on the padding are summed alone (depthwise_alone_lanes.h). Called
 * by the depthwise layer of engine/nn, a row of pixels at a time. */
#ifndef FID_KERNELS_DEPTHWISE_F32_LANES_H
#define FID_KERNELS_DEPTHWISE_F32_LANES_H

#include "kernels/lanes/depthwise_alone_lanes.h"

enum { RUN_MAX = 8, ROWS_MAX = 5, COLUMNS_MAX = 5 };

struct depthwise {
    const struct fid_windows *in;
    const float *packed;
    float *out;
    size_t out_stride, channels;
    struct lanes_post post;
};

/* A run: its first output, and the pixels under its left edge. */
struct run {
    size_t x;
    const float *left[ROWS_MAX];
    size_t step[ROWS_MAX];
};

/* `lanes` channels from j on of `count` outputs; packed: the channel block's bias and weights. All
 * sizes are constants. */
FID_INLINE void block(const size_t count, const size_t kernel_h, const size_t kernel_w,
                      const size_t stride, size_t j, const size_t lanes, const float *packed,
                      const struct run *run, const struct depthwise *all)
{
    const size_t columns = (count - 1) * stride + kernel_w;
    lanes_f32 sum[RUN_MAX];
    UNROLL
    for (size_t q = 0; q < count; q++)
        sum[q] = load_lanes(packed, LANES);
    UNROLL
    for (size_t ky = 0; ky < kernel_h; ky++) {
        const float *pixel = run->left[ky] + j;
        lanes_f32 weight[COLUMNS_MAX];
        FORGET(pixel);
        UNROLL
        for (size_t kx = 0; kx < kernel_w; kx++)
            weight[kx] = load_lanes(packed + (1 + kx * kernel_h + ky) * LANES, LANES);
        UNROLL
        for (size_t k = 0; k < columns; k++, pixel += run->step[ky]) {
            const lanes_f32 v = load_lanes(pixel, lanes);
            FORGET_LOADS();
            UNROLL
            for (size_t q = 0; q < count; q++)
                if (k >= q * stride && k - q * stride < kernel_w)
                    sum[q] = fma_lanes(v, weight[k - q * stride], sum[q]);
        }
    }
    float *out = all->out + run->x * all->out_stride + j;
    FORGET(out);
    UNROLL
    for (size_t q = 0; q < count; q++, out += all->out_stride)
        store_lanes(out, post_lanes(sum[q], run->x + q, j, lanes, &all->post), lanes);
}

/* All channels of the run from output x on. */
FID_INLINE void outputs_run(const size_t count, const size_t kernel_h, const size_t kernel_w,
                            const size_t stride, size_t x, const struct depthwise *all)
{
    const size_t block_size = (1 + kernel_h * kernel_w) * LANES, channels = all->channels;
    const float *packed = all->packed;
    struct run run = {.x = x};
    size_t j = 0;
    UNROLL
    for (size_t ky = 0; ky < kernel_h; ky++) {
        const struct fid_pixels *row = &all->in->rows[ky];
        run.left[ky] = floats_at(row, x * stride - all->in->pad);
        run.step[ky] = row->step;
    }
    for (; j + LANES <= channels; j += LANES, packed += block_size)
        block(count, kernel_h, kernel_w, stride, j, LANES, packed, &run, all);
    if (j < channels)
        block(count, kernel_h, kernel_w, stride, j, tail_lanes(channels - j), packed, &run, all);
}

/* Windows inside the picture: runs of a constant length, and a shorter one for the rest. */
FID_INLINE void outputs_row(const size_t count, const size_t kernel_h, const size_t kernel_w,
                            const size_t stride, struct stretch inside, const struct depthwise *all)
{
    size_t x = inside.first;
    for (; x + count <= inside.end; x += count)
        outputs_run(count, kernel_h, kernel_w, stride, x, all);
    if (count > 4 && inside.end - x >= 4) {
        outputs_run(4, kernel_h, kernel_w, stride, x, all);
        x += 4;
    }
    if (count > 2 && inside.end - x >= 2) {
        outputs_run(2, kernel_h, kernel_w, stride, x, all);
        x += 2;
    }
    if (inside.end > x)
        outputs_run(1, kernel_h, kernel_w, stride, x, all);
}

/* The windows that networks have; 5 × 5 with a residual or a slope are rare and go alone, which
 * keeps the program small. How many of the windows inside are made. */
FID_INLINE struct stretch common_windows(struct stretch inside, const struct depthwise *all)
{
    const struct fid_windows *in = all->in;
    const int clamp = is_clamp(&all->post), dense = in->dilation == 1;
    const int three = dense && in->kernel_h == 3 && in->kernel_w == 3;
    const int five = dense && clamp && in->kernel_h == 5 && in->kernel_w == 5;
    if (three && in->stride == 1)
        outputs_row(8, 3, 3, 1, inside, all);
    else if (three && in->stride == 2)
        outputs_row(4, 3, 3, 2, inside, all);
    else if (five && in->stride == 1)
        outputs_row(4, 5, 5, 1, inside, all);
    else if (five && in->stride == 2)
        outputs_row(2, 5, 5, 2, inside, all);
    else
        inside.end = inside.first;
    return inside;
}

FID_INLINE void depthwise_f32_lanes(size_t pixels, size_t channels, const struct fid_windows *in,
                                    const float *packed, float *out, size_t out_stride,
                                    const struct fid_post_f32 *post)
{
    struct depthwise all = {in, packed, out, out_stride, channels, load_post(post)};
    struct stretch made = windows_inside(in, pixels);
    if (is_clamp(&all.post)) {
        all.post = clamp_alone(&all.post);
        made = common_windows(made, &all);
    } else {
        made = common_windows(made, &all);
    }
    const struct stretch before = {0, made.first}, after = {made.end, pixels};
    depthwise_alone(in, before, channels, packed, LANES, out, out_stride, post);
    depthwise_alone(in, after, channels, packed, LANES, out, out_stride, post);
}

#endif
