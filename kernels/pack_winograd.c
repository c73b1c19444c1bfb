/* pack_winograd.c - filters in Winograd's domain (kernels/winograd.h), in the order in which
 * gemm_f32 reads them. Done once, at load. */
#include "kernels/kernels.h"
#include "kernels/winograd.h"

#include <string.h>

enum { TAPS = 9, WIDTH = 8, DEPTH = 16 };

uint64_t fid_pack_winograd_size(size_t m, size_t n, size_t k, size_t nr)
{
    return (m + 2) * (m + 2) * fid_pack_panels_size(n, k, nr);
}

/* Filters of WIDTH output and DEPTH input channels: [input channel][tap][output channel]. */
typedef float filter_block[DEPTH][TAPS][WIDTH];

/* Copies the block of `width` output channels from `filter` on and `depth` input channels; the
 * others are zero. */
static void load_block(const float *filter, size_t k, size_t width, size_t depth,
                       filter_block block)
{
    memset(block, 0, sizeof(filter_block));
    for (size_t j = 0; j < width; j++)
        for (size_t t = 0; t < TAPS; t++)
            for (size_t p = 0; p < depth; p++)
                block[p][t][j] = filter[(j * TAPS + t) * k + p];
}

/* out = row · (x, y, z), WIDTH numbers at once. */
static inline void combine(const float row[3], const float *x, const float *y, const float *z,
                           float *restrict out)
{
    for (size_t j = 0; j < WIDTH; j++)
        out[j] = row[0] * x[j] + row[1] * y[j] + row[2] * z[j];
}

/* G g Gᵀ of one input channel: position i goes to packed + i · step. */
static void transform(const float g[TAPS][WIDTH], size_t alpha, const float (*matrix)[3],
                      float *packed, size_t step)
{
    float half[3][WIDTH];
    for (size_t y = 0; y < alpha; y++) {
        for (size_t x = 0; x < 3; x++)
            combine(matrix[y], g[x], g[3 + x], g[6 + x], half[x]);
        for (size_t x = 0; x < alpha; x++)
            combine(matrix[x], half[0], half[1], half[2], packed + (y * alpha + x) * step);
    }
}

void fid_pack_winograd(size_t m, size_t n, size_t k, size_t nr, const float *filter, size_t first,
                       size_t count, float *packed)
{
    const size_t alpha = m + 2, panel_size = (1 + k) * nr;
    const size_t step = (size_t)fid_pack_panels_size(n, k, nr);
    filter_block block;
    for (size_t panel = first; panel < first + count; panel++) {
        for (size_t i = 0; i < alpha * alpha; i++)
            memset(packed + i * step + panel * panel_size, 0, nr * sizeof *packed);
        for (size_t p = 0; p < k; p += DEPTH)
            for (size_t j = 0; j < nr; j += WIDTH) {
                const size_t column = panel * nr + j, depth = k - p < DEPTH ? k - p : DEPTH;
                const size_t width = column >= n ? 0 : n - column < WIDTH ? n - column : WIDTH;
                load_block(filter + (width ? column : 0) * TAPS * k + p, k, width, depth, block);
                for (size_t q = 0; q < depth; q++)
                    transform(block[q], alpha, fid_winograd_matrices(m)->g,
                              packed + panel * panel_size + (1 + p + q) * nr + j, step);
            }
    }
}
