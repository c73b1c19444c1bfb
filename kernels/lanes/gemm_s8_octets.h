/* gemm_s8_octets.h - slot gemm_s8 on ARM without dot products of bytes: a tile of ROWS rows × eight
 * columns, byte products in 16 bits.
 *
 * Four bytes of a row, as a - 128, meet four bytes of each of four columns: an instruction
 * multiplies two columns to 16 bits, the next group of four is added there (2 · 128 · 127 still
 * fits), and pairs of that are added to 32 bits: a sum stands in two lanes until the end. So
 * sixteen products cost three instructions. A kernel defines before it includes this ROWS and
 * AT_ONCE, how many vectors of the panel its registers hold at a time, 1 or 2, and
 *
 *     quad_s8, spread(eight, lane)   four bytes of eight, again and again
 *     multiply_low(b, quad)  multiply_high(b, quad)  and add_low(sum, b, quad)  add_high(...): the
 *                                     products of half a vector of the panel
 *     add_pairs(a, b)                 the sums of neighbours of a, then of b
 *
 * Called by the blocking driver of engine/nn. */
#ifndef FID_KERNELS_GEMM_S8_OCTETS_H
#define FID_KERNELS_GEMM_S8_OCTETS_H

enum { NR = OCTET, VECTORS = NR / LANES, HALVES = 2 * VECTORS };
enum { GROUP = 4, VECTOR_BYTES = LANES * GROUP, GROUP_BYTES = NR * GROUP };

/* One group of k, or two, of vectors v to v + AT_ONCE - 1 of the panel. */
FID_INLINE void add_groups(const size_t m, const size_t groups, const size_t v,
                           const uint8_t *const row[ROWS], size_t p, const int8_t *b,
                           int32x4_t sum[ROWS][HALVES])
{
    int8x16_t column[AT_ONCE], beneath[AT_ONCE];
    UNROLL
    for (size_t c = 0; c < AT_ONCE; c++) {
        const int8_t *const at = b + (v + c) * VECTOR_BYTES;
        column[c] = vld1q_s8(at);
        beneath[c] = groups > 1 ? vld1q_s8(at + GROUP_BYTES) : column[c];
    }
    UNROLL
    for (size_t i = 0; i < m; i++) {
        const uint8x8_t bytes = vld1_u8(row[i] + p);
        const int8x8_t left = vreinterpret_s8_u8(veor_u8(bytes, vdup_n_u8(128)));
        const quad_s8 quad = spread(left, 0), next = spread(left, 1);
        int16x8_t product[2 * AT_ONCE];
        UNROLL
        for (size_t c = 0; c < AT_ONCE; c++) {
            product[2 * c] = multiply_low(column[c], quad);
            product[2 * c + 1] = multiply_high(column[c], quad);
        }
        UNROLL
        for (size_t c = 0; c < AT_ONCE && groups > 1; c++) {
            product[2 * c] = add_low(product[2 * c], beneath[c], next);
            product[2 * c + 1] = add_high(product[2 * c + 1], beneath[c], next);
        }
        UNROLL
        for (size_t c = 0; c < 2 * AT_ONCE; c++)
            sum[i][2 * v + c] = vpadalq_s16(sum[i][2 * v + c], product[c]);
    }
}

/* The sums of a constant number of rows; a is `stride` pointers further for the next tap. */
FID_INLINE void add_products(const size_t m, size_t stride, size_t taps, size_t k,
                             const uint8_t *const *a, const void *panel, int32_t *sums)
{
    const int32_t *const bias = panel;
    const int8_t *b = (const int8_t *)panel + (size_t)FID_S8_ROWS * NR * sizeof(int32_t);
    const size_t groups = (k + GROUP - 1) / GROUP, even = groups / 2 * 2 * GROUP;
    int32x4_t sum[ROWS][HALVES];
    UNROLL
    for (size_t i = 0; i < m; i++)
        UNROLL
    for (size_t half = 0; half < HALVES; half++)
        sum[i][half] = vdupq_n_s32(0);
    for (size_t t = 0; t < taps; t++, a += stride) {
        const uint8_t *row[ROWS];
        UNROLL
        for (size_t i = 0; i < m; i++)
            row[i] = a[i];
        size_t p = 0;
        for (; p < even; p += 2 * GROUP, b += 2 * GROUP_BYTES)
            UNROLL
        for (size_t v = 0; v < VECTORS; v += AT_ONCE)
            add_groups(m, 2, v, row, p, b, sum);
        if (groups % 2) {
            UNROLL
            for (size_t v = 0; v < VECTORS; v += AT_ONCE)
                add_groups(m, 1, v, row, p, b, sum);
            b += GROUP_BYTES;
        }
    }
    UNROLL
    for (size_t i = 0; i < m; i++) {
        int32_t *const at = sums + i * NR;
        vst1q_s32(at, vaddq_s32(vld1q_s32(bias), add_pairs(sum[i][0], sum[i][1])));
        vst1q_s32(at + LANES, vaddq_s32(vld1q_s32(bias + LANES), add_pairs(sum[i][2], sum[i][3])));
    }
}

#endif
