/* average_f32_neon32.c - slot average_f32: kernels/lanes/average_f32_lanes.h with four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/average_f32_lanes.h"

void fid_average_f32_neon32 FID_AVERAGE_F32_ARGS
{
    average_f32_lanes(channels, taps, in, scale, out);
}
