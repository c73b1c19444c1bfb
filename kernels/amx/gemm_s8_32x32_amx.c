/* gemm_s8_32x32_amx.c - slot gemm_s8 by tiles of 16 × 16 sums: 32 rows × 32 columns.
 *
 * Tiles 0 to 3 are the sums, 4 and 5 sixteen rows each of A, 6 and 7 sixteen columns each of the
 * panel: 64 rows of B cost four loads and four products of 16 cycles each. Rows of A that stand
 * evenly apart (a 1 × 1 convolution) are loaded where they are; others are gathered first, as are
 * the last bytes of a tap where k does not divide by 64: with zeros behind them, so that it does
 * not matter what a tile of the panel has there. Called by the blocking driver of engine/nn. */
#include "kernels/amx/amx.h"
#include "kernels/amx/tiles_amx.h"
#include "kernels/avx512/bytes_avx512.h"

#include <string.h>

enum { MR = 2 * TILE_ROWS, VECTORS = 2, NR = VECTORS * LANES, QUAD = 4 };
enum { GROUP_BYTES = NR * QUAD, LINE_BYTES = 64 };
#include "kernels/lanes/gemm_s8_end_lanes.h"

/* Where the tiles of a step come from. */
struct step {
    const uint8_t *left;
    const int8_t *right;
    ptrdiff_t left_stride;
};

/* Room for what has to be brought together. */
struct gathered {
    _Alignas(64) uint8_t left[MR][TILE_BYTES];
    _Alignas(64) int8_t right[TILE_ROWS][GROUP_BYTES];
};

/* The distance of a full tile's rows if it is the same for all, else 0. */
static ptrdiff_t even_stride(size_t m, const uint8_t *const *a)
{
    if (m != MR)
        return 0;
    const intptr_t stride = (intptr_t)a[1] - (intptr_t)a[0];
    for (size_t i = 2; i < MR; i++)
        if ((intptr_t)a[i] - (intptr_t)a[i - 1] != stride)
            return 0;
    return stride;
}

/* The next `bytes` of m rows, zeros behind them. The rows from m on are the previous ones, whose
 * sums are not used. */
static void gather_left(struct gathered *gathered, size_t m, const uint8_t *const *a, size_t p,
                        size_t bytes)
{
    const __mmask64 mask = ~(__mmask64)0 >> (TILE_BYTES - bytes);
    for (size_t i = 0; i < m; i++)
        _mm512_store_si512(gathered->left[i], _mm512_maskz_loadu_epi8(mask, a[i] + p));
}

/* Sums of the second sixteen rows or columns are skipped if they are not needed. */
static void multiply(size_t m, size_t n, const struct step *step)
{
    LOAD_TILE(4, step->left, step->left_stride);
    LOAD_TILE(6, step->right, GROUP_BYTES);
    DOT_TILES(0, 4, 6);
    if (m > TILE_ROWS) {
        LOAD_TILE(5, step->left + TILE_ROWS * step->left_stride, step->left_stride);
        DOT_TILES(2, 5, 6);
    }
    if (n > LANES) {
        LOAD_TILE(7, step->right + TILE_BYTES, GROUP_BYTES);
        DOT_TILES(1, 4, 7);
        if (m > TILE_ROWS)
            DOT_TILES(3, 5, 7);
    }
}

/* One tap, whose weights are at b. */
static void add_tap(struct gathered *gathered, size_t m, size_t n, size_t k,
                    const uint8_t *const *a, const int8_t *b, uintptr_t ahead)
{
    const ptrdiff_t stride = even_stride(m, a);
    for (size_t p = 0; p < k; p += TILE_BYTES, b += (size_t)TILE_ROWS * GROUP_BYTES) {
        const size_t bytes = min_size(k - p, TILE_BYTES);
        struct step step = {a[0] + p, b, stride};
        if (ahead != 0)
            for (size_t line = 0; line < TILE_ROWS; line++, ahead += LINE_BYTES)
                __builtin_prefetch((const void *)ahead, 0, 2);
        if (stride == 0 || bytes < TILE_BYTES) {
            gather_left(gathered, m, a, p, bytes);
            step.left = gathered->left[0];
            step.left_stride = TILE_BYTES;
        }
        if (bytes < TILE_BYTES) {
            memcpy(gathered->right, b, (bytes + QUAD - 1) / QUAD * GROUP_BYTES);
            step.right = gathered->right[0];
        }
        multiply(m, n, &step);
    }
}

void fid_gemm_s8_32x32_amx FID_GEMM_S8_ARGS
{
    struct gathered gathered;
    _Alignas(64) int32_t sums[MR * NR];
    const int32_t *const bias = panel;
    const int8_t *b = (const int8_t *)panel + (size_t)FID_S8_ROWS * NR * sizeof(int32_t);
    const size_t groups = (k + QUAD - 1) / QUAD;
    const size_t second = (size_t)TILE_ROWS * NR; /* where the second sixteen rows of sums begin */
    uintptr_t ahead = (uintptr_t)next;            /* a number, since it may point anywhere */
    tiles_begin();
    LOAD_TILE(0, bias, 0);
    LOAD_TILE(1, bias + LANES, 0);
    LOAD_TILE(2, bias, 0);
    LOAD_TILE(3, bias + LANES, 0);
    for (size_t t = 0; t < taps; t++, a += m, b += groups * GROUP_BYTES) {
        add_tap(&gathered, m, n, k, a, b, ahead);
        ahead += next ? groups * LINE_BYTES : 0;
    }
    STORE_TILE(0, sums, NR * sizeof(int32_t));
    STORE_TILE(1, sums + LANES, NR * sizeof(int32_t));
    STORE_TILE(2, sums + second, NR * sizeof(int32_t));
    STORE_TILE(3, sums + second + LANES, NR * sizeof(int32_t));
    tiles_end();
    end_tile(m, n, sums, panel, c, c_stride, post);
}
