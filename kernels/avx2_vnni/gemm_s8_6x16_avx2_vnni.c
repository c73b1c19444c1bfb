/* gemm_s8_6x16_avx2_vnni.c - slot gemm_s8: kernels/lanes/gemm_s8_lanes.h, a tile of 6 rows × 16
 * columns.
 *
 * Registers: 12 sums (6 rows × 2 vectors), 2 for a row of the panel, 1 for four bytes of A: 15
 * of 16. */
#include "kernels/avx2_vnni/avx2_vnni.h"
#include "kernels/avx2_vnni/dot_avx2_vnni.h"

enum { MR = 6, VECTORS = 2, GROUP = 2 };
#include "kernels/lanes/gemm_s8_lanes.h"

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

void fid_gemm_s8_6x16_avx2_vnni FID_GEMM_S8_ARGS
{
    static const fid_gemm_s8_fn tiles[][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2},
    };
    tiles[n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
