/* quantize_range.h - the scale and zero point that make the least squared error, of values by their
 * histograms and of filters by their numbers. */
#ifndef FID_NN_QUANTIZE_RANGE_H
#define FID_NN_QUANTIZE_RANGE_H

#include "engine/nn/quantize_histogram.h"

/* The sums up to each bin, with a bin's numbers in its middle: the error of any scale takes 256
 * steps then. */
struct fid_histogram_sums {
    double first, width;    /* the middle of bin i is first + i · width */
    double lowest, highest; /* edges of the numbers; 0 is between them */
    double count[FID_HISTOGRAM_BINS + 1], sum[FID_HISTOGRAM_BINS + 1],
        square[FID_HISTOGRAM_BINS + 1];
};
void fid_histogram_sums_make(const struct fid_histogram *histogram,
                             struct fid_histogram_sums *sums);

/* The squared error of all numbers when each becomes the nearest scale · (byte - zero). */
double fid_quantize_error(const struct fid_histogram_sums *sums, int zero, double scale);

/* FILLS zero and scale of one value. Numbers that are all 0: 0 and 1. */
void fid_quantize_value(const struct fid_histogram *histogram, struct fid_histogram_sums *scratch,
                        int *zero, float *scale);

/* FILLS the zero point and a scale for each of c channels; errors count by their share of the
 * channel's own numbers, since a depthwise filter keeps them apart. A channel that was always 0
 * gets the largest scale of the others (1 if there are none). */
void fid_quantize_channels(const struct fid_histogram *histograms, size_t c,
                           struct fid_histogram_sums *scratch, int *zero, float *scales);

/* The scale and bytes (count of them) of one output channel's weights. bias: of the channel, and
 * input its input's scale: |bias| / (input · scale) stays below 2^29, as the format wants it (0: of
 * no concern, the input is f32). */
float fid_quantize_filter(const float *weights, size_t count, float bias, float input,
                          int8_t *bytes);

#endif
