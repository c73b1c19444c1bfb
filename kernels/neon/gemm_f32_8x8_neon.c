/* gemm_f32_8x8_neon.c - slot gemm_f32: C = post(bias + A · B), a tile of 8 rows × 8 columns.
 *
 * Registers: 16 sums (8 rows × 2 vectors), 2 for a row of the panel, 8 for four numbers of each row
 * of A: 26 of 32. Four steps of k cost 64 FMAs and 16 loads; the FMA takes its left factor from a
 * lane. Short tiles have bodies of their own (1..8 rows, 1 or 2 vectors); all add their products in
 * the order of t and p, one FMA each from the bias on, so a number's bits do not depend on the
 * shape of its tile. Called by the blocking driver of engine/nn. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"

enum { MR = 8, NR = 8, VECTORS = NR / LANES };

/* sum += (lane `lane` of left) · (row p + lane of the panel) */
#define STEP(lane)                                                                \
    do {                                                                          \
        float32x4_t column[VECTORS];                                              \
        UNROLL                                                                    \
        for (size_t v = 0; v < vectors; v++)                                      \
            column[v] = vld1q_f32(b + (lane)*NR + v * LANES);                     \
        UNROLL                                                                    \
        for (size_t i = 0; i < m; i++) {                                          \
            UNROLL                                                                \
            for (size_t v = 0; v < vectors; v++)                                  \
                sum[i][v] = vfmaq_laneq_f32(sum[i][v], column[v], left[i], lane); \
        }                                                                         \
    } while (0)

/* One tap: k steps, four at a time. */
FID_INLINE void add_products(const size_t m, const size_t vectors, size_t k, const float *const *a,
                             const float *b, float32x4_t sum[MR][VECTORS])
{
    const float *row[MR];
    float32x4_t left[MR];
    size_t p = 0;
    UNROLL
    for (size_t i = 0; i < m; i++)
        row[i] = a[i];
    for (; p + LANES <= k; p += LANES, b += LANES * NR) {
        UNROLL
        for (size_t i = 0; i < m; i++)
            left[i] = vld1q_f32(row[i] + p);
        STEP(0);
        STEP(1);
        STEP(2);
        STEP(3);
    }
    for (; p < k; p++, b += NR) {
        UNROLL
        for (size_t i = 0; i < m; i++)
            left[i] = vld1q_dup_f32(row[i] + p);
        STEP(0);
    }
}

FID_INLINE void store_row(const size_t vectors, size_t n, size_t i, const float32x4_t *sum,
                          float *c, const struct fid_post_f32 *post)
{
    UNROLL
    for (size_t v = 0; v < vectors; v++) {
        const size_t j = v * LANES;
        if (j + LANES <= n) {
            store_lanes(c + j, post_lanes(sum[v], i, j, LANES, post), LANES);
        } else {
            const size_t lanes = tail_lanes(n - j);
            store_lanes(c + j, post_lanes(sum[v], i, j, lanes, post), lanes);
        }
    }
}

/* The tile with a constant number of rows and vectors. */
FID_INLINE void tile(const size_t m, const size_t vectors, size_t n, size_t taps, size_t k,
                     const float *const *a, const float *panel, float *c, size_t c_stride,
                     const struct fid_post_f32 *post)
{
    float32x4_t sum[MR][VECTORS];
    UNROLL
    for (size_t i = 0; i < m; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = vld1q_f32(panel + v * LANES);
    }
    for (size_t t = 0; t < taps; t++)
        add_products(m, vectors, k, a + t * m, panel + (1 + t * k) * NR, sum);
    UNROLL
    for (size_t i = 0; i < m; i++)
        store_row(vectors, n, i, sum[i], c + i * c_stride, post);
}

#define TILE(rows, vectors)                                           \
    static void tile_##rows##x##vectors FID_GEMM_F32_ARGS             \
    {                                                                 \
        (void)m;                                                      \
        (void)next;                                                   \
        tile(rows, vectors, n, taps, k, a, panel, c, c_stride, post); \
    }
TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(7, 1)
TILE(8, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
TILE(7, 2)
TILE(8, 2)

void fid_gemm_f32_8x8_neon FID_GEMM_F32_ARGS
{
    static const fid_gemm_f32_fn tiles[VECTORS][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1, tile_8x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2, tile_8x2},
    };
    tiles[n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
