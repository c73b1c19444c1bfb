/* pack_winograd.c - filters in Winograd's domain (kernels/winograd.h), in the order in which
 * gemm_f32 reads them. Done once, at load. */
#include "kernels/kernels.h"
#include "kernels/lanes/lanes.h"
#include "kernels/winograd.h"

#include <string.h>

enum { TAPS = 9, WIDTH = 4, COLUMNS = 64, DEPTH = 8 };

/* WIDTH numbers: what the least vector unit takes at once. */
typedef float four __attribute__((vector_size(16)));

uint64_t fid_pack_winograd_size(size_t m, size_t n, size_t k, size_t nr)
{
    return (m + 2) * (m + 2) * fid_pack_panels_size(n, k, nr);
}

/* Filters of DEPTH input and COLUMNS output channels: [input channel][tap][output channel]. */
typedef float filter_block[DEPTH][TAPS][COLUMNS];

/* Copies the block of `width` output channels from `filter` on and `depth` input channels; the
 * others are zero. */
static void load_block(const float *filter, size_t k, size_t width, size_t depth,
                       filter_block block)
{
    memset(block, 0, sizeof(filter_block));
    for (size_t j = 0; j < width; j++)
        for (size_t t = 0; t < TAPS; t++) {
            const float *const row = filter + (j * TAPS + t) * k;
            __builtin_prefetch((const void *)((uintptr_t)row + (size_t)2 * DEPTH * sizeof *row), 0,
                               2);
            for (size_t p = 0; p < depth; p++)
                block[p][t][j] = row[p];
        }
}

FID_INLINE four load(const float *p)
{
    four v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* G on three vectors: α vectors, from the first to the last. The points but these two come in pairs
 * ±x, which share their even and odd part. */
FID_INLINE void transform(const size_t alpha, const float (*g)[3], four x, four y, four z,
                          four out[FID_WINOGRAD_ALPHA_MAX])
{
    out[0] = g[0][0] * x;
    UNROLL
    for (size_t i = 1; i + 1 < alpha; i += 2) {
        const four even = g[i][0] * x + g[i][2] * z, odd = g[i][1] * y;
        out[i] = even + odd;
        out[i + 1] = even - odd;
    }
    out[alpha - 1] = z;
}

/* G g Gᵀ of WIDTH filters of one input channel: position i goes to packed + i · step. */
FID_INLINE void transform_filters(const size_t alpha, const float (*matrix)[3], const float *g,
                                  float *packed, size_t step)
{
    four half[3][FID_WINOGRAD_ALPHA_MAX]; /* [x][y] */
    four out[FID_WINOGRAD_ALPHA_MAX];
    UNROLL
    for (size_t x = 0; x < 3; x++)
        transform(alpha, matrix, load(g + x * COLUMNS), load(g + (3 + x) * COLUMNS),
                  load(g + (6 + x) * COLUMNS), half[x]);
    UNROLL
    for (size_t y = 0; y < alpha; y++) {
        transform(alpha, matrix, half[0][y], half[1][y], half[2][y], out);
        UNROLL
        for (size_t x = 0; x < alpha; x++, packed += step)
            memcpy(packed, &out[x], sizeof out[x]);
    }
}

/* The filters of a block: WIDTH output channels of one input channel at a time. */
FID_INLINE void transform_block(const size_t alpha, const float (*matrix)[3],
                                const filter_block block, size_t width, size_t depth, size_t nr,
                                float *packed, size_t step)
{
    for (size_t q = 0; q < depth; q++)
        for (size_t j = 0; j < width; j += WIDTH)
            transform_filters(alpha, matrix, block[q][0] + j, packed + q * nr + j, step);
}

void fid_pack_winograd(size_t m, size_t n, size_t k, size_t nr, const float *filter, size_t first,
                       size_t count, float *packed)
{
    const size_t alpha = m + 2, panel_size = (1 + k) * nr, end = (first + count) * nr;
    const size_t step = (size_t)fid_pack_panels_size(n, k, nr);
    const float(*matrix)[3] = fid_winograd_matrices(m)->g;
    filter_block block;
    for (size_t panel = first; panel < first + count; panel++)
        for (size_t i = 0; i < alpha * alpha; i++)
            memset(packed + i * step + panel * panel_size, 0, nr * sizeof *packed);
    for (size_t column = first * nr; column < end; column += min_size(nr, COLUMNS))
        for (size_t p = 0; p < k; p += DEPTH) {
            float *const at = packed + column / nr * panel_size + (1 + p) * nr + column % nr;
            const size_t depth = min_size(k - p, DEPTH), width = min_size(nr, COLUMNS);
            const size_t used = column < n ? min_size(n - column, width) : 0;
            load_block(filter + (used ? column : 0) * TAPS * k + p, k, used, depth, block);
            if (m == 2)
                transform_block(4, matrix, block, width, depth, nr, at, step);
            else
                transform_block(6, matrix, block, width, depth, nr, at, step);
        }
}
