/* max_pool_u8_octets.h - slot max_pool_u8 on ARM: the largest byte over the taps, sixteen or eight
 * channels at a time. The taps of a window are pointers; the kernel runs at the speed of the loads.
 * Called by the pooling layer of engine/nn. */
#ifndef FID_KERNELS_MAX_POOL_U8_OCTETS_H
#define FID_KERNELS_MAX_POOL_U8_OCTETS_H

FID_INLINE void octet(size_t taps, const uint8_t *const *in, size_t j, size_t n, uint8_t *out)
{
    uint8x8_t best = vld1_u8(in[0] + j);
    for (size_t t = 1; t < taps; t++)
        best = vmax_u8(best, vld1_u8(in[t] + j));
    store_octet(out + j, best, n);
}

FID_INLINE void two_octets(size_t taps, const uint8_t *const *in, size_t j, uint8_t *out)
{
    uint8x16_t best = vld1q_u8(in[0] + j);
    for (size_t t = 1; t < taps; t++)
        best = vmaxq_u8(best, vld1q_u8(in[t] + j));
    vst1q_u8(out + j, best);
}

FID_INLINE void max_pool_u8_octets(size_t pixels, size_t channels, size_t taps,
                                   const uint8_t *const *in, size_t in_step, uint8_t *out,
                                   size_t out_stride)
{
    for (size_t x = 0; x < pixels; x++, in += in_step, out += out_stride) {
        size_t j = 0;
        for (; j + 2 * OCTET <= channels; j += 2 * OCTET)
            two_octets(taps, in, j, out);
        for (; j < channels; j += OCTET)
            octet(taps, in, j, min_size(OCTET, channels - j), out);
    }
}

#endif
