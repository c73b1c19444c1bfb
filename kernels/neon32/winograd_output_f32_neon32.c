/* winograd_output_f32_neon32.c - slot winograd_output_f32: kernels/lanes/winograd_f32_lanes.h with
 * four lanes. */
#include "kernels/neon32/neon32.h"
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/lanes/winograd_f32_lanes.h"

void fid_winograd_output_f32_neon32 FID_WINOGRAD_OUTPUT_F32_ARGS
{
    winograd_output_f32_lanes(m, channels, in, in_step, bias, rows, columns, out, row_step,
                              column_step, post);
}
