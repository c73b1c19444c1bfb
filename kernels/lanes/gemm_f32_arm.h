/* gemm_f32_arm.h - the tile of slot gemm_f32 on ARM. The file that includes this says how many rows
 * (MR), columns (NR) and vectors (VECTORS) a full tile has and how a tap is added (add_products),
 * and instantiates tile() for each shape with TILE. */
#ifndef FID_KERNELS_GEMM_F32_ARM_H
#define FID_KERNELS_GEMM_F32_ARM_H

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
    store_tile(m, vectors, VECTORS, n, sum[0], c, c_stride, post);
}

#define TILE(rows, vectors)                                           \
    static void tile_##rows##x##vectors FID_GEMM_F32_ARGS             \
    {                                                                 \
        (void)m;                                                      \
        (void)next;                                                   \
        tile(rows, vectors, n, taps, k, a, panel, c, c_stride, post); \
    }

#endif
