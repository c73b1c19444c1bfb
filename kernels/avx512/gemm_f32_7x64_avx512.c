/* gemm_f32_7x64_avx512.c - slot gemm_f32: kernels/lanes/gemm_f32_lanes.h, a tile of 7 rows × 64
 * columns.
 *
 * Registers: 28 sums (7 rows × 4 vectors), 2 for half a row of the panel, 1 for the broadcast
 * number of A: 31 of 32. Each step of k costs 28 FMAs and 18 loads. Seven rows because the maps of
 * a ResNet (7 × 7, 14 × 14, 28 × 28, 56 × 56) divide by seven without a rest; alone, 14×32, 12×32,
 * 9×48, 8×48 and 6×64 run within 3 % of it. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/lanes_avx512.h"

enum { MR = 7, NR = 64, VECTORS = NR / LANES, GROUP = 2 };
#include "kernels/lanes/gemm_f32_lanes.h"

TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(7, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
TILE(7, 2)
TILE(1, 3)
TILE(2, 3)
TILE(3, 3)
TILE(4, 3)
TILE(5, 3)
TILE(6, 3)
TILE(7, 3)
TILE(1, 4)
TILE(2, 4)
TILE(3, 4)
TILE(4, 4)
TILE(5, 4)
TILE(6, 4)
TILE(7, 4)

void fid_gemm_f32_7x64_avx512 FID_GEMM_F32_ARGS
{
    static const fid_gemm_f32_fn tiles[VECTORS][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2},
        {tile_1x3, tile_2x3, tile_3x3, tile_4x3, tile_5x3, tile_6x3, tile_7x3},
        {tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4, tile_7x4},
    };
    tiles[(n - 1) / LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
