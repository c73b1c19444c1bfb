/* dot_f32_lanes.h - slot dot_f32: Σ a · b with four vectors of sums, which hide most of the latency
 * of the FMA. Called by the gallery: an embedding against each prototype. */
#ifndef FID_KERNELS_DOT_F32_LANES_H
#define FID_KERNELS_DOT_F32_LANES_H

enum { VECTORS = 4 };

FID_INLINE float dot_f32_lanes(size_t k, const float *a, const float *b)
{
    lanes_f32 sum[VECTORS];
    const size_t step = (size_t)VECTORS * LANES;
    size_t p = 0;
    for (size_t v = 0; v < VECTORS; v++)
        sum[v] = set_lanes(0.0f);
    for (; p + step <= k; p += step)
        for (size_t v = 0; v < VECTORS; v++)
            sum[v] = fma_lanes(load_lanes(a + p + v * LANES, LANES),
                               load_lanes(b + p + v * LANES, LANES), sum[v]);
    for (; p < k; p += LANES) {
        const size_t lanes = min_size(LANES, k - p);
        sum[0] = fma_lanes(load_lanes(a + p, lanes), load_lanes(b + p, lanes), sum[0]);
    }
    return sum_lanes(add_lanes(add_lanes(sum[0], sum[1]), add_lanes(sum[2], sum[3])));
}

#endif
