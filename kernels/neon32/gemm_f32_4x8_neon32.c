/* gemm_f32_4x8_neon32.c - slot gemm_f32: C = post(bias + A · B), a tile of 4 rows × 8 columns.
 *
 * Registers: 8 sums (4 rows × 2 vectors), 4 for four numbers of each row of A, 2 for a row of the
 * panel: 14 of 16. Four steps of k cost 32 multiply-adds and 8 loads (4 of A, 4 pairs of the
 * panel). Only VMLA, which rounds its product, takes a factor from a lane; VFMA would want a copy
 * of the lane for every two of them. Short tiles have bodies of their own (1..4 rows, 1 or 2
 * vectors); all add their products in the order of t and p from the bias on, so a number's bits do
 * not depend on the shape of its tile. Called by the blocking driver of engine/nn. */
#include "kernels/neon32/lanes_neon32.h"
#include "kernels/neon32/neon32.h"

enum { MR = 4, NR = 8, VECTORS = NR / LANES };

/* The next vector of a row. The instruction by name, here and below: with intrinsics gcc 12
 * adds to the pointers on its own and copies the sums from register to register. */
FID_INLINE float32x4_t load_next(const float **at)
{
    float32x4_t v;
    __asm__("vld1.32 {%e0, %f0}, [%1]!" : "=w"(v), "+r"(*at) : "m"(*(const float(*)[LANES]) * at));
    return v;
}

/* sum += column · the lane of `left` in its half `half`: e is the lower, f the upper. Only the
 * lower half of the registers has lanes to multiply with. */
#define MLA_LANE(sum, column, left, half, lane) \
    __asm__("vmla.f32 %q0, %q1, %" half "2[" #lane "]" : "+w"(sum) : "w"(column), "t"(left))

/* The next row of the panel times a lane of each row of A. */
#define STEP(half, lane)                                          \
    do {                                                          \
        UNROLL                                                    \
        for (size_t v = 0; v < vectors; v++) {                    \
            const float32x4_t column = load_next(&b);             \
            UNROLL                                                \
            for (size_t i = 0; i < m; i++)                        \
                MLA_LANE(sum[i][v], column, four[i], half, lane); \
        }                                                         \
        b += NR - vectors * LANES;                                \
    } while (0)

/* clang-format off */
#define FULL_STEP(left, right, row0, row1, row2, row3)                              \
    "vmla.f32 %q[s00], " left ", " row0 "\n vmla.f32 %q[s01], " right ", " row0 "\n" \
    "vmla.f32 %q[s10], " left ", " row1 "\n vmla.f32 %q[s11], " right ", " row1 "\n" \
    "vmla.f32 %q[s20], " left ", " row2 "\n vmla.f32 %q[s21], " right ", " row2 "\n" \
    "vmla.f32 %q[s30], " left ", " row3 "\n vmla.f32 %q[s31], " right ", " row3 "\n"

/* A full tile, k ≥ 4 steps but for k % 4: A in q0 to q3, a row of the panel in q4 and q5 and the next
 * one in q6 and q7, so that it is loaded while its forerunner is multiplied with. */
FID_INLINE void add_fours(size_t k, const float *row[MR], const float **b,
                          float32x4_t sum[MR][VECTORS])
{
    const float *row0 = row[0], *row1 = row[1], *row2 = row[2], *row3 = row[3], *panel = *b;
    size_t fours = k / LANES;
    __asm__ volatile(
        "1:\n"
        "vld1.32 {q0}, [%[row0]]!\n"
        "vld1.32 {q4, q5}, [%[panel]]!\n"
        "vld1.32 {q1}, [%[row1]]!\n"
        "vld1.32 {q2}, [%[row2]]!\n"
        "vld1.32 {q3}, [%[row3]]!\n"
        "vld1.32 {q6, q7}, [%[panel]]!\n"
        FULL_STEP("q4", "q5", "d0[0]", "d2[0]", "d4[0]", "d6[0]")
        "vld1.32 {q4, q5}, [%[panel]]!\n"
        FULL_STEP("q6", "q7", "d0[1]", "d2[1]", "d4[1]", "d6[1]")
        "vld1.32 {q6, q7}, [%[panel]]!\n"
        FULL_STEP("q4", "q5", "d1[0]", "d3[0]", "d5[0]", "d7[0]")
        "subs %[fours], %[fours], #1\n"
        FULL_STEP("q6", "q7", "d1[1]", "d3[1]", "d5[1]", "d7[1]")
        "bne 1b\n"
        : [s00] "+w"(sum[0][0]), [s01] "+w"(sum[0][1]), [s10] "+w"(sum[1][0]),
          [s11] "+w"(sum[1][1]), [s20] "+w"(sum[2][0]), [s21] "+w"(sum[2][1]),
          [s30] "+w"(sum[3][0]), [s31] "+w"(sum[3][1]), [row0] "+r"(row0), [row1] "+r"(row1),
          [row2] "+r"(row2), [row3] "+r"(row3), [panel] "+r"(panel), [fours] "+r"(fours)
        :
        : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "cc", "memory");
    row[0] = row0, row[1] = row1, row[2] = row2, row[3] = row3, *b = panel;
}
/* clang-format on */

/* One tap: k steps, four at a time. */
FID_INLINE void add_products(const size_t m, const size_t vectors, size_t k, const float *const *a,
                             const float *b, float32x4_t sum[MR][VECTORS])
{
    const float *row[MR];
    float32x4_t four[MR];
    UNROLL
    for (size_t i = 0; i < m; i++)
        row[i] = a[i];
    if (m == MR && vectors == VECTORS && k >= LANES) {
        add_fours(k, row, &b, sum);
        k %= LANES;
    }
    for (; k >= LANES; k -= LANES) {
        UNROLL
        for (size_t i = 0; i < m; i++)
            four[i] = load_next(&row[i]);
        STEP("e", 0);
        STEP("e", 1);
        STEP("f", 0);
        STEP("f", 1);
    }
    for (; k > 0; k--) {
        UNROLL
        for (size_t i = 0; i < m; i++)
            four[i] = vld1q_dup_f32(row[i]++);
        STEP("e", 0);
    }
}

#include "kernels/lanes/gemm_f32_arm.h"

TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)

void fid_gemm_f32_4x8_neon32 FID_GEMM_F32_ARGS
{
    static const fid_gemm_f32_fn tiles[VECTORS][MR] = {
        {tile_1x1, tile_2x1, tile_3x1, tile_4x1},
        {tile_1x2, tile_2x2, tile_3x2, tile_4x2},
    };
    tiles[n > LANES][m - 1](m, n, taps, k, a, panel, c, c_stride, post, next);
}
