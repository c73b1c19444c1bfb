/* pack.c - lays weights out in the order in which the kernels read them. Done once, at load. */
#include "kernels/kernels.h"

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t fid_pack_panels_size(size_t n, size_t k, size_t nr)
{
    return (n + nr - 1) / nr * (1 + k) * nr;
}

/* Writes row 0 (bias) and rows 1..k (filter, transposed) of one block of `width` columns, of which
 * `used` are there; the others become zero. */
static void pack_block(size_t used, size_t k, size_t width, const float *filter, const float *bias,
                       float *packed)
{
    for (size_t j = 0; j < width; j++)
        packed[j] = bias && j < used ? bias[j] : 0.0f;
    packed += width;
    for (size_t p = 0; p < k; p++, packed += width)
        for (size_t j = 0; j < width; j++)
            packed[j] = j < used ? filter[j * k + p] : 0.0f;
}

void fid_pack_panels(size_t n, size_t k, size_t nr, const float *filter, const float *bias,
                     size_t first, size_t count, float *packed)
{
    for (size_t panel = first; panel < first + count; panel++) {
        const size_t j = panel * nr;
        pack_block(min_size(nr, n - j), k, nr, filter + j * k, bias ? bias + j : NULL,
                   packed + panel * (1 + k) * nr);
    }
}

size_t fid_pack_depthwise_size(size_t channels, size_t taps, size_t cr)
{
    return fid_pack_panels_size(channels, taps, cr);
}

void fid_pack_depthwise(size_t channels, size_t taps, size_t cr, const float *filter,
                        const float *bias, float *packed)
{
    fid_pack_panels(channels, taps, cr, filter, bias, 0, (channels + cr - 1) / cr, packed);
}
