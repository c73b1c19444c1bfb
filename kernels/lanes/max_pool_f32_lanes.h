/* max_pool_f32_lanes.h - slot max_pool_f32: out = clamp(max over the taps), row by row of the
 * window.
 *
 * A vector of channels is one load a tap, and the kernel runs at the speed of the loads. Called by
 * the pooling layer of engine/nn. */
#ifndef FID_KERNELS_MAX_POOL_F32_LANES_H
#define FID_KERNELS_MAX_POOL_F32_LANES_H

#include "kernels/lanes/window_lanes.h"

struct pool {
    const struct fid_windows_f32 *in;
    float *out;
    size_t out_stride, channels;
    lanes_f32 min, max;
};

/* `lanes` channels from j on of window x, those of its columns that `taps` says. */
FID_INLINE void block(const size_t kernel_h, const struct stretch taps, size_t x, size_t j,
                      const size_t lanes, const struct pool *pool)
{
    const struct fid_windows_f32 *in = pool->in;
    const size_t column = x * in->stride + taps.first * in->dilation - in->pad;
    lanes_f32 best = load_lanes(in->rows[0].first + column * in->rows[0].step + j, lanes);
    for (size_t ky = 0; ky < kernel_h; ky++) {
        const size_t step = in->rows[ky].step;
        const float *pixel = in->rows[ky].first + column * step + j;
        for (size_t kx = taps.first; kx < taps.end; kx++, pixel += in->dilation * step)
            best = max_lanes(best, load_lanes(pixel, lanes));
    }
    float *out = pool->out + x * pool->out_stride + j;
    store_lanes(out, clamp_lanes(best, pool->min, pool->max), lanes);
}

FID_INLINE void window(const size_t kernel_h, const struct stretch taps, size_t x,
                       const struct pool *pool)
{
    size_t j = 0;
    for (; j + LANES <= pool->channels; j += LANES)
        block(kernel_h, taps, x, j, LANES, pool);
    if (j < pool->channels)
        block(kernel_h, taps, x, j, tail_lanes(pool->channels - j), pool);
}

/* Windows of two rows and columns are the most common ones, and short. */
FID_INLINE void max_pool_f32_lanes(size_t pixels, size_t channels, const struct fid_windows_f32 *in,
                                   float *out, size_t out_stride, float min, float max)
{
    const struct pool pool = {in, out, out_stride, channels, set_lanes(min), set_lanes(max)};
    for (size_t x = 0; x < pixels; x++) {
        const struct stretch taps = taps_inside(in, x);
        if (in->kernel_h == 2 && taps.first == 0 && taps.end == 2)
            window(2, (struct stretch){0, 2}, x, &pool);
        else
            window(in->kernel_h, taps, x, &pool);
    }
}

#endif
