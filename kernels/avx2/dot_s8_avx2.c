/* dot_s8_avx2.c - slot dot_s8: bytes widened to 16 bits, multiplied and added in pairs, which
 * cannot overflow; 32 at a time in two sums. */
#include "kernels/avx2/avx2.h"

#include <immintrin.h>

static inline __m256i products(const int8_t *a, const int8_t *b)
{
    const __m256i wide_a = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)a));
    const __m256i wide_b = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)b));
    return _mm256_madd_epi16(wide_a, wide_b);
}

int32_t fid_dot_s8_avx2 FID_DOT_S8_ARGS
{
    __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
    size_t p = 0;
    for (; p + 32 <= k; p += 32) {
        even = _mm256_add_epi32(even, products(a + p, b + p));
        odd = _mm256_add_epi32(odd, products(a + p + 16, b + p + 16));
    }
    if (p + 16 <= k) {
        even = _mm256_add_epi32(even, products(a + p, b + p));
        p += 16;
    }
    even = _mm256_add_epi32(even, odd);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(even), _mm256_extracti128_si256(even, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    int32_t sum = _mm_cvtsi128_si32(four);
    for (; p < k; p++)
        sum += a[p] * b[p];
    return sum;
}
