/* lanes_neon32.h - four lanes: the primitives of kernels/lanes/lanes.h. All arithmetic flushes
 * denormals. */
#ifndef FID_KERNELS_LANES_NEON32_H
#define FID_KERNELS_LANES_NEON32_H

#include "kernels/lanes/lanes.h"

#include <arm_neon.h>

/* The instruction by name: gcc 12 compares lane by lane unless it may flush denormals, which this
 * instruction does. */
FID_INLINE uint32x4_t greater_lanes(float32x4_t a, float32x4_t b)
{
    uint32x4_t mask;
    __asm__("vcgt.f32 %q0, %q1, %q2" : "=w"(mask) : "w"(a), "w"(b));
    return mask;
}

#include "kernels/lanes/lanes_arm.h"

FID_INLINE float32x4_t div_lanes(float32x4_t a, float32x4_t b)
{
    /* There is no division: two of Newton's steps take the estimate's 8 bits to 23. */
    float32x4_t inverse = vrecpeq_f32(b);
    inverse = vmulq_f32(inverse, vrecpsq_f32(b, inverse));
    inverse = vmulq_f32(inverse, vrecpsq_f32(b, inverse));
    return vmulq_f32(a, inverse);
}

FID_INLINE float sum_lanes(float32x4_t v)
{
    const float32x2_t two = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(vpadd_f32(two, two), 0);
}

#include "kernels/lanes/post_lanes.h"

#endif
