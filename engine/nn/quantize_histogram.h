/* quantize_histogram.h - how often a value's numbers fall where, in bins of a power of two that
 * grow with the range: what came in which order makes no difference. */
#ifndef FID_NN_QUANTIZE_HISTOGRAM_H
#define FID_NN_QUANTIZE_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FID_HISTOGRAM_BINS = 2048 };

/* Zero-initialise. Bin i counts what lies in [first + i, first + i + 1) · 2^exponent. Zeros are
 * counted only in the total: they fit a byte at any scale. The bins always reach 0. */
struct fid_histogram {
    uint64_t total;
    int64_t first;
    int exponent;
    bool used; /* there was a number other than 0 */
    uint32_t bins[FID_HISTOGRAM_BINS];
};

/* Counts numbers[0], numbers[stride], ..., count of them. FALSE: one is not finite, or there are
 * more than 2^32 by now; the histogram is of no use then. */
bool fid_histogram_add(struct fid_histogram *histogram, const float *numbers, size_t count,
                       size_t stride);

#endif
