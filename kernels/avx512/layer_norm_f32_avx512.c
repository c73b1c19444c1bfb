/* layer_norm_f32_avx512.c - slot layer_norm_f32: kernels/lanes/layer_norm_f32_lanes.h
 * with sixteen lanes. */
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/avx512/avx512.h"
#include "kernels/lanes/layer_norm_f32_lanes.h"

void fid_layer_norm_f32_avx512 FID_LAYER_NORM_F32_ARGS
{
    layer_norm_f32_lanes(pixels, channels, in, scale, shift, epsilon, out);
}
