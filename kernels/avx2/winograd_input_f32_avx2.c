/* winograd_input_f32_avx2.c - slot winograd_input_f32: kernels/lanes/winograd_f32_lanes.h with
 * eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/lanes/winograd_f32_lanes.h"

void fid_winograd_input_f32_avx2 FID_WINOGRAD_INPUT_F32_ARGS
{
    winograd_input_f32_lanes(m, channels, in, out, out_step);
}
