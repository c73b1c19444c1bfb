/* winograd_input_f32_neon32.c - slot winograd_input_f32: kernels/lanes/winograd_f32_lanes.h with
 * four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/winograd_f32_lanes.h"

void fid_winograd_input_f32_neon32 FID_WINOGRAD_INPUT_F32_ARGS
{
    winograd_input_f32_lanes(m, channels, in, out, out_step);
}
