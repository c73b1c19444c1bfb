/* max_pool_f32_ref.c - out = clamp(max over the taps), the meaning of slot max_pool_f32. Of two
 * equal numbers (-0 and +0) the later stays, as x86's maxps has it. */
#include "kernels/ref/post_ref.h"
#include "kernels/tables.h"

void fid_max_pool_f32_ref(size_t pixels, size_t channels, size_t taps, const float *const *in,
                          size_t in_step, float *out, size_t out_stride, float min, float max)
{
    for (size_t x = 0; x < pixels; x++, in += in_step)
        for (size_t j = 0; j < channels; j++) {
            float best = in[0][j];
            for (size_t t = 1; t < taps; t++)
                best = best > in[t][j] ? best : in[t][j];
            out[x * out_stride + j] = fid_clamp_ref(best, min, max);
        }
}
