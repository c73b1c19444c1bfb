/* lanes_avx512.h - sixteen lanes: the primitives of kernels/lanes/lanes.h. */
#ifndef FID_KERNELS_LANES_AVX512_H
#define FID_KERNELS_LANES_AVX512_H

#include "kernels/lanes/lanes.h"

#include <immintrin.h>

enum { LANES = 16 };
typedef __m512 lanes_f32;

/* The mask of the first n lanes, 0 ≤ n ≤ 16. */
FID_INLINE __mmask16 first_lanes(size_t n)
{
    return (__mmask16)((1u << n) - 1);
}

FID_INLINE __m512 load_lanes(const float *p, size_t n)
{
    if (n == LANES)
        return _mm512_loadu_ps(p);
    return _mm512_maskz_loadu_ps(first_lanes(n), p);
}

FID_INLINE void store_lanes(float *p, __m512 v, size_t n)
{
    if (n == LANES)
        _mm512_storeu_ps(p, v);
    else
        _mm512_mask_storeu_ps(p, first_lanes(n), v);
}

FID_INLINE __m512 set_lanes(float x)
{
    return _mm512_set1_ps(x);
}

FID_INLINE __m512 add_lanes(__m512 a, __m512 b)
{
    return _mm512_add_ps(a, b);
}

FID_INLINE __m512 mul_lanes(__m512 a, __m512 b)
{
    return _mm512_mul_ps(a, b);
}

FID_INLINE __m512 div_lanes(__m512 a, __m512 b)
{
    return _mm512_div_ps(a, b);
}

FID_INLINE __m512 fma_lanes(__m512 a, __m512 b, __m512 c)
{
    return _mm512_fmadd_ps(a, b, c);
}

FID_INLINE __m512 max_lanes(__m512 a, __m512 b)
{
    return _mm512_max_ps(a, b);
}

FID_INLINE __m512 min_lanes(__m512 a, __m512 b)
{
    return _mm512_min_ps(a, b);
}

FID_INLINE __m512 negative_lanes(__m512 v, __m512 a)
{
    return _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ), a);
}

FID_INLINE __m512 power_lanes(__m512 n)
{
    const __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}

FID_INLINE float sum_lanes(__m512 v)
{
    return _mm512_reduce_add_ps(v);
}

#include "kernels/lanes/post_lanes.h"

#endif
