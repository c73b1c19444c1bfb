/* winograd_output_f32_neon.c - slot winograd_output_f32: kernels/lanes/winograd_f32_lanes.h with
 * four lanes. */
#include "kernels/neon/neon.h"
#include "kernels/neon/lanes_neon.h"
#include "kernels/lanes/winograd_f32_lanes.h"

void fid_winograd_output_f32_neon FID_WINOGRAD_OUTPUT_F32_ARGS
{
    winograd_output_f32_lanes(m, channels, in, in_step, bias, rows, columns, out, row_step,
                              column_step, post);
}
