/* dot_f32_neon.c - slot dot_f32: Σ a · b with four vectors of sums, which hide most of the latency
 * of the FMA. Called by the gallery: an embedding against each prototype. */
#include "kernels/neon/neon.h"
#include "kernels/neon/lanes_neon.h"

enum { VECTORS = 4 };

float fid_dot_f32_neon(size_t k, const float *a, const float *b)
{
    float32x4_t sum[VECTORS];
    size_t p = 0;
    for (size_t v = 0; v < VECTORS; v++)
        sum[v] = vdupq_n_f32(0.0f);
    for (; p + VECTORS * LANES <= k; p += VECTORS * LANES)
        for (size_t v = 0; v < VECTORS; v++)
            sum[v] = vfmaq_f32(sum[v], vld1q_f32(a + p + v * LANES), vld1q_f32(b + p + v * LANES));
    for (; p < k; p += LANES) {
        const size_t lanes = min_size(LANES, k - p);
        sum[0] = vfmaq_f32(sum[0], load_lanes(a + p, lanes), load_lanes(b + p, lanes));
    }
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3])));
}
