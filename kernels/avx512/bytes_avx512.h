/* bytes_avx512.h - the primitives of kernels/lanes/bytes_lanes.h with sixteen lanes. */
#ifndef FID_KERNELS_BYTES_AVX512_H
#define FID_KERNELS_BYTES_AVX512_H

#include "kernels/avx512/lanes_avx512.h"

typedef __m512i lanes_s32;

FID_INLINE __m512i load_s32(const void *p)
{
    return _mm512_loadu_si512(p);
}

FID_INLINE void store_s32(void *p, __m512i v)
{
    _mm512_storeu_si512(p, v);
}

FID_INLINE __m512i set_s32(int32_t x)
{
    return _mm512_set1_epi32(x);
}

FID_INLINE __m512i add_s32(__m512i a, __m512i b)
{
    return _mm512_add_epi32(a, b);
}

FID_INLINE __m512i sub_s32(__m512i a, __m512i b)
{
    return _mm512_sub_epi32(a, b);
}

FID_INLINE __m512 float_lanes(__m512i v)
{
    return _mm512_cvtepi32_ps(v);
}

FID_INLINE __m512i nearest_lanes(__m512 v)
{
    return _mm512_cvtps_epi32(v);
}

FID_INLINE __m512i widen_bytes(const uint8_t *p, size_t n)
{
    if (n == LANES)
        return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(first_lanes(n), p));
}

FID_INLINE __m512i load_bytes(const void *p)
{
    return _mm512_loadu_si512(p);
}

/* Four by four groups of four bytes, rows for columns: the 128-bit parts of the vectors that
 * interleave() makes, and back. */
FID_INLINE __m512i transpose(__m512i v)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, v);
}

FID_INLINE __m512i load_spread(const void *p)
{
    return transpose(load_bytes(p));
}

FID_INLINE __m512i max_bytes(__m512i a, __m512i b)
{
    return _mm512_max_epu8(a, b);
}

FID_INLINE void store_bytes(uint8_t *p, __m512i v, size_t n)
{
    if (n == 64)
        _mm512_storeu_si512(p, v);
    else
        _mm512_mask_storeu_epi8(p, ((__mmask64)1 << n) - 1, v);
}

FID_INLINE __m512i low_pairs(__m512i a, __m512i b)
{
    return _mm512_unpacklo_epi8(a, b);
}

FID_INLINE __m512i high_pairs(__m512i a, __m512i b)
{
    return _mm512_unpackhi_epi8(a, b);
}

FID_INLINE __m512i low_quads(__m512i a, __m512i b)
{
    return _mm512_unpacklo_epi16(a, b);
}

FID_INLINE __m512i high_quads(__m512i a, __m512i b)
{
    return _mm512_unpackhi_epi16(a, b);
}

FID_INLINE __m512i narrow(const __m512i *v, const size_t vectors, int32_t zero)
{
    const __m512i offset = _mm512_set1_epi16((int16_t)zero);
    const __m512i low = _mm512_packs_epi32(v[0], v[vectors > 1 ? 1 : 0]);
    const __m512i high = vectors > 2 ? _mm512_packs_epi32(v[2], v[3]) : low;
    return transpose(
        _mm512_packus_epi16(_mm512_add_epi16(low, offset), _mm512_add_epi16(high, offset)));
}

#include "kernels/lanes/bytes_lanes.h"

#endif
