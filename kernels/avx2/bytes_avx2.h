/* bytes_avx2.h - the primitives of kernels/lanes/bytes_lanes.h with eight lanes. */
#ifndef FID_KERNELS_BYTES_AVX2_H
#define FID_KERNELS_BYTES_AVX2_H

#include "kernels/avx2/lanes_avx2.h"

#include <string.h>

typedef __m256i lanes_s32;

FID_INLINE __m256i load_s32(const void *p)
{
    return _mm256_loadu_si256(p);
}

FID_INLINE void store_s32(void *p, __m256i v)
{
    _mm256_storeu_si256(p, v);
}

FID_INLINE __m256i set_s32(int32_t x)
{
    return _mm256_set1_epi32(x);
}

FID_INLINE __m256i add_s32(__m256i a, __m256i b)
{
    return _mm256_add_epi32(a, b);
}

FID_INLINE __m256i sub_s32(__m256i a, __m256i b)
{
    return _mm256_sub_epi32(a, b);
}

FID_INLINE __m256 float_lanes(__m256i v)
{
    return _mm256_cvtepi32_ps(v);
}

FID_INLINE __m256i nearest_lanes(__m256 v)
{
    return _mm256_cvtps_epi32(v);
}

FID_INLINE __m256i widen_bytes(const uint8_t *p, size_t n)
{
    if (n == LANES)
        return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
    uint64_t bytes = 0;
    memcpy(&bytes, p, n);
    return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes));
}

FID_INLINE __m256i load_bytes(const void *p)
{
    return _mm256_loadu_si256(p);
}

FID_INLINE __m256i load_spread(const void *p)
{
    return _mm256_permutevar8x32_epi32(load_bytes(p), _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
}

FID_INLINE __m256i max_bytes(__m256i a, __m256i b)
{
    return _mm256_max_epu8(a, b);
}

FID_INLINE void store_bytes(uint8_t *p, __m256i v, size_t n)
{
    if (n == 32) {
        _mm256_storeu_si256((__m256i *)p, v);
        return;
    }
    __m128i part = _mm256_castsi256_si128(v);
    if (n >= 16) {
        _mm_storeu_si128((__m128i *)p, part);
        part = _mm256_extracti128_si256(v, 1);
        p += 16;
        n -= 16;
    }
    if (n >= 8) {
        _mm_storel_epi64((__m128i *)p, part);
        part = _mm_srli_si128(part, 8);
        p += 8;
        n -= 8;
    }
    const uint64_t rest = (uint64_t)_mm_cvtsi128_si64(part);
    memcpy(p, &rest, n);
}

FID_INLINE __m256i low_pairs(__m256i a, __m256i b)
{
    return _mm256_unpacklo_epi8(a, b);
}

FID_INLINE __m256i high_pairs(__m256i a, __m256i b)
{
    return _mm256_unpackhi_epi8(a, b);
}

FID_INLINE __m256i low_quads(__m256i a, __m256i b)
{
    return _mm256_unpacklo_epi16(a, b);
}

FID_INLINE __m256i high_quads(__m256i a, __m256i b)
{
    return _mm256_unpackhi_epi16(a, b);
}

FID_INLINE __m256i narrow(const __m256i *v, const size_t vectors, int32_t zero)
{
    const __m256i offset = _mm256_set1_epi16((int16_t)zero);
    const __m256i low = _mm256_packs_epi32(v[0], v[vectors > 1 ? 1 : 0]);
    const __m256i high = vectors > 2 ? _mm256_packs_epi32(v[2], v[3]) : low;
    const __m256i bytes =
        _mm256_packus_epi16(_mm256_add_epi16(low, offset), _mm256_add_epi16(high, offset));
    return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

#include "kernels/lanes/bytes_lanes.h"

#endif
