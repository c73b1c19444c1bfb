/* average_f32_neon.c - slot average_f32: out = scale · Σ taps, 16 channels at a time.
 *
 * Four sums in flight hide the latency of the addition; each adds its taps in their order, as the
 * reference does, so the bits agree. Called by the pooling layer of engine/nn. */
#include "kernels/neon/neon.h"
#include "kernels/neon/lanes_neon.h"

enum { VECTORS = 4 };

FID_INLINE void block(const size_t vectors, const size_t lanes, size_t taps, const float *const *in,
                      size_t j, float scale, float *out)
{
    float32x4_t sum[VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = load_lanes(in[0] + j + v * LANES, lanes);
    for (size_t t = 1; t < taps; t++)
        UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = vaddq_f32(sum[v], load_lanes(in[t] + j + v * LANES, lanes));
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        store_lanes(out + j + v * LANES, vmulq_n_f32(sum[v], scale), lanes);
}

void fid_average_f32_neon(size_t channels, size_t taps, const float *const *in, float scale,
                          float *out)
{
    size_t j = 0;
    for (; j + VECTORS * LANES <= channels; j += VECTORS * LANES)
        block(VECTORS, LANES, taps, in, j, scale, out);
    for (; j + LANES <= channels; j += LANES)
        block(1, LANES, taps, in, j, scale, out);
    if (j < channels)
        block(1, tail_lanes(channels - j), taps, in, j, scale, out);
}
