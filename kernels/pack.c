/* pack.c - lays weights out in the order in which the kernels read them. Done once, at load. */
#include "kernels/kernels.h"
#include "kernels/size.h"

enum { ROWS = 16 }; /* a cache line */

uint64_t fid_pack_panels_size(size_t n, size_t k, size_t nr)
{
    return (uint64_t)ceil_div(n, nr) * (1 + k) * nr;
}

/* One row of a block: `width` numbers, of which `used` are there, `stride` apart; the others become
 * zero. */
static void pack_row(size_t used, size_t width, const float *source, size_t stride, float *packed)
{
    for (size_t j = 0; j < width; j++)
        packed[j] = j < used ? source[j * stride] : 0.0f;
}

/* Row 0 of a block. */
static void pack_bias(size_t used, size_t width, const float *bias, float *packed)
{
    pack_row(bias ? used : 0, width, bias, 1, packed);
}

/* Some rows of a block, so few that the lines of `filter` that they share stay in the first-level
 * cache: each column is one, and often all of them compete for the same sets. */
static void pack_rows(size_t used, size_t width, size_t rows, const float *filter, size_t k,
                      float *packed)
{
    for (size_t j = 0; j < width; j++) {
        const float *const column = filter + (j < used ? j : 0) * k;
        __builtin_prefetch((const void *)((uintptr_t)column + (size_t)2 * ROWS * sizeof *column), 0,
                           2);
        for (size_t q = 0; q < rows; q++)
            packed[q * width + j] = j < used ? column[q] : 0.0f;
    }
}

void fid_pack_panels(size_t n, size_t k, size_t nr, const float *filter, const float *bias,
                     size_t first, size_t count, float *packed)
{
    for (size_t panel = first; panel < first + count; panel++) {
        const size_t j = panel * nr, used = min_size(nr, n - j);
        float *row = packed + panel * (1 + k) * nr;
        pack_bias(used, nr, bias ? bias + j : NULL, row);
        for (size_t p = 0; p < k; p += ROWS)
            pack_rows(used, nr, min_size(k - p, ROWS), filter + j * k + p, k, row + (1 + p) * nr);
    }
}

uint64_t fid_pack_depthwise_size(size_t channels, size_t taps, size_t cr)
{
    return fid_pack_panels_size(channels, taps, cr);
}

void fid_pack_depthwise(size_t channels, size_t kernel_h, size_t kernel_w, size_t cr,
                        const float *filter, const float *bias, float *packed)
{
    const size_t taps = kernel_h * kernel_w;
    for (size_t j = 0; j < channels; j += cr) {
        const size_t used = min_size(cr, channels - j);
        pack_bias(used, cr, bias ? bias + j : NULL, packed);
        packed += cr;
        for (size_t kx = 0; kx < kernel_w; kx++)
            for (size_t ky = 0; ky < kernel_h; ky++, packed += cr)
                pack_row(used, cr, filter + j * taps + ky * kernel_w + kx, taps, packed);
    }
}
