/* depthwise_s8_avx2.c - slot depthwise_s8: kernels/lanes/depthwise_s8_lanes.h with eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/dot_avx2.h"
#include "kernels/lanes/depthwise_s8_lanes.h"

void fid_depthwise_s8_avx2 FID_DEPTHWISE_S8_ARGS
{
    depthwise_s8_lanes(pixels, channels, in, packed, out, out_stride, post);
}
