/* lanes_arm.h - the primitives of kernels/lanes/lanes.h that 64-bit and 32-bit ARM write alike. The
 * file that includes this gives greater_lanes(a, b), all bits of the lanes in which a > b. */
#ifndef FID_KERNELS_LANES_ARM_H
#define FID_KERNELS_LANES_ARM_H

enum { LANES = 4 };
typedef float32x4_t lanes_f32;

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

/* Compared, because the instructions for it differ from the contract for -0 and NaN. */
FID_INLINE float32x4_t max_lanes(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(greater_lanes(a, b), a, b);
}

FID_INLINE float32x4_t min_lanes(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(greater_lanes(b, a), a, b);
}

FID_INLINE float32x4_t set_lanes(float x)
{
    return vdupq_n_f32(x);
}

FID_INLINE float32x4_t add_lanes(float32x4_t a, float32x4_t b)
{
    return vaddq_f32(a, b);
}

FID_INLINE float32x4_t mul_lanes(float32x4_t a, float32x4_t b)
{
    return vmulq_f32(a, b);
}

FID_INLINE float32x4_t fma_lanes(float32x4_t a, float32x4_t b, float32x4_t c)
{
    return vfmaq_f32(c, a, b);
}

FID_INLINE float32x4_t negative_lanes(float32x4_t v, float32x4_t a)
{
    return vbslq_f32(greater_lanes(vdupq_n_f32(0.0f), v), a, v);
}

FID_INLINE float32x4_t power_lanes(float32x4_t n)
{
    const int32x4_t exponent = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23));
}

#endif
