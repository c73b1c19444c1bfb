/* max_pool_u8_octets.h - slot max_pool_u8 on ARM: kernels/lanes/max_pool_lanes.h with vectors of
 * sixteen bytes. */
#ifndef FID_KERNELS_MAX_POOL_U8_OCTETS_H
#define FID_KERNELS_MAX_POOL_U8_OCTETS_H

typedef uint8_t number;
typedef uint8x16_t part;
enum { PART = 2 * OCTET };

/* All of it, for 63 bytes more may be read. */
FID_INLINE part load_part(const uint8_t *p, size_t n)
{
    (void)n;
    return vld1q_u8(p);
}

FID_INLINE void store_part(uint8_t *p, part v, size_t n)
{
    store_octet(p, vget_low_u8(v), min_size(n, OCTET));
    if (n > OCTET)
        store_octet(p + OCTET, vget_high_u8(v), n - OCTET);
}

FID_INLINE part max_part(part a, part b)
{
    return vmaxq_u8(a, b);
}

FID_INLINE part clamp_part(part v, part low, part high)
{
    (void)low;
    (void)high;
    return v;
}

#include "kernels/lanes/max_pool_lanes.h"

FID_INLINE void max_pool_u8_octets(size_t pixels, size_t channels, const struct fid_windows *in,
                                   uint8_t *out, size_t out_stride)
{
    max_pool_lanes(pixels, channels, in, out, out_stride, vdupq_n_u8(0), vdupq_n_u8(0));
}

#endif
