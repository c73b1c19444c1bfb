/* gemm_s8_6x16_i8mm_neon.c - slot gemm_s8 with the matrix products of bytes (an option of ARMv8.2,
 * required from 8.6 on): a tile of 6 rows × 16 columns.
 *
 * An USMMLA multiplies two rows of eight bytes without sign by two columns of eight bytes with, and
 * adds to a sum of 2 × 2. Registers: 24 sums (3 pairs of rows × 8 pairs of columns), 6 for sixteen
 * bytes of each row of A, of pairs of rows put together, 2 for the panel: all 32. Sixteen steps of
 * k cost 48 USMMLA, 14 loads and 6 to put the rows together. An odd row is multiplied twice and
 * stored once. Called by the blocking driver of engine/nn. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/post_octets.h"

enum { MR = 6, NR = 16, GROUP = 8, VECTOR_BYTES = 2 * GROUP, GROUP_BYTES = NR * GROUP };
enum { ROW_PAIRS = MR / 2, COLUMN_PAIRS = NR / 2 };

/* By name, so that the order is the one below. */
#define MULTIPLY(sum, left, column) \
    __asm__("usmmla %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(left), "w"(column))

/* One group of the panel times the rows. */
FID_INLINE void add_group(const size_t pairs, const size_t columns, const uint8x16_t *left,
                          const int8_t *b, int32x4_t sum[ROW_PAIRS][COLUMN_PAIRS])
{
    UNROLL
    for (size_t q = 0; q < columns; q += 2) {
        const int8x16_t first = vld1q_s8(b + q * VECTOR_BYTES);
        const int8x16_t second = vld1q_s8(b + (q + 1) * VECTOR_BYTES);
        UNROLL
        for (size_t i = 0; i < pairs; i++)
            MULTIPLY(sum[i][q], left[i], first);
        UNROLL
        for (size_t i = 0; i < pairs; i++)
            MULTIPLY(sum[i][q + 1], left[i], second);
    }
}

FID_INLINE uint8x16_t eights(uint8x16_t a, uint8x16_t b, const int second)
{
    const uint64x2_t even = vreinterpretq_u64_u8(a), odd = vreinterpretq_u64_u8(b);
    return vreinterpretq_u8_u64(second ? vzip2q_u64(even, odd) : vzip1q_u64(even, odd));
}

/* One tap: groups of eight steps of k, two at a time; rows: those of the pairs one by one. */
FID_INLINE void add_products(const size_t pairs, const size_t columns, size_t groups,
                             const uint8_t *const *rows, const int8_t *b,
                             int32x4_t sum[ROW_PAIRS][COLUMN_PAIRS])
{
    uint8x16_t left[ROW_PAIRS], right[ROW_PAIRS];
    size_t p = 0;
    for (; groups >= 2; groups -= 2, p += VECTOR_BYTES, b += 2 * GROUP_BYTES) {
        UNROLL
        for (size_t i = 0; i < pairs; i++) {
            const uint8x16_t even = vld1q_u8(rows[2 * i] + p);
            const uint8x16_t odd = vld1q_u8(rows[2 * i + 1] + p);
            left[i] = eights(even, odd, 0);
            right[i] = eights(even, odd, 1);
        }
        add_group(pairs, columns, left, b, sum);
        add_group(pairs, columns, right, b + GROUP_BYTES, sum);
    }
    if (groups) {
        UNROLL
        for (size_t i = 0; i < pairs; i++)
            left[i] = vcombine_u8(vld1_u8(rows[2 * i] + p), vld1_u8(rows[2 * i + 1] + p));
        add_group(pairs, columns, left, b, sum);
    }
}

/* The sums of a tile with a constant number of pairs; of the last one `m` may have one row only. */
FID_INLINE void tile(const size_t pairs, const size_t columns, size_t m, size_t taps, size_t k,
                     const uint8_t *const *a, const void *panel, int32_t *sums)
{
    const size_t groups = (k + GROUP - 1) / GROUP;
    const int8_t *b = (const int8_t *)panel + (size_t)FID_S8_ROWS * NR * sizeof(int32_t);
    int32x4_t sum[ROW_PAIRS][COLUMN_PAIRS];
    UNROLL
    for (size_t q = 0; q < columns; q++) {
        const int32x2_t bias = vld1_s32((const int32_t *)panel + 2 * q);
        UNROLL
        for (size_t i = 0; i < pairs; i++)
            sum[i][q] = vcombine_s32(bias, bias);
    }
    for (size_t t = 0; t < taps; t++, a += m, b += groups * GROUP_BYTES) {
        const uint8_t *rows[MR];
        UNROLL
        for (size_t i = 0; i < 2 * pairs; i++)
            rows[i] = a[i < m ? i : m - 1];
        add_products(pairs, columns, groups, rows, b, sum);
    }
    UNROLL
    for (size_t i = 0; i < pairs; i++)
        UNROLL
    for (size_t q = 0; q < columns; q += 2) {
        const int64x2_t left = vreinterpretq_s64_s32(sum[i][q]);
        const int64x2_t right = vreinterpretq_s64_s32(sum[i][q + 1]);
        int32_t *const at = sums + 2 * i * NR + 2 * q;
        vst1q_s32(at, vreinterpretq_s32_s64(vzip1q_s64(left, right)));
        vst1q_s32(at + NR, vreinterpretq_s32_s64(vzip2q_s64(left, right)));
    }
}

typedef void (*tile_fn)(size_t m, size_t taps, size_t k, const uint8_t *const *a, const void *panel,
                        int32_t *sums);

#define TILE(pairs, columns)                                                                       \
    static void tile_##pairs##x##columns(size_t m, size_t taps, size_t k, const uint8_t *const *a, \
                                         const void *panel, int32_t *sums)                         \
    {                                                                                              \
        tile(pairs, columns, m, taps, k, a, panel, sums);                                          \
    }
TILE(1, 4)
TILE(2, 4)
TILE(3, 4)
TILE(1, 8)
TILE(2, 8)
TILE(3, 8)

void fid_gemm_s8_6x16_i8mm_neon FID_GEMM_S8_ARGS
{
    static const tile_fn tiles[][ROW_PAIRS] = {{tile_1x4, tile_2x4, tile_3x4},
                                               {tile_1x8, tile_2x8, tile_3x8}};
    (void)next;
    int32_t sums[MR * NR];
    tiles[n > OCTET][(m - 1) / 2](m, taps, k, a, panel, sums);
    finish_tile(m, n, NR, sums, panel, c, c_stride, post);
}
