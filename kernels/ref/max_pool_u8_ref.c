/* max_pool_u8_ref.c - the largest byte of each channel under a window: slot max_pool_u8. */
#include "kernels/tables.h"

static uint8_t largest(const struct fid_windows *in, size_t x, size_t j)
{
    uint8_t most = 0;
    for (size_t ky = 0; ky < in->kernel_h; ky++)
        for (size_t kx = 0; kx < in->kernel_w; kx++) {
            const size_t column = x * in->stride + kx * in->dilation - in->pad;
            if (column >= in->width)
                continue;
            const uint8_t *row = in->rows[ky].first;
            const uint8_t byte = row[column * in->rows[ky].step + j];
            most = byte > most ? byte : most;
        }
    return most;
}

void fid_max_pool_u8_ref FID_MAX_POOL_U8_ARGS
{
    for (size_t x = 0; x < pixels; x++)
        for (size_t j = 0; j < channels; j++)
            out[x * out_stride + j] = largest(in, x, j);
}
