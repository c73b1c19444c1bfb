/* gemm_f32_ref.c - C = post(bias + A · B), the meaning of slot gemm_f32.
 *
 * One row of the tile at a time: FID_REF_NR sums, to which each number of the left row adds its
 * multiple of a row of the panel. Called by the blocking driver of engine/nn. */
#include "kernels/ref/post_ref.h"
#include "kernels/ref/tile_ref.h"
#include "kernels/tables.h"

static void add_product(size_t k, const float *a, const float *b, float sum[FID_REF_NR])
{
    for (size_t p = 0; p < k; p++, b += FID_REF_NR)
        for (size_t j = 0; j < FID_REF_NR; j++)
            sum[j] += a[p] * b[j];
}

void fid_gemm_f32_ref(size_t m, size_t n, size_t taps, size_t k, const float *const *a,
                      const float *panel, float *c, size_t c_stride,
                      const struct fid_post_f32 *post, const void *next)
{
    (void)next;
    for (size_t i = 0; i < m; i++) {
        float sum[FID_REF_NR];
        for (size_t j = 0; j < FID_REF_NR; j++)
            sum[j] = panel[j];
        for (size_t t = 0; t < taps; t++)
            add_product(k, a[t * m + i], panel + (1 + t * k) * FID_REF_NR, sum);
        for (size_t j = 0; j < n; j++)
            c[i * c_stride + j] = fid_post_ref(sum[j], i, j, post);
    }
}
