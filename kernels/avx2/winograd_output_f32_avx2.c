/* winograd_output_f32_avx2.c - slot winograd_output_f32: kernels/lanes/winograd_f32_lanes.h with
 * eight lanes. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/lanes_avx2.h"
#include "kernels/lanes/winograd_f32_lanes.h"

void fid_winograd_output_f32_avx2 FID_WINOGRAD_OUTPUT_F32_ARGS
{
    winograd_output_f32_lanes(m, channels, in, in_step, bias, rows, columns, out, row_step,
                              column_step, post);
}
