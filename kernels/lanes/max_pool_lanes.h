/* max_pool_lanes.h - slots max_pool_f32 and max_pool_u8: out = the largest number over the taps,
 * row by row of the window.
 *
 * A vector of channels is one load a tap, and the kernel runs at the speed of the loads. A kernel
 * defines before it includes this what a vector is:
 *
 *     number, part    the type of a number, and of a vector of PART numbers
 *     load_part(p, n)  store_part(p, v, n)  max_part(a, b)    as in lanes.h, n ≤ PART
 *     clamp_part(v, low, high)    where there are limits, otherwise v
 *
 * Called by the pooling layer of engine/nn. */
#ifndef FID_KERNELS_MAX_POOL_LANES_H
#define FID_KERNELS_MAX_POOL_LANES_H

#include "kernels/lanes/window_lanes.h"

struct pool {
    const struct fid_windows *in;
    number *out;
    size_t out_stride, channels;
    part low, high;
};

/* n channels from j on of window x, those of its columns that `taps` says. */
FID_INLINE void block(const size_t kernel_h, const struct stretch taps, size_t x, size_t j,
                      const size_t n, const struct pool *pool)
{
    const struct fid_windows *in = pool->in;
    const size_t column = x * in->stride + taps.first * in->dilation - in->pad;
    part best = load_part((const number *)in->rows[0].first + column * in->rows[0].step + j, n);
    for (size_t ky = 0; ky < kernel_h; ky++) {
        const size_t step = in->rows[ky].step;
        const number *pixel = (const number *)in->rows[ky].first + column * step + j;
        for (size_t kx = taps.first; kx < taps.end; kx++, pixel += in->dilation * step)
            best = max_part(best, load_part(pixel, n));
    }
    store_part(pool->out + x * pool->out_stride + j, clamp_part(best, pool->low, pool->high), n);
}

FID_INLINE void window(const size_t kernel_h, const struct stretch taps, size_t x,
                       const struct pool *pool)
{
    size_t j = 0;
    for (; j + PART <= pool->channels; j += PART)
        block(kernel_h, taps, x, j, PART, pool);
    if (j < pool->channels)
        block(kernel_h, taps, x, j, tail_of(PART, pool->channels - j), pool);
}

/* Windows of two rows and columns are the most common ones, and short. */
FID_INLINE void max_pool_lanes(size_t pixels, size_t channels, const struct fid_windows *in,
                               number *out, size_t out_stride, part low, part high)
{
    const struct pool pool = {in, out, out_stride, channels, low, high};
    for (size_t x = 0; x < pixels; x++) {
        const struct stretch taps = taps_inside(in, x);
        if (in->kernel_h == 2 && taps.first == 0 && taps.end == 2)
            window(2, (struct stretch){0, 2}, x, &pool);
        else
            window(in->kernel_h, taps, x, &pool);
    }
}

#endif
