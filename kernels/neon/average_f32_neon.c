/* average_f32_neon.c - slot average_f32: kernels/lanes/average_f32_lanes.h with four lanes. */
#include "kernels/neon/lanes_neon.h"
#include "kernels/neon/neon.h"
#include "kernels/lanes/average_f32_lanes.h"

void fid_average_f32_neon FID_AVERAGE_F32_ARGS
{
    average_f32_lanes(channels, taps, in, scale, out);
}
