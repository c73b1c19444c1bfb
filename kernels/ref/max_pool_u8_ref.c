/* max_pool_u8_ref.c - the largest byte of each channel under a window: slot max_pool_u8. */
#include "kernels/tables.h"

void fid_max_pool_u8_ref FID_MAX_POOL_U8_ARGS
{
    for (size_t x = 0; x < pixels; x++, in += in_step, out += out_stride)
        for (size_t j = 0; j < channels; j++) {
            uint8_t most = 0;
            for (size_t t = 0; t < taps; t++)
                most = in[t][j] > most ? in[t][j] : most;
            out[j] = most;
        }
}
