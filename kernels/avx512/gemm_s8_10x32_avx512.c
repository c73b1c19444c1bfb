/* gemm_s8_10x32_avx512.c - slot gemm_s8: kernels/lanes/gemm_s8_lanes.h, a tile of 10 rows × 32
 * columns.
 *
 * Registers: 20 sums (10 rows × 2 vectors), 4 for a row of the panel, 2 for four bytes of A and 1
 * for a product. */
#include "kernels/avx512/avx512.h"
#include "kernels/avx512/dot_avx512.h"

enum { MR = 10, VECTORS = 2, GROUP = 2 };
#include "kernels/lanes/gemm_s8_lanes.h"

TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
TILE(7, 1)
TILE(8, 1)
TILE(9, 1)
TILE(10, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
TILE(7, 2)
TILE(8, 2)
TILE(9, 2)
TILE(10, 2)

void fid_gemm_s8_10x32_avx512 FID_GEMM_S8_ARGS
{
    static const fid_gemm_s8_fn tiles[][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1, tile_8x1, tile_9x1,
         tile_10x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2, tile_8x2, tile_9x2,
         tile_10x2},
    };
    tiles[n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
