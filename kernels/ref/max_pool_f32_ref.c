/* max_pool_f32_ref.c - out = clamp(max over the taps), the meaning of slot max_pool_f32. Of two
 * equal numbers (-0 and +0) the later stays, as x86's maxps has it. */
#include "kernels/ref/post_ref.h"
#include "kernels/tables.h"

#include <math.h>

static float largest(const struct fid_windows *in, size_t x, size_t j)
{
    float best = -INFINITY;
    for (size_t ky = 0; ky < in->kernel_h; ky++)
        for (size_t kx = 0; kx < in->kernel_w; kx++) {
            const size_t column = x * in->stride + kx * in->dilation - in->pad;
            if (column >= in->width)
                continue;
            const float *row = in->rows[ky].first, v = row[column * in->rows[ky].step + j];
            best = best > v ? best : v;
        }
    return best;
}

void fid_max_pool_f32_ref FID_MAX_POOL_F32_ARGS
{
    for (size_t x = 0; x < pixels; x++)
        for (size_t j = 0; j < channels; j++)
            out[x * out_stride + j] = fid_clamp_ref(largest(in, x, j), min, max);
}
