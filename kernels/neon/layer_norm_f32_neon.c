/* layer_norm_f32_neon.c - slot layer_norm_f32:
 * kernels/lanes/layer_norm_f32_lanes.h with four lanes. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/layer_norm_f32_lanes.h"

void fid_layer_norm_f32_neon FID_LAYER_NORM_F32_ARGS
{
    layer_norm_f32_lanes(pixels, channels, in, scale, shift, epsilon, out);
}
