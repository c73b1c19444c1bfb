/* gemm_f32_6x16_avx2.c - slot gemm_f32: C = post(bias + A · B), a tile of 6 rows × 16 columns.
 *
 * Registers: 12 sums (6 rows × 2 vectors), 2 for a row of the panel, 1 or 2 for the broadcast
 * number of A: 15 of 16. Each step of k costs 12 FMAs and 8 loads, so the two FMA units are the
 * limit. Short tiles have bodies of their own (1..6 rows, 1 or 2 vectors) and cost what they use;
 * all add their products in the order of t and p, one FMA each from the bias on, so a number's bits
 * do not depend on the shape of its tile. Called by the blocking driver of engine/nn. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/lanes_avx2.h"

enum { MR = 6, NR = 16, VECTORS = NR / LANES };

FID_INLINE void store_row(const size_t vectors, size_t n, size_t i, const __m256 *sum, float *c,
                          const struct fid_post_f32 *post)
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
    __m256 sum[MR][VECTORS];
    UNROLL
    for (size_t i = 0; i < m; i++)
        UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[i][v] = _mm256_load_ps(panel + v * LANES);

    const float *b = panel + NR;
    for (size_t t = 0; t < taps; t++, a += m) {
        const float *row[MR];
        UNROLL
        for (size_t i = 0; i < m; i++)
            row[i] = a[i];
        for (size_t p = 0; p < k; p++, b += NR) {
            __m256 column[VECTORS];
            UNROLL
            for (size_t v = 0; v < vectors; v++)
                column[v] = _mm256_load_ps(b + v * LANES);
            UNROLL
            for (size_t i = 0; i < m; i++) {
                const __m256 left = _mm256_broadcast_ss(row[i] + p);
                UNROLL
                for (size_t v = 0; v < vectors; v++)
                    sum[i][v] = _mm256_fmadd_ps(left, column[v], sum[i][v]);
            }
        }
    }
    UNROLL
    for (size_t i = 0; i < m; i++)
        store_row(vectors, n, i, sum[i], c + i * c_stride, post);
}

#define TILE(rows, vectors)                                           \
    static void tile_##rows##x##vectors FID_GEMM_F32_ARGS             \
    {                                                                 \
        (void)m;                                                      \
        tile(rows, vectors, n, taps, k, a, panel, c, c_stride, post); \
    }
TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)

void fid_gemm_f32_6x16_avx2(size_t m, size_t n, size_t taps, size_t k, const float *const *a,
                            const float *panel, float *c, size_t c_stride,
                            const struct fid_post_f32 *post)
{
    static const fid_gemm_f32_fn tiles[VECTORS][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2},
    };
    tiles[n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post);
}
