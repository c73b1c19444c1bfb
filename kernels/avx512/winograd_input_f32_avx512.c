/* winograd_input_f32_avx512.c - slot winograd_input_f32: kernels/lanes/winograd_f32_lanes.h with
 * sixteen lanes. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"
#include "kernels/lanes/winograd_f32_lanes.h"

void fid_winograd_input_f32_avx512 FID_WINOGRAD_INPUT_F32_ARGS
{
    winograd_input_f32_lanes(m, channels, in, out, out_step);
}
