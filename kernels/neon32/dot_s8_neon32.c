/* dot_s8_neon32.c - slot dot_s8: bytes multiplied to 16 bits and added in pairs to 32, sixteen at a
 * time in two sums. */
#include "kernels/neon32/neon32.h"

#include <arm_neon.h>

int32_t fid_dot_s8_neon32 FID_DOT_S8_ARGS
{
    int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);
    size_t p = 0;
    for (; p + 16 <= k; p += 16) {
        const int8x16_t x = vld1q_s8(a + p), y = vld1q_s8(b + p);
        low = vpadalq_s16(low, vmull_s8(vget_low_s8(x), vget_low_s8(y)));
        high = vpadalq_s16(high, vmull_s8(vget_high_s8(x), vget_high_s8(y)));
    }
    low = vaddq_s32(low, high);
    int32_t sum = vgetq_lane_s32(low, 0) + vgetq_lane_s32(low, 1) + vgetq_lane_s32(low, 2) +
                  vgetq_lane_s32(low, 3);
    for (; p < k; p++)
        sum += a[p] * b[p];
    return sum;
}
