/* average_f32_lanes.h - slot average_f32: out = scale · Σ taps, four vectors at a time.
 *
 * Four sums in flight hide the latency of the addition; each adds its taps in their order, as the
 * reference does, so the bits agree. Called by the pooling layer of engine/nn. */
#ifndef FID_KERNELS_AVERAGE_F32_LANES_H
#define FID_KERNELS_AVERAGE_F32_LANES_H

enum { VECTORS = 4 };

FID_INLINE void block(const size_t vectors, const size_t lanes, size_t taps, const float *const *in,
                      size_t j, float scale, float *out)
{
    lanes_f32 sum[VECTORS];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = load_lanes(in[0] + j + v * LANES, lanes);
    for (size_t t = 1; t < taps; t++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = add_lanes(sum[v], load_lanes(in[t] + j + v * LANES, lanes));
    }
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        store_lanes(out + j + v * LANES, mul_lanes(set_lanes(scale), sum[v]), lanes);
}

FID_INLINE void average_f32_lanes(size_t channels, size_t taps, const float *const *in, float scale,
                                  float *out)
{
    const size_t step = (size_t)VECTORS * LANES;
    size_t j = 0;
    for (; j + step <= channels; j += step)
        block(VECTORS, LANES, taps, in, j, scale, out);
    for (; j + LANES <= channels; j += LANES)
        block(1, LANES, taps, in, j, scale, out);
    if (j < channels)
        block(1, tail_lanes(channels - j), taps, in, j, scale, out);
}

#endif
