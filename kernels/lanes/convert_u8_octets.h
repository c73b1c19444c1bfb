/* convert_u8_octets.h - slots to_u8 and from_u8 on ARM: numbers to the nearest bytes, and back.
 * Bound by memory. Called at the borders between f32 and bytes in a plan of engine/nn. */
#ifndef FID_KERNELS_CONVERT_U8_OCTETS_H
#define FID_KERNELS_CONVERT_U8_OCTETS_H

FID_INLINE void to_bytes(size_t j, const size_t n, const float *in, const float *inverse,
                         int32_t zero, uint8_t *out)
{
    const struct octet_f32 low = octet_of((float)-zero), high = octet_of((float)(255 - zero));
    const struct octet_f32 v = mul_octet(load_floats(in + j, n), load_floats(inverse + j, n));
    /* The first maximum makes a NaN the least, as everywhere; clamp_octet would keep it. */
    const struct octet_f32 number = {max_lanes(v.low, low.low), max_lanes(v.high, low.high)};
    store_octet(out + j, round_octet(clamp_octet(number, low, high), zero_octet(zero)), n);
}

FID_INLINE void to_u8_octets(size_t pixels, size_t channels, const float *in, const float *inverse,
                             int32_t zero, uint8_t *out)
{
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels) {
        size_t j = 0;
        for (; j + OCTET <= channels; j += OCTET)
            to_bytes(j, OCTET, in, inverse, zero, out);
        if (j < channels)
            to_bytes(j, tail_octet(channels - j), in, inverse, zero, out);
    }
}

FID_INLINE void from_bytes(size_t j, const size_t n, const uint8_t *in, const float *scale,
                           int32_t zero, float *out)
{
    const struct octet_f32 steps = widen_octet(load_octet(in + j, n), zero_octet(zero));
    store_floats(out + j, mul_octet(steps, load_floats(scale + j, n)), n);
}

FID_INLINE void from_u8_octets(size_t pixels, size_t channels, const uint8_t *in,
                               const float *scale, int32_t zero, float *out)
{
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels) {
        size_t j = 0;
        for (; j + OCTET <= channels; j += OCTET)
            from_bytes(j, OCTET, in, scale, zero, out);
        if (j < channels)
            from_bytes(j, tail_octet(channels - j), in, scale, zero, out);
    }
}

#endif
