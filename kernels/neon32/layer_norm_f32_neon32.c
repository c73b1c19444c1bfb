/* layer_norm_f32_neon32.c - slot layer_norm_f32:
 * kernels/lanes/layer_norm_f32_lanes.h with four lanes. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"
#include "kernels/lanes/layer_norm_f32_lanes.h"

void fid_layer_norm_f32_neon32 FID_LAYER_NORM_F32_ARGS
{
    layer_norm_f32_lanes(pixels, channels, in, scale, shift, epsilon, out);
}
