/* dot_s8_avx512.c - slot dot_s8: bytes widened to 16 bits, multiplied and added in pairs, which
 * cannot overflow; 64 at a time in two sums, the last ones under a mask. */
#include "kernels/avx512/avx512.h"

#include <immintrin.h>

static inline __m512i products(const int8_t *a, const int8_t *b, __mmask32 lanes)
{
    const __m512i wide_a = _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(lanes, a));
    const __m512i wide_b = _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(lanes, b));
    return _mm512_madd_epi16(wide_a, wide_b);
}

int32_t fid_dot_s8_avx512 FID_DOT_S8_ARGS
{
    __m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
    size_t p = 0;
    for (; p + 64 <= k; p += 64) {
        even = _mm512_add_epi32(even, products(a + p, b + p, UINT32_MAX));
        odd = _mm512_add_epi32(odd, products(a + p + 32, b + p + 32, UINT32_MAX));
    }
    for (; p < k; p += 32) {
        const __mmask32 lanes = k - p < 32 ? (__mmask32)((1u << (k - p)) - 1) : UINT32_MAX;
        even = _mm512_add_epi32(even, products(a + p, b + p, lanes));
    }
    return _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd));
}
