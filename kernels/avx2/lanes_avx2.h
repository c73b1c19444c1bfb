/* lanes_avx2.h - eight lanes: the primitives of kernels/lanes/lanes.h. */
#ifndef FID_KERNELS_LANES_AVX2_H
#define FID_KERNELS_LANES_AVX2_H

#include "kernels/lanes/lanes.h"

#include <immintrin.h>

enum { LANES = 8 };
typedef __m256 lanes_f32;

/* The mask of the first n lanes, 0 ≤ n ≤ 8. */
FID_INLINE __m256i first_lanes(size_t n)
{
    static const int32_t on_then_off[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(on_then_off + LANES - n));
}

FID_INLINE __m256 load_lanes(const float *p, size_t n)
{
    if (n == LANES)
        return _mm256_loadu_ps(p);
    return _mm256_maskload_ps(p, first_lanes(n));
}

FID_INLINE void store_lanes(float *p, __m256 v, size_t n)
{
    if (n == LANES)
        _mm256_storeu_ps(p, v);
    else
        _mm256_maskstore_ps(p, first_lanes(n), v);
}

FID_INLINE __m256 set_lanes(float x)
{
    return _mm256_set1_ps(x);
}

FID_INLINE __m256 add_lanes(__m256 a, __m256 b)
{
    return _mm256_add_ps(a, b);
}

FID_INLINE __m256 mul_lanes(__m256 a, __m256 b)
{
    return _mm256_mul_ps(a, b);
}

FID_INLINE __m256 div_lanes(__m256 a, __m256 b)
{
    return _mm256_div_ps(a, b);
}

FID_INLINE __m256 fma_lanes(__m256 a, __m256 b, __m256 c)
{
    return _mm256_fmadd_ps(a, b, c);
}

FID_INLINE __m256 max_lanes(__m256 a, __m256 b)
{
    return _mm256_max_ps(a, b);
}

FID_INLINE __m256 min_lanes(__m256 a, __m256 b)
{
    return _mm256_min_ps(a, b);
}

FID_INLINE __m256 negative_lanes(__m256 v, __m256 a)
{
    return _mm256_blendv_ps(v, a, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_LT_OQ));
}

FID_INLINE __m256 power_lanes(__m256 n)
{
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

FID_INLINE float sum_lanes(__m256 v)
{
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#include "kernels/lanes/post_lanes.h"

#endif
