/* average_f32_ref.c - out = scale · Σ taps, the meaning of slot average_f32. One output pixel a
 * call; a global pool has one tap a pixel of the picture. */
#include "kernels/tables.h"

void fid_average_f32_ref(size_t channels, size_t taps, const float *const *in, float scale,
                         float *out)
{
    for (size_t j = 0; j < channels; j++) {
        float sum = in[0][j];
        for (size_t t = 1; t < taps; t++)
            sum += in[t][j];
        out[j] = scale * sum;
    }
}
