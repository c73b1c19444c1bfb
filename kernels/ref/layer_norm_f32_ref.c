/* layer_norm_f32_ref.c - mean 0 and variance 1 over the channels of each pixel, the meaning of
 * slot layer_norm_f32. */
#include "kernels/tables.h"

#include <math.h>

void fid_layer_norm_f32_ref(size_t pixels, size_t channels, const float *in, const float *scale,
                            const float *shift, float epsilon, float *out)
{
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels) {
        float sum = 0.0f, squares = 0.0f;
        for (size_t j = 0; j < channels; j++)
            sum += in[j];
        const float mean = sum / (float)channels;
        for (size_t j = 0; j < channels; j++)
            squares += (in[j] - mean) * (in[j] - mean);
        const float factor = 1.0f / sqrtf(squares / (float)channels + epsilon);
        for (size_t j = 0; j < channels; j++)
            out[j] = (in[j] - mean) * factor * scale[j] + shift[j];
    }
}
