/* depthwise_s8_ref.c - out = post(bias + Σ taps in · w) channel by channel, of bytes: the meaning
 * of slot depthwise_s8. */
#include "kernels/ref/post_s8_ref.h"
#include "kernels/ref/tile_ref.h"
#include "kernels/tables.h"

enum { CR = FID_REF_CR, BLOCK_ALIGN = 64 };

/* One sum of `sum` and the taps; w: every CR-th byte from there on is a weight of channel j. */
static uint32_t sum_taps(const struct fid_windows *in, size_t x, size_t j, const int8_t *w,
                         uint32_t sum)
{
    for (size_t kx = 0; kx < in->kernel_w; kx++) {
        const size_t column = x * in->stride + kx * in->dilation - in->pad;
        for (size_t ky = 0; ky < in->kernel_h; ky++, w += CR) {
            const uint8_t *row = in->rows[ky].first, *padding = in->padding;
            const uint8_t *pixel = column < in->width ? row + column * in->rows[ky].step : padding;
            sum += (uint32_t)(pixel[j] * *w);
        }
    }
    return sum;
}

void fid_depthwise_s8_ref FID_DEPTHWISE_S8_ARGS
{
    const size_t taps = in->kernel_h * in->kernel_w,
                 vectors = (size_t)FID_S8_ROWS * CR * sizeof(int32_t);
    const size_t block_bytes = (vectors + taps * CR + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
    for (size_t x = 0; x < pixels; x++)
        for (size_t j = 0; j < channels; j++) {
            const char *const block = (const char *)packed + j / CR * block_bytes;
            const int8_t *const w = (const int8_t *)block + vectors + j % CR;
            const uint32_t sum = sum_taps(in, x, j, w, fid_bias_ref(block, j % CR));
            fid_post_s8_ref(sum, x, j % CR, j, block, CR, out, x * out_stride + j, post);
        }
}
