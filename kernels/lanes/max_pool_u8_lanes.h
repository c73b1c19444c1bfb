/* max_pool_u8_lanes.h - slot max_pool_u8: a vector of bytes at a time. Called by the pooling layer
 * of engine/nn. */
#ifndef FID_KERNELS_MAX_POOL_U8_LANES_H
#define FID_KERNELS_MAX_POOL_U8_LANES_H

FID_INLINE void max_pool_u8_lanes(size_t pixels, size_t channels, size_t taps,
                                  const uint8_t *const *in, size_t in_step, uint8_t *out,
                                  size_t out_stride)
{
    for (size_t x = 0; x < pixels; x++, in += in_step, out += out_stride)
        for (size_t j = 0; j < channels; j += BYTES) {
            lanes_s32 most = load_bytes(in[0] + j);
            for (size_t t = 1; t < taps; t++)
                most = max_bytes(most, load_bytes(in[t] + j));
            store_bytes(out + j, most, min_size(channels - j, BYTES));
        }
}

#endif
