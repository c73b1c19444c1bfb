/* depthwise_s8_avx512.c - slot depthwise_s8: kernels/lanes/depthwise_s8_lanes.h with sixteen lanes.
 */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/dot_avx512.h"
#include "kernels/lanes/depthwise_s8_lanes.h"

void fid_depthwise_s8_avx512 FID_DEPTHWISE_S8_ARGS
{
    depthwise_s8_lanes(pixels, channels, in, packed, out, out_stride, post);
}
