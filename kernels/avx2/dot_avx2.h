/* dot_avx2.h - the products of kernels/lanes/bytes_lanes.h without an instruction for them, eight
 * lanes.
 *
 * vpmaddubsw would cut sums of two products off at 16 bits. So bytes are widened where they are:
 * the even and the odd ones of a vector each are the 16-bit numbers of one vpmaddwd. */
#ifndef FID_KERNELS_DOT_AVX2_H
#define FID_KERNELS_DOT_AVX2_H

#include "kernels/avx2/bytes_avx2.h"

typedef struct {
    __m256i even, odd;
} lanes_quads;
typedef lanes_quads lanes_weights;

FID_INLINE lanes_quads quads_of(__m256i bytes)
{
    return (lanes_quads){_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)),
                         _mm256_srli_epi16(bytes, 8)};
}

FID_INLINE lanes_weights weights_of(__m256i bytes)
{
    return (lanes_weights){_mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8),
                           _mm256_srai_epi16(bytes, 8)};
}

FID_INLINE __m256i dot_lanes(__m256i sum, lanes_quads quads, lanes_weights weights)
{
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(quads.even, weights.even));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(quads.odd, weights.odd));
}

#endif
