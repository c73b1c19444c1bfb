/* dot_s8_dot_neon.c - slot dot_s8 with the dot product instructions (an option of ARMv8.2,
 * required from 8.4 on): four products added to each of four lanes an instruction, 32 bytes at
 * a time in two sums. */
#include "kernels/neon/neon.h"

#include <arm_neon.h>

int32_t fid_dot_s8_dot_neon FID_DOT_S8_ARGS
{
    int32x4_t even = vdupq_n_s32(0), odd = vdupq_n_s32(0);
    size_t p = 0;
    for (; p + 32 <= k; p += 32) {
        even = vdotq_s32(even, vld1q_s8(a + p), vld1q_s8(b + p));
        odd = vdotq_s32(odd, vld1q_s8(a + p + 16), vld1q_s8(b + p + 16));
    }
    int32_t sum = vaddvq_s32(vaddq_s32(even, odd));
    for (; p < k; p++)
        sum += a[p] * b[p];
    return sum;
}
