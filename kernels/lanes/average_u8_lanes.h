/* average_u8_lanes.h - slot average_u8: out = (Σ taps in - taps · zero) · scale, in integers up to
 * the product. Called by the pooling layer of engine/nn. */
#ifndef FID_KERNELS_AVERAGE_U8_LANES_H
#define FID_KERNELS_AVERAGE_U8_LANES_H

/* All of `vectors` vectors are read, for 63 bytes more may be. */
FID_INLINE void block(const size_t vectors, size_t channels, size_t taps, const uint8_t *const *in,
                      int32_t start, float scale, float *out, size_t j)
{
    lanes_s32 sum[VECTORS_MOST];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        sum[v] = set_s32(start);
    for (size_t t = 0; t < taps; t++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[v] = add_s32(sum[v], widen_bytes(in[t] + j + v * LANES, LANES));
    }
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        store_lanes(out + j + v * LANES, mul_lanes(float_lanes(sum[v]), set_lanes(scale)),
                    lanes_in(channels - j, v));
}

FID_INLINE void average_u8_lanes(size_t channels, size_t taps, const uint8_t *const *in,
                                 int32_t zero, float scale, float *out)
{
    const int32_t start = -(int32_t)taps * zero;
    size_t j = 0;
    for (; j + BYTES <= channels; j += BYTES)
        block(VECTORS_MOST, channels, taps, in, start, scale, out, j);
    for (; j < channels; j += LANES)
        block(1, channels, taps, in, start, scale, out, j);
}

#endif
