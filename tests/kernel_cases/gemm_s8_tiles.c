/* gemm_s8_tiles.c - the kernel of level amx on CPUs without tiles: its source with the instructions
 * of tiles_amx.h written in C, by the Intel SDM. It wants AVX-512 for the rest. */
#ifdef FID_HAVE_AMX
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl")
#endif
#include "tests/kernel_cases/byte_cases.h"

#include <string.h>

#define FID_KERNELS_TILES_AMX_H /* instead of the instructions: */
enum { TILE_ROWS = 16, TILE_BYTES = 64, TILES = 8 };
static uint8_t tiles[TILES][TILE_ROWS][TILE_BYTES];
static bool usable;

static void tiles_begin(void)
{
    memset(tiles, 0, sizeof tiles);
    usable = true;
}

static void tiles_end(void)
{
    usable = false;
}

static void take_tile(size_t number, const void *p, ptrdiff_t stride)
{
    CHECK(usable);
    for (ptrdiff_t i = 0; i < TILE_ROWS; i++)
        memcpy(tiles[number][i], (const char *)p + i * stride, TILE_BYTES);
}

static void put_tile(size_t number, void *p, ptrdiff_t stride)
{
    CHECK(usable);
    for (ptrdiff_t i = 0; i < TILE_ROWS; i++)
        memcpy((char *)p + i * stride, tiles[number][i], TILE_BYTES);
}

/* TDPBUSD */
static void add_tiles(size_t sums, size_t bytes, size_t weights)
{
    CHECK(usable);
    for (size_t m = 0; m < TILE_ROWS; m++)
        for (size_t n = 0; n < TILE_BYTES / 4; n++) {
            int32_t sum;
            memcpy(&sum, &tiles[sums][m][4 * n], sizeof sum);
            for (size_t k = 0; k < TILE_BYTES; k++)
                sum += tiles[bytes][m][k] * (int8_t)tiles[weights][k / 4][4 * n + k % 4];
            memcpy(&tiles[sums][m][4 * n], &sum, sizeof sum);
        }
}

#define LOAD_TILE(number, p, stride)    take_tile(number, p, (ptrdiff_t)(stride))
#define STORE_TILE(number, p, stride)   put_tile(number, p, (ptrdiff_t)(stride))
#define DOT_TILES(sums, bytes, weights) add_tiles(sums, bytes, weights)
#define fid_gemm_s8_32x32_amx           gemm_s8_by_written_tiles
#include "kernels/amx/gemm_s8_32x32_amx.c"
#ifdef __clang__
#pragma clang attribute pop
#endif

void cases_gemm_s8_tiles(void)
{
    const struct fid_kernels *below = fid_kernels_named("avx512_vnni");
    if (!below) {
        check_skip("this CPU cannot run avx512_vnni (it has: %s)", fid_cpu_text());
        return;
    }
    struct fid_kernels table = *below;
    table.tile.gemm_s8_mr = MR;
    table.tile.gemm_s8_nr = NR;
    table.gemm_s8 = gemm_s8_by_written_tiles;
    cases_gemm_s8(&table);
}

#else
#include "tests/kernel_cases/byte_cases.h"

void cases_gemm_s8_tiles(void)
{
    check_skip("this build has no level amx");
}

#endif
