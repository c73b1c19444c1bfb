/* to_u8_ref.c - numbers to the nearest bytes: slot to_u8. */
#include "kernels/ref/post_s8_ref.h"
#include "kernels/tables.h"

void fid_to_u8_ref FID_TO_U8_ARGS
{
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels)
        for (size_t j = 0; j < channels; j++)
            out[j] = fid_byte_ref(
                fid_clamp_ref(in[j] * inverse[j], (float)-zero, (float)(255 - zero)), zero);
}
