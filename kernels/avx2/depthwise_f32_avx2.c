/* depthwise_f32_avx2.c - slot depthwise_f32:
 * kernels/lanes/depthwise_f32_lanes.h with eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/lanes/depthwise_f32_lanes.h"

void fid_depthwise_f32_avx2 FID_DEPTHWISE_F32_ARGS
{
    depthwise_f32_lanes(pixels, channels, in, packed, out, out_stride, post);
}
