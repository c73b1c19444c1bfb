/* layer_norm_f32_avx2.c - slot layer_norm_f32:
 * kernels/lanes/layer_norm_f32_lanes.h with eight lanes. */
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/avx2/avx2.h"
#include "kernels/lanes/layer_norm_f32_lanes.h"

void fid_layer_norm_f32_avx2 FID_LAYER_NORM_F32_ARGS
{
    layer_norm_f32_lanes(pixels, channels, in, scale, shift, epsilon, out);
}
