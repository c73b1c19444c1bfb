/* depthwise_s8_avx512_vnni.c - slot depthwise_s8: kernels/lanes/depthwise_s8_lanes.h with sixteen
 * lanes. */
#include "kernels/avx512_vnni/avx512_vnni.h"
#include "kernels/avx512_vnni/dot_avx512_vnni.h"
#include "kernels/lanes/depthwise_s8_lanes.h"

void fid_depthwise_s8_avx512_vnni FID_DEPTHWISE_S8_ARGS
{
    depthwise_s8_lanes(pixels, channels, in, packed, out, out_stride, post);
}
