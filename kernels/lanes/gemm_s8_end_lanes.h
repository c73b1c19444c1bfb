/* gemm_s8_end_lanes.h - the end of a tile of gemm_s8 from sums in memory, rows of NR numbers: for
 * tiles of any shape, and with all that struct fid_post_s8 may ask for. */
#ifndef FID_KERNELS_GEMM_S8_END_LANES_H
#define FID_KERNELS_GEMM_S8_END_LANES_H

FID_INLINE void end_rows(const size_t vectors, const enum ending ending, size_t m, size_t n,
                         const int32_t *sums, const void *panel, void *c, size_t c_stride,
                         const struct fid_post_s8 *post)
{
    const struct column_lanes columns = load_columns(vectors, panel, NR);
    const struct fid_post_s8 own = known_post(ending, post);
    const size_t row_bytes = c_stride * (own.f32 ? sizeof(float) : 1);
    for (size_t i = 0; i < m; i++, sums += NR, c = (char *)c + row_bytes) {
        const uint8_t *const residual =
            own.residual ? own.residual + i * own.residual_stride : NULL;
        lanes_s32 sum[VECTORS_MOST];
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = load_s32(sums + v * LANES);
        store_post_s8(vectors, n, sum, &columns, residual, c, &own);
    }
}

FID_INLINE void end_vectors(const size_t vectors, size_t m, size_t n, const int32_t *sums,
                            const void *panel, void *c, size_t c_stride,
                            const struct fid_post_s8 *post)
{
    const enum ending ending = ending_of(post);
    if (ending == END_LIMITS)
        end_rows(vectors, END_LIMITS, m, n, sums, panel, c, c_stride, post);
    else if (ending == END_SLOPE)
        end_rows(vectors, END_SLOPE, m, n, sums, panel, c, c_stride, post);
    else if (ending == END_RESIDUAL)
        end_rows(vectors, END_RESIDUAL, m, n, sums, panel, c, c_stride, post);
    else
        end_rows(vectors, END_ANY, m, n, sums, panel, c, c_stride, post);
}

__attribute__((noinline)) static void end_tile(size_t m, size_t n, const int32_t *sums,
                                               const void *panel, void *c, size_t c_stride,
                                               const struct fid_post_s8 *post)
{
    if (n > (size_t)2 * LANES)
        end_vectors(VECTORS, m, n, sums, panel, c, c_stride, post);
    else if (n > LANES)
        end_vectors(2, m, n, sums, panel, c, c_stride, post);
    else
        end_vectors(1, m, n, sums, panel, c, c_stride, post);
}

#endif
