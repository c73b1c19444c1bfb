/* winograd_input_f32_ref.c - Bᵀ d B for each channel, the meaning of slot winograd_input_f32: the
 * columns of the tile first, then its rows. Called by the Winograd layers of engine/nn. */
#include "kernels/tables.h"
#include "kernels/winograd.h"

void fid_winograd_input_f32_ref(size_t m, size_t channels, const float *const *in, float *out,
                                size_t out_step)
{
    const size_t alpha = m + 2;
    const float(*bt)[FID_WINOGRAD_ALPHA_MAX] = fid_winograd_matrices(m)->bt;
    for (size_t j = 0; j < channels; j++) {
        float half[FID_WINOGRAD_ALPHA_MAX][FID_WINOGRAD_ALPHA_MAX] = {{0}};
        for (size_t y = 0; y < alpha; y++)
            for (size_t x = 0; x < alpha; x++)
                for (size_t v = 0; v < alpha; v++)
                    half[y][x] += bt[y][v] * in[v * alpha + x][j];
        for (size_t y = 0; y < alpha; y++)
            for (size_t x = 0; x < alpha; x++) {
                float sum = 0.0f;
                for (size_t u = 0; u < alpha; u++)
                    sum += bt[x][u] * half[y][u];
                out[(y * alpha + x) * out_step + j] = sum;
            }
    }
}
