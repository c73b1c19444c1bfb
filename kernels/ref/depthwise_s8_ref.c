/* depthwise_s8_ref.c - out = post(bias + Σ taps in · w) channel by channel, of bytes: the meaning
 * of slot depthwise_s8. */
#include "kernels/ref/post_s8_ref.h"
#include "kernels/ref/tile_ref.h"
#include "kernels/tables.h"

enum { CR = FID_REF_CR, BLOCK_ALIGN = 64 };

void fid_depthwise_s8_ref FID_DEPTHWISE_S8_ARGS
{
    const size_t vectors = (size_t)FID_S8_ROWS * CR * sizeof(int32_t);
    const size_t block_bytes = (vectors + taps * CR + BLOCK_ALIGN - 1) / BLOCK_ALIGN * BLOCK_ALIGN;
    for (size_t x = 0; x < pixels; x++, in += in_step)
        for (size_t j = 0; j < channels; j++) {
            const char *const block = (const char *)packed + j / CR * block_bytes;
            const int8_t *const w = (const int8_t *)block + vectors + j % CR;
            uint32_t sum = fid_bias_ref(block, j % CR);
            for (size_t t = 0; t < taps; t++)
                sum += (uint32_t)(in[t][j] * w[t * CR]);
            fid_post_s8_ref(sum, x, j % CR, j, block, CR, out, x * out_stride + j, post);
        }
}
