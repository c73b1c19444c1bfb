/* gemm_f32_lanes.h - slot gemm_f32: C = post(bias + A · B), one tile in registers.
 *
 * The file that includes this says how many rows (MR) and vectors (VECTORS) a full tile has, and
 * how many vectors of columns are taken at a time (GROUP): MR · VECTORS sums, GROUP vectors of the
 * panel and one broadcast number of A have to fit the registers. It instantiates tile() for each
 * shape with TILE. Each step of k costs VECTORS loads, m broadcasts a group and m · VECTORS FMAs,
 * and asks for one cache line of what comes next: spread like this, weights come from memory while
 * sums are made, and not between them. Short tiles have bodies of their own and cost what they use;
 * all add their products in the order of t and p, one FMA each from the bias on, so a number's bits
 * do not depend on the shape of its tile. Called by the blocking driver of engine/nn. */
#ifndef FID_KERNELS_GEMM_F32_LANES_H
#define FID_KERNELS_GEMM_F32_LANES_H

enum { LINE_BYTES = 64 };

/* The tile with a constant number of rows and vectors. */
FID_INLINE void tile(const size_t m, const size_t vectors, size_t n, size_t taps, size_t k,
                     const float *const *a, const float *panel, float *c, size_t c_stride,
                     const struct fid_post_f32 *post, const void *next)
{
    /* A number, since it may point anywhere. Nothing to fetch: the same line again and again. */
    uintptr_t ahead = next ? (uintptr_t)next : (uintptr_t)panel;
    const size_t ahead_step = next ? LINE_BYTES : 0;
    lanes_f32 sum[MR][VECTORS];
    UNROLL
    for (size_t i = 0; i < m; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = load_lanes(panel + v * LANES, LANES);
    }

    const float *b = panel + NR;
    for (size_t t = 0; t < taps; t++, a += m) {
        const float *row[MR];
        UNROLL
        for (size_t i = 0; i < m; i++)
            row[i] = a[i];
        for (size_t p = 0; p < k; p++, b += NR, ahead += ahead_step) {
            if (vectors > 1) /* one vector is bound by its loads, and its panel is small */
                __builtin_prefetch((const void *)ahead, 0, 2);
            UNROLL
            for (size_t g = 0; g < vectors; g += GROUP) {
                const size_t end = g + GROUP < vectors ? g + GROUP : vectors;
                lanes_f32 column[GROUP];
                UNROLL
                for (size_t v = g; v < end; v++)
                    column[v - g] = load_lanes(b + v * LANES, LANES);
                UNROLL
                for (size_t i = 0; i < m; i++) {
                    const lanes_f32 left = set_lanes(row[i][p]);
                    UNROLL
                    for (size_t v = g; v < end; v++)
                        sum[i][v] = fma_lanes(left, column[v - g], sum[i][v]);
                }
                FORGET_LOADS();
            }
        }
    }
    store_tile(m, vectors, VECTORS, n, sum[0], c, c_stride, post);
}

#define TILE(rows, vectors)                                                 \
    static void tile_##rows##x##vectors FID_GEMM_F32_ARGS                   \
    {                                                                       \
        (void)m;                                                            \
        tile(rows, vectors, n, taps, k, a, panel, c, c_stride, post, next); \
    }

#endif
