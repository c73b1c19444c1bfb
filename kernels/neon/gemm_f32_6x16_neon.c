/* gemm_f32_6x16_neon.c - slot gemm_f32: C = post(bias + A · B), a tile of 6 rows × 16 columns.
 *
 * Registers: 24 sums (6 rows × 4 vectors), 6 for four numbers of each row of A, 2 for a pair of
 * vectors of the panel: all 32. Four steps of k cost 96 FMAs, 14 loads (6 of A, 8 pairs of the
 * panel) and 4 instructions for the loop; the FMA takes its left factor from a lane. Short tiles
 * have bodies of their own (1..6 rows, 1..4 vectors) and cost what they use; all add their products
 * in the order of t and p, one FMA each from the bias on, so a number's bits do not depend on the
 * shape of its tile. Called by the blocking driver of engine/nn. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"

enum { MR = 6, NR = 16, VECTORS = NR / LANES };

/* sum += (lane `lane` of left) · column. The instruction by name: of vfmaq_laneq_f32 gcc 12 makes a
 * copy of the lane that it merges later in another order, and then runs out of registers. */
#define FMA_LANE(sum, column, left, lane) \
    __asm__("fmla %0.4s, %1.4s, %2.s[" #lane "]" : "+w"(sum) : "w"(column), "w"(left))

/* Vectors v and v + 1 of row `lane` of the panel, read together so that one instruction loads both,
 * times that lane of `left` for each row of A. */
#define PAIR(left, lane, v)                                                     \
    if ((v) < vectors) {                                                        \
        const float *const at = b + (lane)*NR + (v)*LANES;                      \
        const float32x4_t first = vld1q_f32(at);                                \
        const float32x4_t second = vld1q_f32(at + ((v) + 1 < vectors) * LANES); \
        UNROLL                                                                  \
        for (size_t i = 0; i < m; i++)                                          \
            FMA_LANE(sum[i][v], first, left[i], lane);                          \
        if ((v) + 1 < vectors) {                                                \
            UNROLL                                                              \
            for (size_t i = 0; i < m; i++)                                      \
                FMA_LANE(sum[i][(v) + 1], second, left[i], lane);               \
        }                                                                       \
    }
#define STEP(left, lane) \
    PAIR(left, lane, 0)  \
    PAIR(left, lane, 2)

/* One tap: k steps, four at a time. */
FID_INLINE void add_products(const size_t m, const size_t vectors, size_t k, const float *const *a,
                             const float *b, float32x4_t sum[MR][VECTORS])
{
    const size_t fours = k - k % LANES;
    const float *row[MR];
    float32x4_t four[MR];
    float one[MR];
    size_t p = 0;
    UNROLL
    for (size_t i = 0; i < m; i++)
        row[i] = a[i];
    for (; p < fours; p += LANES, b += LANES * NR) {
        UNROLL
        for (size_t i = 0; i < m; i++)
            four[i] = vld1q_f32(row[i] + p);
        STEP(four, 0)
        STEP(four, 1)
        STEP(four, 2)
        STEP(four, 3)
    }
    for (; p < k; p++, b += NR) {
        UNROLL
        for (size_t i = 0; i < m; i++)
            one[i] = row[i][p];
        STEP(one, 0)
    }
}

#include "kernels/lanes/gemm_f32_arm.h"

#define TILES(vectors) \
    TILE(1, vectors)   \
    TILE(2, vectors)   \
    TILE(3, vectors)   \
    TILE(4, vectors)   \
    TILE(5, vectors)   \
    TILE(6, vectors)
TILES(1)
TILES(2)
TILES(3)
TILES(4)

void fid_gemm_f32_6x16_neon FID_GEMM_F32_ARGS
{
    static const fid_gemm_f32_fn tiles[VECTORS][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2},
        {tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3},
        {tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4},
    };
    tiles[(n - 1) / LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
