/* depthwise_f32_neon32.c - slot depthwise_f32:
 * kernels/lanes/depthwise_f32_lanes.h with four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/depthwise_f32_lanes.h"

void fid_depthwise_f32_neon32 FID_DEPTHWISE_F32_ARGS
{
    depthwise_f32_lanes(pixels, channels, in, packed, out, out_stride, post);
}
