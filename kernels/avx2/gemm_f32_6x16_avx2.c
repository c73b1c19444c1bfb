/* gemm_f32_6x16_avx2.c - slot gemm_f32: kernels/lanes/gemm_f32_lanes.h, a tile of 6 rows × 16
 * columns.
 *
 * Registers: 12 sums (6 rows × 2 vectors), 2 for a row of the panel, 1 or 2 for the
 * broadcast number of A: 15 of 16. Each step of k costs 12 FMAs and 8 loads, so the two FMA
 * units are the limit. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/lanes_avx2.h"

enum { MR = 6, NR = 16, VECTORS = NR / LANES, GROUP = 2 };
#include "kernels/lanes/gemm_f32_lanes.h"

TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)

void fid_gemm_f32_6x16_avx2 FID_GEMM_F32_ARGS
{
    static const fid_gemm_f32_fn tiles[VECTORS][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2},
    };
    tiles[n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
