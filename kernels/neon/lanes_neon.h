/* lanes_neon.h - what the NEON kernels share: four lanes, partial rows, the work before a store.
 *
 * Everything is inlined with constant arguments: a kernel writes its tile once, as a loop over a
 * constant number of vectors, and the compiler makes straight code of it. */
#ifndef FID_KERNELS_LANES_NEON_H
#define FID_KERNELS_LANES_NEON_H

#include "kernels/tables.h"

#include <arm_neon.h>

#define FID_INLINE static inline __attribute__((always_inline))
/* Before a loop with a constant count over an array that has to live in registers: without it the
 * compilers unroll too late to take the array off the stack. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 40")
#endif

enum { LANES = 4 };

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

/* Loads and stores n lanes, 0 < n ≤ 4; nothing past them is touched, lanes past them are zero. n is
 * the constant LANES in the body of a row and variable in its tail only. */
FID_INLINE float32x4_t load_lanes(const float *p, size_t n)
{
    if (n == LANES)
        return vld1q_f32(p);
    float32x4_t v = vld1q_lane_f32(p, vdupq_n_f32(0.0f), 0);
    if (n > 1)
        v = vld1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        v = vld1q_lane_f32(p + 2, v, 2);
    return v;
}

FID_INLINE void store_lanes(float *p, float32x4_t v, size_t n)
{
    if (n == LANES) {
        vst1q_f32(p, v);
        return;
    }
    vst1q_lane_f32(p, v, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, v, 2);
}

/* a > b ? a : b and a < b ? a : b, as the reference has them; FMAX and FMIN differ for -0 and NaN.
 */
FID_INLINE float32x4_t max_lanes(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

FID_INLINE float32x4_t min_lanes(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

FID_INLINE float32x4_t clamp_lanes(float32x4_t v, float min, float max)
{
    return min_lanes(max_lanes(v, vdupq_n_f32(min)), vdupq_n_f32(max));
}

/* struct fid_post_f32 for n lanes of row i from column j on. */
FID_INLINE float32x4_t post_lanes(float32x4_t v, size_t i, size_t j, size_t n,
                                  const struct fid_post_f32 *post)
{
    if (post->residual)
        v = vaddq_f32(v, load_lanes(post->residual + i * post->residual_stride + j, n));
    if (post->slope) {
        const float32x4_t scaled = vmulq_f32(v, load_lanes(post->slope + j, n));
        v = vbslq_f32(vcltq_f32(v, vdupq_n_f32(0.0f)), scaled, v);
    }
    return clamp_lanes(v, post->min, post->max);
}

#endif
