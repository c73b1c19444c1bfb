/* winograd_output_f32_ref.c - post(bias + Aᵀ t A) for each channel, the meaning of slot
 * winograd_output_f32: the columns of the tile first, then its rows. Called by the Winograd layers
 * of engine/nn. */
#include "kernels/ref/post_ref.h"
#include "kernels/tables.h"
#include "kernels/winograd.h"

void fid_winograd_output_f32_ref(size_t m, size_t channels, const float *in, size_t in_step,
                                 const float *bias, size_t rows, size_t columns, float *out,
                                 size_t row_step, size_t column_step,
                                 const struct fid_post_f32 *post)
{
    const size_t alpha = m + 2;
    const float(*at)[FID_WINOGRAD_ALPHA_MAX] = fid_winograd_matrices(m)->at;
    for (size_t j = 0; j < channels; j++) {
        float half[FID_WINOGRAD_M_MAX][FID_WINOGRAD_ALPHA_MAX] = {{0}};
        for (size_t y = 0; y < m; y++)
            for (size_t x = 0; x < alpha; x++)
                for (size_t v = 0; v < alpha; v++)
                    half[y][x] += at[y][v] * in[(v * alpha + x) * in_step + j];
        for (size_t y = 0; y < rows; y++)
            for (size_t x = 0; x < columns; x++) {
                const size_t to = y * row_step + x * column_step;
                struct fid_post_f32 here = *post;
                float sum = 0.0f;
                for (size_t u = 0; u < alpha; u++)
                    sum += at[x][u] * half[y][u];
                here.residual = post->residual ? post->residual + to : NULL;
                out[to + j] = fid_post_ref(sum + bias[j], 0, j, &here);
            }
    }
}
