/* max_pool_f32_lanes.h - slot max_pool_f32: kernels/lanes/max_pool_lanes.h with vectors of f32. */
#ifndef FID_KERNELS_MAX_POOL_F32_LANES_H
#define FID_KERNELS_MAX_POOL_F32_LANES_H

typedef float number;
typedef lanes_f32 part;
enum { PART = LANES };

FID_INLINE part load_part(const float *p, size_t n)
{
    return load_lanes(p, n);
}

FID_INLINE void store_part(float *p, part v, size_t n)
{
    store_lanes(p, v, n);
}

FID_INLINE part max_part(part a, part b)
{
    return max_lanes(a, b);
}

FID_INLINE part clamp_part(part v, part low, part high)
{
    return clamp_lanes(v, low, high);
}

#include "kernels/lanes/max_pool_lanes.h"

FID_INLINE void max_pool_f32_lanes(size_t pixels, size_t channels, const struct fid_windows *in,
                                   float *out, size_t out_stride, float min, float max)
{
    max_pool_lanes(pixels, channels, in, out, out_stride, set_lanes(min), set_lanes(max));
}

#endif
