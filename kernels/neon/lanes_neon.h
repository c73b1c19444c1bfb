/* lanes_neon.h - four lanes: the primitives of kernels/lanes/lanes.h. */
#ifndef FID_KERNELS_LANES_NEON_H
#define FID_KERNELS_LANES_NEON_H

#include "kernels/lanes/lanes.h"

#include <arm_neon.h>

FID_INLINE uint32x4_t greater_lanes(float32x4_t a, float32x4_t b)
{
    return vcgtq_f32(a, b);
}

#include "kernels/lanes/lanes_arm.h"

FID_INLINE float32x4_t div_lanes(float32x4_t a, float32x4_t b)
{
    return vdivq_f32(a, b);
}

FID_INLINE float sum_lanes(float32x4_t v)
{
    return vaddvq_f32(v);
}

#include "kernels/lanes/post_lanes.h"

#endif
