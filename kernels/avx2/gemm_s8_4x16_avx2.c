/* gemm_s8_4x16_avx2.c - slot gemm_s8: kernels/lanes/gemm_s8_lanes.h, a tile of 4 rows × 16
 * columns.
 *
 * Registers: 8 sums (4 rows × 2 vectors), 4 for a row of the panel, 2 for four bytes of A and 1 for
 * a product: 15 of 16. Each group of four rows costs 32 multiplications and additions, and 14
 * instructions that widen. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/dot_avx2.h"

enum { MR = 4, VECTORS = 2, GROUP = 2 };
#include "kernels/lanes/gemm_s8_lanes.h"

TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)

void fid_gemm_s8_4x16_avx2 FID_GEMM_S8_ARGS
{
    static const fid_gemm_s8_fn tiles[][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2},
    };
    tiles[n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
