/* dot_avx512.h - the products of kernels/lanes/bytes_lanes.h without an instruction for them,
 * sixteen lanes.
 *
 * vpmaddubsw would cut sums of two products off at 16 bits. So bytes are widened where they are:
 * the even and the odd ones of a vector each are the 16-bit numbers of one vpmaddwd. */
#ifndef FID_KERNELS_DOT_AVX512_H
#define FID_KERNELS_DOT_AVX512_H

#include "kernels/avx512/bytes_avx512.h"

typedef struct {
    __m512i even, odd;
} lanes_quads;
typedef lanes_quads lanes_weights;

FID_INLINE lanes_quads quads_of(__m512i bytes)
{
    return (lanes_quads){_mm512_and_si512(bytes, _mm512_set1_epi16(0xff)),
                         _mm512_srli_epi16(bytes, 8)};
}

FID_INLINE lanes_weights weights_of(__m512i bytes)
{
    return (lanes_weights){_mm512_srai_epi16(_mm512_slli_epi16(bytes, 8), 8),
                           _mm512_srai_epi16(bytes, 8)};
}

FID_INLINE __m512i dot_lanes(__m512i sum, lanes_quads quads, lanes_weights weights)
{
    sum = _mm512_add_epi32(sum, _mm512_madd_epi16(quads.even, weights.even));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(quads.odd, weights.odd));
}

#endif
