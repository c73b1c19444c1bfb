/* depthwise_f32_ref.c - out = post(bias + Σ taps in · w) channel by channel, the meaning of slot
 * depthwise_f32. Called by the depthwise layer of engine/nn, a row of pixels at a time. */
#include "kernels/ref/post_ref.h"
#include "kernels/ref/tile_ref.h"
#include "kernels/tables.h"

/* One number: w is the channel's bias, and every FID_REF_CR-th number from there on its weights. */
static float sum_taps(const struct fid_windows *in, size_t x, size_t j, const float *w)
{
    float sum = *w;
    for (size_t kx = 0; kx < in->kernel_w; kx++) {
        const size_t column = x * in->stride + kx * in->dilation - in->pad;
        for (size_t ky = 0; ky < in->kernel_h; ky++) {
            w += FID_REF_CR;
            const float *row = in->rows[ky].first;
            if (column < in->width)
                sum += row[column * in->rows[ky].step + j] * *w;
        }
    }
    return sum;
}

void fid_depthwise_f32_ref FID_DEPTHWISE_F32_ARGS
{
    const size_t block_size = (1 + in->kernel_h * in->kernel_w) * FID_REF_CR;
    for (size_t x = 0; x < pixels; x++)
        for (size_t j = 0; j < channels; j++) {
            const float *w = packed + j / FID_REF_CR * block_size + j % FID_REF_CR;
            out[x * out_stride + j] = fid_post_ref(sum_taps(in, x, j, w), x, j, post);
        }
}
