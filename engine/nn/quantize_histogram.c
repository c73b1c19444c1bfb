/* quantize_histogram.c - numbers into bins, and bins into wider ones. */
#include "engine/nn/quantize_histogram.h"

#include <math.h>
#include <string.h>

enum { BINS = FID_HISTOGRAM_BINS, BITS = 11 };
_Static_assert(1 << BITS == BINS, "BITS");

struct range { /* of bins, both ends included; reaches from -1 or 0 to 0 at least */
    int64_t low, high;
};

/* Rounds down, also below 0. */
static int64_t halve(int64_t bin, int times)
{
    const int most = 62;
    return bin >> (times < most ? times : most);
}

static int64_t bin_of(float number, int exponent)
{
    return (int64_t)floor(ldexp((double)number, -exponent));
}

static struct range occupied(const struct fid_histogram *histogram)
{
    struct range range = {0, 0};
    for (int i = 0; i < BINS && histogram->used; i++)
        if (histogram->bins[i] > 0) {
            const int64_t bin = histogram->first + i;
            range.low = bin < range.low ? bin : range.low;
            range.high = bin > range.high ? bin : range.high;
        }
    return range;
}

/* The bins again, from `first` on and so many times as wide. */
static void move_bins(struct fid_histogram *histogram, int64_t first, int doublings)
{
    uint32_t moved[BINS] = {0};
    for (int i = 0; i < BINS; i++)
        if (histogram->bins[i] > 0)
            moved[halve(histogram->first + i, doublings) - first] += histogram->bins[i];
    memcpy(histogram->bins, moved, sizeof moved);
    histogram->first = first;
    histogram->exponent += doublings;
}

/* The least width, not less than the bins have, at which they reach from min over 0 to max. */
static void make_room(struct fid_histogram *histogram, float min, float max)
{
    const int least = ilogbf(fmaxf(-min, max)) - BITS;
    if (!histogram->used)
        histogram->exponent = least;
    histogram->used = true;
    struct range range = occupied(histogram);
    int doublings = least > histogram->exponent ? least - histogram->exponent : 0;
    for (;; doublings++) {
        const int exponent = histogram->exponent + doublings;
        int64_t low = halve(range.low, doublings), high = halve(range.high, doublings);
        low = bin_of(min, exponent) < low ? bin_of(min, exponent) : low;
        high = bin_of(max, exponent) > high ? bin_of(max, exponent) : high;
        if (high - low >= BINS)
            continue;
        if (low < histogram->first || high >= histogram->first + BINS || doublings > 0)
            move_bins(histogram, low, doublings);
        return;
    }
}

bool fid_histogram_add(struct fid_histogram *histogram, const float *numbers, size_t count,
                       size_t stride)
{
    float min = 0.0f, max = 0.0f;
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        const float number = numbers[i * stride];
        finite = finite && isfinite(number);
        min = number < min ? number : min;
        max = number > max ? number : max;
    }
    histogram->total += count;
    if (!finite || histogram->total > UINT32_MAX)
        return false;
    if (min == 0.0f && max == 0.0f)
        return true;
    make_room(histogram, min, max);
    const double wide = ldexp(1.0, -histogram->exponent);
    for (size_t i = 0; i < count; i++) {
        const float number = numbers[i * stride];
        if (number == 0.0f)
            continue;
        const double place = (double)number * wide; /* the range of an int is far */
        const int toward_zero = (int)place;
        histogram->bins[toward_zero - (place < toward_zero) - histogram->first]++;
    }
    return true;
}
