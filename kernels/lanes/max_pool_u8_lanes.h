/* max_pool_u8_lanes.h - slot max_pool_u8: kernels/lanes/max_pool_lanes.h with vectors of bytes. */
#ifndef FID_KERNELS_MAX_POOL_U8_LANES_H
#define FID_KERNELS_MAX_POOL_U8_LANES_H

typedef uint8_t number;
typedef lanes_s32 part;
enum { PART = BYTES };

/* All of it, for 63 bytes more may be read. */
FID_INLINE part load_part(const uint8_t *p, size_t n)
{
    (void)n;
    return load_bytes(p);
}

FID_INLINE void store_part(uint8_t *p, part v, size_t n)
{
    store_bytes(p, v, n);
}

FID_INLINE part max_part(part a, part b)
{
    return max_bytes(a, b);
}

FID_INLINE part clamp_part(part v, part low, part high)
{
    (void)low;
    (void)high;
    return v;
}

#include "kernels/lanes/max_pool_lanes.h"

FID_INLINE void max_pool_u8_lanes(size_t pixels, size_t channels, const struct fid_windows *in,
                                  uint8_t *out, size_t out_stride)
{
    max_pool_lanes(pixels, channels, in, out, out_stride, set_s32(0), set_s32(0));
}

#endif
