/* layer_norm_f32_lanes.h - slot layer_norm_f32: three passes over a pixel, which stays in the
 * first-level cache. Four sums in flight hide the latency of the addition. Called by the layer of
 * engine/nn. */
#ifndef FID_KERNELS_LAYER_NORM_F32_LANES_H
#define FID_KERNELS_LAYER_NORM_F32_LANES_H

#include <math.h>

enum { VECTORS = 4 };

/* sum + (in + minus)², or sum + in without `squared`. */
FID_INLINE lanes_f32 take(lanes_f32 sum, const float *in, const float *minus, const size_t lanes,
                          const int squared)
{
    lanes_f32 v = load_lanes(in, lanes);
    if (!squared)
        return add_lanes(sum, v);
    v = add_lanes(v, load_lanes(minus, lanes)); /* beyond the tail both are 0 */
    return fma_lanes(v, v, sum);
}

FID_INLINE float sum_of(size_t channels, const float *in, const float *minus, const int squared)
{
    const size_t step = (size_t)VECTORS * LANES;
    lanes_f32 sum[VECTORS];
    size_t j = 0;
    UNROLL
    for (size_t v = 0; v < VECTORS; v++)
        sum[v] = set_lanes(0.0f);
    for (; j + step <= channels; j += step) {
        UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[v] = take(sum[v], in + j + v * LANES, minus, LANES, squared);
    }
    for (; j + LANES <= channels; j += LANES)
        sum[0] = take(sum[0], in + j, minus, LANES, squared);
    if (j < channels)
        sum[1] = take(sum[1], in + j, minus, tail_lanes(channels - j), squared);
    return sum_lanes(add_lanes(add_lanes(sum[0], sum[1]), add_lanes(sum[2], sum[3])));
}

FID_INLINE void scale_block(size_t j, const size_t lanes, const float *in, const float *scale,
                            const float *shift, float mean, float factor, float *out)
{
    const lanes_f32 v =
        mul_lanes(add_lanes(load_lanes(in + j, lanes), set_lanes(-mean)), set_lanes(factor));
    store_lanes(out + j, fma_lanes(v, load_lanes(scale + j, lanes), load_lanes(shift + j, lanes)),
                lanes);
}

FID_INLINE void layer_norm_f32_lanes(size_t pixels, size_t channels, const float *in,
                                     const float *scale, const float *shift, float epsilon,
                                     float *out)
{
    const float share = 1.0f / (float)channels;
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels) {
        float minus[LANES];
        const float mean = sum_of(channels, in, minus, 0) * share;
        store_lanes(minus, set_lanes(-mean), LANES);
        const float factor = 1.0f / sqrtf(sum_of(channels, in, minus, 1) * share + epsilon);
        size_t j = 0;
        for (; j + LANES <= channels; j += LANES)
            scale_block(j, LANES, in, scale, shift, mean, factor, out);
        if (j < channels)
            scale_block(j, tail_lanes(channels - j), in, scale, shift, mean, factor, out);
    }
}

#endif
