/* gemm_s8_ref.c - C = post(bias + A · B) of bytes, the meaning of slot gemm_s8. */
#include "kernels/ref/post_s8_ref.h"
#include "kernels/ref/tile_ref.h"
#include "kernels/tables.h"

enum { GROUP = FID_REF_S8_GROUP };

static void add_product(size_t k, const uint8_t *a, const int8_t *b, uint32_t sum[FID_REF_NR])
{
    for (size_t p = 0; p < k; p++)
        for (size_t j = 0; j < FID_REF_NR; j++)
            sum[j] += (uint32_t)(a[p] * b[(p / GROUP * FID_REF_NR + j) * GROUP + p % GROUP]);
}

void fid_gemm_s8_ref FID_GEMM_S8_ARGS
{
    (void)next;
    const size_t tap_bytes = (k + GROUP - 1) / GROUP * GROUP * FID_REF_NR;
    const int8_t *const weights =
        (const int8_t *)panel + (size_t)FID_S8_ROWS * FID_REF_NR * sizeof(int32_t);
    for (size_t i = 0; i < m; i++) {
        uint32_t sum[FID_REF_NR];
        for (size_t j = 0; j < FID_REF_NR; j++)
            sum[j] = fid_bias_ref(panel, j);
        for (size_t t = 0; t < taps; t++)
            add_product(k, a[t * m + i], weights + t * tap_bytes, sum);
        for (size_t j = 0; j < n; j++)
            fid_post_s8_ref(sum[j], i, j, j, panel, FID_REF_NR, c, i * c_stride + j, post);
    }
}
