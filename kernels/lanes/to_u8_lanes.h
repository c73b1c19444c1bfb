/* to_u8_lanes.h - slot to_u8: numbers to the nearest bytes. Called where a plan of engine/nn goes
 * from f32 to bytes. */
#ifndef FID_KERNELS_TO_U8_LANES_H
#define FID_KERNELS_TO_U8_LANES_H

FID_INLINE lanes_s32 nearest_of(const float *in, const float *inverse, size_t lanes,
                                lanes_f32 least, lanes_f32 most)
{
    const lanes_f32 v = mul_lanes(load_lanes(in, lanes), load_lanes(inverse, lanes));
    return nearest_lanes(clamp_lanes(v, least, most));
}

FID_INLINE void to_u8_lanes(size_t pixels, size_t channels, const float *in, const float *inverse,
                            int32_t zero, uint8_t *out)
{
    const lanes_f32 least = set_lanes((float)-zero), most = set_lanes((float)(255 - zero));
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels) {
        size_t j = 0;
        for (; j + BYTES <= channels; j += BYTES) {
            lanes_s32 whole[VECTORS_MOST];
            UNROLL
            for (size_t v = 0; v < VECTORS_MOST; v++)
                whole[v] =
                    nearest_of(in + j + v * LANES, inverse + j + v * LANES, LANES, least, most);
            store_narrow(out + j, whole, VECTORS_MOST, zero, BYTES);
        }
        for (; j < channels; j += LANES) {
            const size_t lanes = min_size(channels - j, LANES);
            const lanes_s32 whole = nearest_of(in + j, inverse + j, lanes, least, most);
            store_narrow(out + j, &whole, 1, zero, lanes);
        }
    }
}

#endif
