/* from_u8_ref.c - bytes to the numbers that they stand for: slot from_u8. */
#include "kernels/tables.h"

void fid_from_u8_ref FID_FROM_U8_ARGS
{
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels)
        for (size_t j = 0; j < channels; j++)
            out[j] = (float)(in[j] - zero) * scale[j];
}
