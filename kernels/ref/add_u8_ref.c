/* add_u8_ref.c - the sum of two values of bytes, the meaning of slot add_u8. */
#include "kernels/ref/post_s8_ref.h"
#include "kernels/tables.h"

void fid_add_u8_ref FID_ADD_U8_ARGS
{
    for (size_t x = 0; x < pixels; x++, a += channels, b += channels, out += channels)
        for (size_t j = 0; j < channels; j++) {
            const float left = (float)(a[j] - how->a_zero) * how->a_scale[j];
            const float right = (float)(b[j] - how->b_zero) * how->b_scale[j];
            float v = left + right;
            if (how->slope)
                v = v < 0.0f ? how->slope[j] * v : v;
            out[j] = fid_byte_ref(fid_clamp_ref(v, how->low[j], how->high[j]), how->zero);
        }
}
