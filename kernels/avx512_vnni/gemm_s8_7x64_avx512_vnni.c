/* gemm_s8_7x64_avx512_vnni.c - slot gemm_s8: kernels/lanes/gemm_s8_lanes.h, a tile of 7 rows × 64
 * columns.
 *
 * Registers: 28 sums (7 rows × 4 vectors), 2 for half a row of the panel, 1 for four bytes of A: 31
 * of 32. Seven rows as in gemm_f32; four vectors because a row of them ends in one store: a tile of
 * 14 × 32 is 0.5 % faster where k is large, and slower by up to a seventh where it is small. */
#include "kernels/avx512_vnni/avx512_vnni.h"
#include "kernels/avx512_vnni/dot_avx512_vnni.h"

enum { MR = 7, VECTORS = 4, GROUP = 2 };
#include "kernels/lanes/gemm_s8_lanes.h"

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
TILE(1, 4)
TILE(2, 4)
TILE(3, 4)
TILE(4, 4)
TILE(5, 4)
TILE(6, 4)
TILE(7, 4)

void fid_gemm_s8_7x64_avx512_vnni FID_GEMM_S8_ARGS
{
    static const fid_gemm_s8_fn tiles[][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1, tile_7x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2, tile_7x2},
        {tile_1x4, tile_2x4, tile_3x4, tile_4x4, tile_5x4, tile_6x4, tile_7x4},
    };
    tiles[n > (size_t)2 * LANES ? 2 : n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post,
                                                        next);
}
