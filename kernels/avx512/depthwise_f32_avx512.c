/* depthwise_f32_avx512.c - slot depthwise_f32: kernels/lanes/depthwise_f32_lanes.h
 * with sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/lanes/depthwise_f32_lanes.h"

void fid_depthwise_f32_avx512 FID_DEPTHWISE_F32_ARGS
{
    depthwise_f32_lanes(pixels, channels, in, packed, out, out_stride, post);
}
