/* gemm_s8_4x8_neon.c - slot gemm_s8: kernels/lanes/gemm_s8_octets.h with 4 rows, for CPUs without
 * dot products of bytes.
 *
 * Registers: 16 sums, 4 of the panel, 4 products, 2 of a row. Eight steps of k cost 48 instructions
 * for the products and 8 loads (4 of A, 4 of the panel in pairs), 4 for the sign, 8 to spread. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/post_octets.h"

enum { ROWS = 4, AT_ONCE = 2 };
typedef int8x16_t quad_s8;

#define spread(eight, lane) vreinterpretq_s8_s32(vdupq_lane_s32(vreinterpret_s32_s8(eight), lane))

FID_INLINE int16x8_t multiply_low(int8x16_t b, quad_s8 quad)
{
    return vmull_s8(vget_low_s8(b), vget_low_s8(quad));
}

FID_INLINE int16x8_t multiply_high(int8x16_t b, quad_s8 quad)
{
    return vmull_high_s8(b, quad);
}

FID_INLINE int16x8_t add_low(int16x8_t sum, int8x16_t b, quad_s8 quad)
{
    return vmlal_s8(sum, vget_low_s8(b), vget_low_s8(quad));
}

FID_INLINE int16x8_t add_high(int16x8_t sum, int8x16_t b, quad_s8 quad)
{
    return vmlal_high_s8(sum, b, quad);
}

FID_INLINE int32x4_t add_pairs(int32x4_t a, int32x4_t b)
{
    return vpaddq_s32(a, b);
}

#include "kernels/lanes/gemm_s8_octets.h"

void fid_gemm_s8_4x8_neon FID_GEMM_S8_ARGS
{
    (void)next;
    int32_t sums[ROWS * NR];
    switch (m) {
    case 1:
        add_products(1, 1, taps, k, a, panel, sums);
        break;
    case 2:
        add_products(2, 2, taps, k, a, panel, sums);
        break;
    case 3:
        add_products(3, 3, taps, k, a, panel, sums);
        break;
    default:
        add_products(4, 4, taps, k, a, panel, sums);
    }
    finish_tile(m, n, NR, sums, panel, c, c_stride, post);
}
