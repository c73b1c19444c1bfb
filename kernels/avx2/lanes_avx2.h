/* lanes_avx2.h - what the AVX2 kernels share: eight lanes, partial rows, the work before a store.
 *
 * Everything is inlined with constant arguments: a kernel writes its tile once, as a loop over a
 * constant number of vectors, and the compiler makes straight code of it. */
#ifndef FID_KERNELS_LANES_AVX2_H
#define FID_KERNELS_LANES_AVX2_H

#include "kernels/tables.h"

#include <immintrin.h>

#define FID_INLINE static inline __attribute__((always_inline))
/* Before a loop with a constant count over an array that has to live in registers: without it the
 * compilers unroll too late to take the array off the stack. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 40")
#endif

enum { LANES = 8 };

/* n, of which the compiler may know that it is less than a vector: the choice between whole and
 * partial loads is then made once, when it inlines. */
FID_INLINE size_t tail_lanes(size_t n)
{
    if (n >= LANES)
        __builtin_unreachable();
    return n;
}

FID_INLINE size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The mask of the first n lanes, 0 ≤ n ≤ 8. */
FID_INLINE __m256i first_lanes(size_t n)
{
    static const int32_t on_then_off[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(on_then_off + LANES - n));
}

/* Loads and stores n lanes; nothing past them is touched, lanes past them are zero. n is the
 * constant LANES in the body of a row and variable in its tail only. */
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

FID_INLINE __m256 clamp_lanes(__m256 v, float min, float max)
{
    return _mm256_min_ps(_mm256_max_ps(v, _mm256_set1_ps(min)), _mm256_set1_ps(max));
}

/* struct fid_post_f32 for n lanes of row i from column j on. */
FID_INLINE __m256 post_lanes(__m256 v, size_t i, size_t j, size_t n,
                             const struct fid_post_f32 *post)
{
    if (post->residual)
        v = _mm256_add_ps(v, load_lanes(post->residual + i * post->residual_stride + j, n));
    if (post->slope) {
        const __m256 scaled = _mm256_mul_ps(v, load_lanes(post->slope + j, n));
        v = _mm256_blendv_ps(v, scaled, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_LT_OQ));
    }
    return clamp_lanes(v, post->min, post->max);
}

#endif
