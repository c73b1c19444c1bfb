/* gemm_s8_lanes.h - slot gemm_s8: C = post(bias + A · B) of bytes, one tile of sums in registers.
 *
 * The file that includes this says how many rows (MR) and vectors (VECTORS: 2 or 4) a full tile
 * has, and how many vectors of columns are taken at a time (GROUP). It instantiates tile() for each
 * shape with TILE. Each group of four rows of B costs VECTORS loads, m broadcasts a GROUP and
 * m · VECTORS dot products of four bytes. Sums that only their limits wait for end in registers:
 * that decides the speed where k is small. So do those of a full tile that get a residual. The
 * others go through memory to one body for all shapes. Called by the blocking driver of engine/nn.
 */
#ifndef FID_KERNELS_GEMM_S8_LANES_H
#define FID_KERNELS_GEMM_S8_LANES_H

#include <string.h>

enum { NR = VECTORS * LANES, QUAD = 4, LINE_BYTES = 64 };

/* Keeps the compiler from holding what it loaded in registers that the sums need. */
#define FORGET_LOADS() __asm__ volatile("" ::: "memory")

#include "kernels/lanes/gemm_s8_end_lanes.h"

/* The end in registers. */
FID_INLINE void end_here(const enum ending ending, const size_t m, const size_t vectors, size_t n,
                         lanes_s32 sum[MR][VECTORS], const void *panel, uint8_t *c, size_t c_stride,
                         const struct fid_post_s8 *post)
{
    const struct fid_post_s8 own = known_post(ending, post);
    UNROLL
    for (size_t v = 0; v < vectors; v++) {
        const struct column_lanes columns = load_some_columns(v, v + 1, panel, NR);
        UNROLL
        for (size_t i = 0; i < m; i++) {
            const uint8_t *const residual =
                own.residual ? own.residual + i * own.residual_stride : NULL;
            sum[i][v] = nearest_lanes(post_s8_lanes(sum[i][v], v, &columns, residual, n, &own));
        }
    }
    UNROLL
    for (size_t i = 0; i < m; i++)
        store_narrow(c + i * c_stride, sum[i], vectors, own.zero, n);
}

/* A tile with a constant number of rows and vectors. */
FID_INLINE void tile(const size_t m, const size_t vectors, size_t n, size_t taps, size_t k,
                     const uint8_t *const *a, const void *panel, void *c, size_t c_stride,
                     const struct fid_post_s8 *post, const void *next)
{
    /* A number, since it may point anywhere. Nothing to fetch: the same line again and again. */
    uintptr_t ahead = next ? (uintptr_t)next : (uintptr_t)panel;
    const size_t ahead_step = next ? LINE_BYTES : 0;
    lanes_s32 sum[MR][VECTORS];
    UNROLL
    for (size_t i = 0; i < m; i++)
        UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[i][v] = load_s32((const int32_t *)panel + v * LANES);

    const int8_t *b = (const int8_t *)panel + (size_t)FID_S8_ROWS * NR * sizeof(int32_t);
    for (size_t t = 0; t < taps; t++, a += m) {
        const uint8_t *row[MR];
        UNROLL
        for (size_t i = 0; i < m; i++)
            row[i] = a[i];
        for (size_t p = 0; p < k; p += QUAD, b += (size_t)QUAD * NR, ahead += ahead_step) {
            __builtin_prefetch((const void *)ahead, 0, 2);
            UNROLL
            for (size_t g = 0; g < vectors; g += GROUP) {
                const size_t end = g + GROUP < vectors ? g + GROUP : vectors;
                lanes_weights column[GROUP];
                UNROLL
                for (size_t v = g; v < end; v++)
                    column[v - g] = weights_of(load_bytes(b + v * BYTES));
                UNROLL
                for (size_t i = 0; i < m; i++) {
                    int32_t four;
                    memcpy(&four, row[i] + p, sizeof four);
                    const lanes_quads left = quads_of(set_s32(four));
                    UNROLL
                    for (size_t v = g; v < end; v++)
                        sum[i][v] = dot_lanes(sum[i][v], left, column[v - g]);
                }
                FORGET_LOADS();
            }
        }
    }
    if (ending_of(post) == END_LIMITS) {
        end_here(END_LIMITS, m, vectors, n, sum, panel, c, c_stride, post);
        return;
    }
    if (m == MR && vectors == VECTORS && n == NR && ending_of(post) == END_RESIDUAL) {
        end_here(END_RESIDUAL, m, vectors, NR, sum, panel, c, c_stride, post);
        return;
    }
    _Alignas(64) int32_t sums[MR * NR];
    UNROLL
    for (size_t i = 0; i < m; i++)
        UNROLL
    for (size_t v = 0; v < vectors; v++)
        store_s32(sums + i * NR + v * LANES, sum[i][v]);
    size_t rows = m;
    __asm__("" : "+r"(rows)); /* no constant: one body serves all */
    end_tile(rows, n, sums, panel, c, c_stride, post);
}

#define TILE(rows, vectors)                                                 \
    static void tile_##rows##x##vectors FID_GEMM_S8_ARGS                    \
    {                                                                       \
        (void)m;                                                            \
        tile(rows, vectors, n, taps, k, a, panel, c, c_stride, post, next); \
    }

#endif
