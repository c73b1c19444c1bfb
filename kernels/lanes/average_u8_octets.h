/* average_u8_octets.h - slot average_u8 on ARM: the mean of each channel of bytes as f32.
 *
 * Bytes are added in 16 bits as long as these cannot overflow, then in 32. Called by the pooling
 * layer of engine/nn. */
#ifndef FID_KERNELS_AVERAGE_U8_OCTETS_H
#define FID_KERNELS_AVERAGE_U8_OCTETS_H

enum { WORD_TAPS = 257 }; /* 257 · 255 is the most that 16 bits hold */

FID_INLINE void octet(size_t taps, const uint8_t *const *in, size_t j, const size_t n,
                      int32_t shift, float scale, float *out)
{
    uint32x4_t low = vdupq_n_u32((uint32_t)shift), high = low;
    for (size_t t = 0; t < taps;) {
        const size_t end = min_size(t + WORD_TAPS, taps);
        uint16x8_t words = vdupq_n_u16(0);
        for (; t < end; t++)
            words = vaddw_u8(words, vld1_u8(in[t] + j));
        low = vaddw_u16(low, vget_low_u16(words));
        high = vaddw_u16(high, vget_high_u16(words));
    }
    const struct octet_s32 sum = {vreinterpretq_s32_u32(low), vreinterpretq_s32_u32(high)};
    store_floats(out + j, mul_octet(float_octet(sum), octet_of(scale)), n);
}

FID_INLINE void average_u8_octets(size_t channels, size_t taps, const uint8_t *const *in,
                                  int32_t zero, float scale, float *out)
{
    const int32_t shift = -(int32_t)taps * zero;
    for (size_t j = 0; j < channels; j += OCTET)
        octet(taps, in, j, min_size(OCTET, channels - j), shift, scale, out);
}

#endif
