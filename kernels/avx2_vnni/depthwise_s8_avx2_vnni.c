/* depthwise_s8_avx2_vnni.c - slot depthwise_s8: kernels/lanes/depthwise_s8_lanes.h with eight
 * lanes. */
#include "kernels/avx2_vnni/avx2_vnni.h"
#include "kernels/avx2_vnni/dot_avx2_vnni.h"
#include "kernels/lanes/depthwise_s8_lanes.h"

void fid_depthwise_s8_avx2_vnni FID_DEPTHWISE_S8_ARGS
{
    depthwise_s8_lanes(pixels, channels, in, packed, out, out_stride, post);
}
