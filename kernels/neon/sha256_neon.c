/* sha256_neon.c - SHA-256 with the cryptographic extension of ARMv8: four rounds in two
 * instructions. Called by the check of a model's id. */
#include "kernels/neon/neon.h"

#include <arm_neon.h>

/* Four rounds with the words w and their constants; state: abcd and efgh. */
static void four_rounds(uint32x4_t state[2], uint32x4_t w, const uint32_t *constants)
{
    const uint32x4_t sum = vaddq_u32(w, vld1q_u32(constants)), abcd = state[0];
    state[0] = vsha256hq_u32(abcd, state[1], sum);
    state[1] = vsha256h2q_u32(state[1], abcd, sum);
}

static void one_block(uint32x4_t state[2], const uint8_t *block)
{
    const uint32x4_t before[2] = {state[0], state[1]};
    uint32x4_t w[4];
    for (int i = 0; i < 4; i++) {
        w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(block + (ptrdiff_t)16 * i)));
        four_rounds(state, w[i], fid_sha256_constants + (ptrdiff_t)4 * i);
    }
    for (int i = 4; i < 16; i += 4)
        for (int j = 0; j < 4; j++) {
            w[j] = vsha256su1q_u32(vsha256su0q_u32(w[j], w[(j + 1) & 3]), w[(j + 2) & 3],
                                   w[(j + 3) & 3]);
            four_rounds(state, w[j], fid_sha256_constants + (ptrdiff_t)4 * (i + j));
        }
    state[0] = vaddq_u32(state[0], before[0]);
    state[1] = vaddq_u32(state[1], before[1]);
}

void fid_sha256_neon(uint32_t state[8], const void *data, size_t blocks)
{
    const uint8_t *block = data;
    uint32x4_t s[2] = {vld1q_u32(state), vld1q_u32(state + 4)};
    for (; blocks > 0; blocks--, block += 64)
        one_block(s, block);
    vst1q_u32(state, s[0]);
    vst1q_u32(state + 4, s[1]);
}
