/* gelu_f32_lanes.h - slot gelu_f32: v · Φ(v) with Φ(x) = 1/2 + x · P(x²) / Q(x²).
 *
 * P and Q have degree 5 and were fitted on |x| ≤ 5.6 so that the largest error of Φ is least
 * (1e-8); beyond, Φ is 0 or 1 to within 2^-24 · 2^-2. All coefficients are positive: nothing
 * cancels. Called by the layers of engine/nn as an activation. */
#ifndef FID_KERNELS_GELU_F32_LANES_H
#define FID_KERNELS_GELU_F32_LANES_H

enum { DEGREE = 5 };

FID_INLINE lanes_f32 polynomial(const float *coefficients, lanes_f32 t)
{
    lanes_f32 sum = set_lanes(coefficients[DEGREE]);
    UNROLL
    for (size_t i = DEGREE; i-- > 0;)
        sum = fma_lanes(sum, t, set_lanes(coefficients[i]));
    return sum;
}

FID_INLINE void block(float *v, const size_t lanes)
{
    static const float above[DEGREE + 1] = {0.398942232f,    0.0343743637f,   0.00470714271f,
                                            0.000173831737f, 6.35628521e-06f, 2.21459349e-08f};
    static const float below[DEGREE + 1] = {1.0f,           0.252829462f,   0.0289390646f,
                                            0.00191287138f, 7.5095224e-05f, 1.18021194e-06f};
    const float edge = 5.6f, steep = 1e6f;
    const lanes_f32 x = load_lanes(v, lanes);
    const lanes_f32 inside = clamp_lanes(x, set_lanes(-edge), set_lanes(edge));
    const lanes_f32 t = mul_lanes(inside, inside);
    lanes_f32 share = div_lanes(polynomial(above, t), polynomial(below, t));
    share = fma_lanes(inside, share, set_lanes(0.5f));
    /* Left of the edge 0, not nearly 0: x may be large there. */
    const lanes_f32 most = mul_lanes(add_lanes(x, set_lanes(edge)), set_lanes(steep));
    share = max_lanes(min_lanes(share, most), set_lanes(0.0f));
    store_lanes(v, mul_lanes(x, share), lanes);
}

FID_INLINE void gelu_f32_lanes(size_t count, float *v)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        block(v + i, LANES);
    if (i < count)
        block(v + i, tail_lanes(count - i));
}

#endif
