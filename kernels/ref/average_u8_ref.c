/* average_u8_ref.c - the mean of each channel of bytes, as f32: slot average_u8. */
#include "kernels/tables.h"

void fid_average_u8_ref FID_AVERAGE_U8_ARGS
{
    for (size_t j = 0; j < channels; j++) {
        int32_t sum = -(int32_t)taps * zero;
        for (size_t t = 0; t < taps; t++)
            sum += in[t][j];
        out[j] = (float)sum * scale;
    }
}
