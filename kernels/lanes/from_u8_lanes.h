/* from_u8_lanes.h - slot from_u8: bytes to the numbers that they stand for. Called where a plan of
 * engine/nn goes from bytes to f32. */
#ifndef FID_KERNELS_FROM_U8_LANES_H
#define FID_KERNELS_FROM_U8_LANES_H

FID_INLINE void from_u8_lanes(size_t pixels, size_t channels, const uint8_t *in, const float *scale,
                              int32_t zero, float *out)
{
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels)
        for (size_t j = 0; j < channels; j += LANES) {
            const size_t lanes = min_size(channels - j, LANES);
            const lanes_s32 whole = sub_s32(widen_bytes(in + j, lanes), set_s32(zero));
            store_lanes(out + j, mul_lanes(float_lanes(whole), load_lanes(scale + j, lanes)),
                        lanes);
        }
}

#endif
