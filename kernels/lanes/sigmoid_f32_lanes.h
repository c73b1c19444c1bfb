/* sigmoid_f32_lanes.h - slot sigmoid_f32: 1 / (1 + e^-v).
 *
 * e^y = 2^n · e^r with n the whole number next to y / ln 2 and |r| ≤ ln 2 / 2. e^r is its series up
 * to r^7 / 7!, which leaves 6e-9 of it. ln 2 is split into a part of 12 bits, of which n times is
 * exact, and a rest: r is off by 2^-25 of its range. The sum is made from the smallest term on, so
 * e^y is within 2^-22 of itself, 1 + e^y and the division add 2^-24 and 2^-22.
 * Called by the layers of engine/nn as an activation. */
#ifndef FID_KERNELS_SIGMOID_F32_LANES_H
#define FID_KERNELS_SIGMOID_F32_LANES_H

enum { TERMS = 8 };

/* e^y, |y| ≤ 87: 2^n is a normal number then. */
FID_INLINE lanes_f32 exp_lanes(lanes_f32 y)
{
    static const float series[TERMS] = {1.0f,      1.0f,       1.0f / 2,   1.0f / 6,
                                        1.0f / 24, 1.0f / 120, 1.0f / 720, 1.0f / 5040};
    const float per_ln2 = 1.44269504f, ln2 = 0.693115234f, ln2_rest = 3.19461849e-05f;
    const float rounds = 0x1.8p23f; /* a sum with it has no bits behind the point */
    const lanes_f32 whole = fma_lanes(y, set_lanes(per_ln2), set_lanes(rounds));
    const lanes_f32 n = add_lanes(whole, set_lanes(-rounds));
    lanes_f32 r = fma_lanes(n, set_lanes(-ln2), y);
    r = fma_lanes(n, set_lanes(-ln2_rest), r);
    lanes_f32 sum = set_lanes(series[TERMS - 1]);
    UNROLL
    for (size_t i = TERMS - 1; i-- > 0;)
        sum = fma_lanes(sum, r, set_lanes(series[i]));
    return mul_lanes(sum, power_lanes(n));
}

FID_INLINE void block(float *v, const size_t lanes)
{
    const float edge = 87.0f; /* beyond, the result is 1 or below 2^-125 */
    const lanes_f32 one = set_lanes(1.0f);
    lanes_f32 y = mul_lanes(load_lanes(v, lanes), set_lanes(-1.0f));
    y = min_lanes(set_lanes(edge), max_lanes(set_lanes(-edge), y)); /* in this order NaN stays */
    const lanes_f32 e = exp_lanes(y);
    store_lanes(v, div_lanes(one, add_lanes(one, e)), lanes);
}

FID_INLINE void sigmoid_f32_lanes(size_t count, float *v)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        block(v + i, LANES);
    if (i < count)
        block(v + i, tail_lanes(count - i));
}

#endif
