/* winograd_input_f32_neon.c - slot winograd_input_f32:
 * kernels/lanes/winograd_f32_lanes.h with four lanes. */
#include "kernels/neon/neon.h"
#include "kernels/neon/lanes_neon.h"
#include "kernels/lanes/winograd_f32_lanes.h"

void fid_winograd_input_f32_neon FID_WINOGRAD_INPUT_F32_ARGS
{
    winograd_input_f32_lanes(m, channels, in, out, out_step);
}
