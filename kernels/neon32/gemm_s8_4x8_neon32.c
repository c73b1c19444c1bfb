/* gemm_s8_4x8_neon32.c - slot gemm_s8: kernels/lanes/gemm_s8_octets.h with 4 rows, two at a time.
 *
 * Registers: 8 sums, 2 of the panel, 4 products, halves for the rows: all 16. Eight steps of k of
 * two rows cost 24 instructions for the products and 6 loads. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/post_octets.h"

enum { MR = 4, ROWS = 2, AT_ONCE = 1 };
typedef int8x8_t quad_s8;

#define spread(eight, lane) vreinterpret_s8_s32(vdup_lane_s32(vreinterpret_s32_s8(eight), lane))

FID_INLINE int16x8_t multiply_low(int8x16_t b, quad_s8 quad)
{
    return vmull_s8(vget_low_s8(b), quad);
}

FID_INLINE int16x8_t multiply_high(int8x16_t b, quad_s8 quad)
{
    return vmull_s8(vget_high_s8(b), quad);
}

FID_INLINE int16x8_t add_low(int16x8_t sum, int8x16_t b, quad_s8 quad)
{
    return vmlal_s8(sum, vget_low_s8(b), quad);
}

FID_INLINE int16x8_t add_high(int16x8_t sum, int8x16_t b, quad_s8 quad)
{
    return vmlal_s8(sum, vget_high_s8(b), quad);
}

FID_INLINE int32x4_t add_pairs(int32x4_t a, int32x4_t b)
{
    return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)),
                        vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
}

#include "kernels/lanes/gemm_s8_octets.h"

void fid_gemm_s8_4x8_neon32 FID_GEMM_S8_ARGS
{
    (void)next;
    int32_t sums[MR * NR];
    size_t i = 0;
    for (; i + ROWS <= m; i += ROWS)
        add_products(ROWS, m, taps, k, a + i, panel, sums + i * NR);
    if (i < m)
        add_products(1, m, taps, k, a + i, panel, sums + i * NR);
    finish_tile(m, n, NR, sums, panel, c, c_stride, post);
}
