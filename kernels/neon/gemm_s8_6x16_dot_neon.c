/* gemm_s8_6x16_dot_neon.c - slot gemm_s8 with the dot product instructions (an option of ARMv8.2,
 * required from 8.4 on): a tile of 6 rows × 16 columns.
 *
 * The shape of gemm_f32_6x16_neon.c with four bytes in a float's place. Registers: 24 sums (6 rows
 * × 4 vectors), 6 for sixteen bytes of each row of A, as a - 128, 2 for a pair of vectors of the
 * panel: all 32. Sixteen steps of k cost 96 SDOT, 14 loads and 7 instructions for the sign; the
 * left factor comes from a lane. Short tiles have bodies of their own, of 1 to 6 rows and 8 or 16
 * columns. Called by the blocking driver of engine/nn. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/octets.h"
#include "kernels/lanes/post_octets.h"

#include <string.h>

enum { MR = 6, NR = 16, VECTORS = NR / LANES, GROUP = 4, VECTOR_BYTES = LANES * GROUP };
enum { GROUP_BYTES = NR * GROUP };

/* sum += (lane `lane` of left) · column. By name, for the reason in gemm_f32_6x16_neon.c. */
#define DOT_LANE(sum, column, left, lane) \
    __asm__("sdot %0.4s, %1.16b, %2.4b[" #lane "]" : "+w"(sum) : "w"(column), "w"(left))

/* Vectors v and v + 1 of group `lane` of the panel times that lane of `left` for each row of A. */
#define PAIR(left, lane, v)                                                 \
    if ((v) < vectors) {                                                    \
        const int8_t *const at = b + (lane)*GROUP_BYTES + (v)*VECTOR_BYTES; \
        const int8x16_t first = vld1q_s8(at);                               \
        const int8x16_t second = vld1q_s8(at + VECTOR_BYTES);               \
        UNROLL                                                              \
        for (size_t i = 0; i < m; i++)                                      \
            DOT_LANE(sum[i][v], first, left[i], lane);                      \
        UNROLL                                                              \
        for (size_t i = 0; i < m; i++)                                      \
            DOT_LANE(sum[i][(v) + 1], second, left[i], lane);               \
    }
#define STEP(left, lane) \
    PAIR(left, lane, 0)  \
    PAIR(left, lane, 2)

/* 128 in each byte, made where it is used: kept over the loop it would be the 33rd register. */
FID_INLINE uint8x16_t sign_bits(void)
{
    uint8x16_t bits;
    __asm__ volatile("movi %0.16b, #128" : "=w"(bits));
    return bits;
}

/* One tap: groups of four steps of k, four groups at a time. */
FID_INLINE void add_products(const size_t m, const size_t vectors, size_t groups,
                             const uint8_t *const *a, const int8_t *b, int32x4_t sum[MR][VECTORS])
{
    const size_t bytes = groups * GROUP, whole = bytes - bytes % VECTOR_BYTES;
    const uint8_t *row[MR];
    uint8x16_t left[MR];
    size_t p = 0;
    UNROLL
    for (size_t i = 0; i < m; i++)
        row[i] = a[i];
    for (; p < whole; p += VECTOR_BYTES, b += LANES * GROUP_BYTES) {
        const uint8x16_t bits = sign_bits();
        UNROLL
        for (size_t i = 0; i < m; i++)
            left[i] = veorq_u8(vld1q_u8(row[i] + p), bits);
        STEP(left, 0)
        STEP(left, 1)
        STEP(left, 2)
        STEP(left, 3)
    }
    for (; p < bytes; p += GROUP, b += GROUP_BYTES) {
        const uint8x16_t bits = sign_bits();
        UNROLL
        for (size_t i = 0; i < m; i++) {
            uint32_t four;
            memcpy(&four, row[i] + p, sizeof four);
            left[i] = veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(four)), bits);
        }
        STEP(left, 0)
    }
}

/* The sums of a tile with a constant number of rows and vectors. */
FID_INLINE void tile(const size_t m, const size_t vectors, size_t taps, size_t k,
                     const uint8_t *const *a, const void *panel, int32_t *sums)
{
    const size_t groups = (k + GROUP - 1) / GROUP;
    const int8_t *const b = (const int8_t *)panel + (size_t)FID_S8_ROWS * NR * sizeof(int32_t);
    int32x4_t sum[MR][VECTORS];
    UNROLL
    for (size_t i = 0; i < m; i++)
        UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[i][v] = vld1q_s32((const int32_t *)panel + v * LANES);
    for (size_t t = 0; t < taps; t++)
        add_products(m, vectors, groups, a + t * m, b + t * groups * GROUP_BYTES, sum);
    UNROLL
    for (size_t i = 0; i < m; i++)
        UNROLL
    for (size_t v = 0; v < vectors; v++)
        vst1q_s32(sums + i * NR + v * LANES, sum[i][v]);
}

typedef void (*tile_fn)(size_t taps, size_t k, const uint8_t *const *a, const void *panel,
                        int32_t *sums);

#define TILE(rows, vectors)                                                             \
    static void tile_##rows##x##vectors(size_t taps, size_t k, const uint8_t *const *a, \
                                        const void *panel, int32_t *sums)               \
    {                                                                                   \
        tile(rows, vectors, taps, k, a, panel, sums);                                   \
    }
#define TILES(vectors) \
    TILE(1, vectors)   \
    TILE(2, vectors)   \
    TILE(3, vectors)   \
    TILE(4, vectors)   \
    TILE(5, vectors)   \
    TILE(6, vectors)
TILES(2)
TILES(4)

void fid_gemm_s8_6x16_dot_neon FID_GEMM_S8_ARGS
{
    static const tile_fn tiles[][MR] = {
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2},
        {tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4},
    };
    (void)next;
    int32_t sums[MR * NR];
    tiles[n > OCTET][m - 1](taps, k, a, panel, sums);
    finish_tile(m, n, NR, sums, panel, c, c_stride, post);
}
