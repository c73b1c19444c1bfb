/* affine_f32_ref.c - out = post(in · scale + shift) with a scale and a shift for each channel, the
 * meaning of slot affine_f32: a batch norm that nothing could fold, or an activation alone. */
#include "kernels/ref/post_ref.h"
#include "kernels/tables.h"

void fid_affine_f32_ref(size_t pixels, size_t channels, const float *in, const float *scale,
                        const float *shift, float *out, const struct fid_post_f32 *post)
{
    for (size_t x = 0; x < pixels; x++)
        for (size_t j = 0; j < channels; j++) {
            const size_t at = x * channels + j;
            float v = in[at];
            if (scale)
                v *= scale[j];
            if (shift)
                v += shift[j];
            out[at] = fid_post_ref(v, x, j, post);
        }
}
