/* depthwise_f32_ref.c - out = post(bias + Σ taps in · w) channel by channel, the meaning of slot
 * depthwise_f32. Called by the depthwise layer of engine/nn, a row of pixels at a time. */
#include "kernels/ref/post_ref.h"
#include "kernels/ref/tile_ref.h"
#include "kernels/tables.h"

void fid_depthwise_f32_ref(size_t pixels, size_t channels, size_t taps, const float *const *in,
                           size_t in_step, const float *packed, float *out, size_t out_stride,
                           const struct fid_post_f32 *post)
{
    const size_t block_size = (1 + taps) * FID_REF_CR;
    for (size_t x = 0; x < pixels; x++, in += in_step)
        for (size_t j = 0; j < channels; j++) {
            const float *w = packed + j / FID_REF_CR * block_size + j % FID_REF_CR;
            float sum = w[0];
            for (size_t t = 0; t < taps; t++)
                sum += in[t][j] * w[(1 + t) * FID_REF_CR];
            out[x * out_stride + j] = fid_post_ref(sum, x, j, post);
        }
}
