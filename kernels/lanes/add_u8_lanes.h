/* add_u8_lanes.h - slot add_u8: the sum of two values in steps of a third. Called by the layer of
 * engine/nn that joins two branches and could not be folded into a convolution. */
#ifndef FID_KERNELS_ADD_U8_LANES_H
#define FID_KERNELS_ADD_U8_LANES_H

FID_INLINE lanes_f32 steps(const uint8_t *bytes, const float *scale, int32_t zero, size_t lanes)
{
    const lanes_f32 whole = float_lanes(sub_s32(widen_bytes(bytes, lanes), set_s32(zero)));
    return mul_lanes(whole, load_lanes(scale, lanes));
}

FID_INLINE lanes_s32 sum_of(const uint8_t *a, const uint8_t *b, size_t j, size_t lanes,
                            const struct fid_add_u8 *how)
{
    lanes_f32 v = add_lanes(steps(a + j, how->a_scale + j, how->a_zero, lanes),
                            steps(b + j, how->b_scale + j, how->b_zero, lanes));
    if (how->slope)
        v = negative_lanes(v, mul_lanes(v, load_lanes(how->slope + j, lanes)));
    return nearest_lanes(
        clamp_lanes(v, load_lanes(how->low + j, lanes), load_lanes(how->high + j, lanes)));
}

FID_INLINE void add_u8_lanes(size_t pixels, size_t channels, const uint8_t *a, const uint8_t *b,
                             uint8_t *out, const struct fid_add_u8 *how)
{
    const struct fid_add_u8 own = *how; /* what is stored could be it, for a compiler */
    for (size_t x = 0; x < pixels; x++, a += channels, b += channels, out += channels) {
        size_t j = 0;
        for (; j + BYTES <= channels; j += BYTES) {
            lanes_s32 sum[VECTORS_MOST];
            UNROLL
            for (size_t v = 0; v < VECTORS_MOST; v++)
                sum[v] = sum_of(a, b, j + v * LANES, LANES, &own);
            store_narrow(out + j, sum, VECTORS_MOST, own.zero, BYTES);
        }
        for (; j < channels; j += LANES) {
            const size_t lanes = min_size(channels - j, LANES);
            const lanes_s32 sum = sum_of(a, b, j, lanes, &own);
            store_narrow(out + j, &sum, 1, own.zero, lanes);
        }
    }
}

#endif
