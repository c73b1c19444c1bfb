/* octets.h - eight bytes at a time with the vectors of 32-bit and 64-bit ARM: what the kernels for
 * bytes in neon/ and neon32/ share. Included after the folder's lanes_<isa>.h.
 *
 * n is the number of bytes or floats that there are, OCTET in the body of a row and fewer in its
 * tail; nothing past them is read or written. Numbers are finite, so that the minimum and maximum
 * of the instruction set do, and 32-bit NEON meets no denormals but in what rounds to zero. */
#ifndef FID_KERNELS_OCTETS_H
#define FID_KERNELS_OCTETS_H

enum { OCTET = 2 * LANES };

/* Eight numbers. */
struct octet_s32 {
    int32x4_t low, high;
};
struct octet_f32 {
    lanes_f32 low, high;
};

FID_INLINE size_t tail_octet(size_t n)
{
    return tail_of(OCTET, n);
}

/* The tails are moved by hand: a call of memcpy would clear the vector registers of the body. */
FID_INLINE uint8x8_t load_octet(const uint8_t *p, size_t n)
{
    if (n >= OCTET)
        return vld1_u8(p);
    uint64_t bytes = 0;
    for (size_t i = n; i > 0; i--)
        bytes = bytes << 8 | p[i - 1];
    return vcreate_u8(bytes);
}

FID_INLINE void store_octet(uint8_t *p, uint8x8_t v, size_t n)
{
    if (n >= OCTET) {
        vst1_u8(p, v);
        return;
    }
    uint64_t bytes = vget_lane_u64(vreinterpret_u64_u8(v), 0);
    for (size_t i = 0; i < n; i++, bytes >>= 8)
        p[i] = (uint8_t)bytes;
}

FID_INLINE struct octet_f32 load_floats(const float *p, size_t n)
{
    const lanes_f32 low = load_lanes(p, min_size(n, LANES));
    return (struct octet_f32){low, n > LANES ? load_lanes(p + LANES, min_size(n - LANES, LANES))
                                             : set_lanes(0.0f)};
}

FID_INLINE void store_floats(float *p, struct octet_f32 v, size_t n)
{
    store_lanes(p, v.low, min_size(n, LANES));
    if (n > LANES)
        store_lanes(p + LANES, v.high, min_size(n - LANES, LANES));
}

FID_INLINE struct octet_f32 octet_of(float x)
{
    return (struct octet_f32){set_lanes(x), set_lanes(x)};
}

FID_INLINE struct octet_f32 mul_octet(struct octet_f32 a, struct octet_f32 b)
{
    return (struct octet_f32){vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)};
}

FID_INLINE struct octet_f32 add_octet(struct octet_f32 a, struct octet_f32 b)
{
    return (struct octet_f32){vaddq_f32(a.low, b.low), vaddq_f32(a.high, b.high)};
}

/* v < 0 ? slope · v : v */
FID_INLINE struct octet_f32 slope_octet(struct octet_f32 v, struct octet_f32 slope)
{
    const struct octet_f32 steep = mul_octet(slope, v);
    return (struct octet_f32){negative_lanes(v.low, steep.low), negative_lanes(v.high, steep.high)};
}

FID_INLINE struct octet_f32 clamp_octet(struct octet_f32 v, struct octet_f32 low,
                                        struct octet_f32 high)
{
    return (struct octet_f32){vminq_f32(vmaxq_f32(v.low, low.low), high.low),
                              vminq_f32(vmaxq_f32(v.high, low.high), high.high)};
}

FID_INLINE struct octet_f32 float_octet(struct octet_s32 v)
{
    return (struct octet_f32){vcvtq_f32_s32(v.low), vcvtq_f32_s32(v.high)};
}

/* (float)(byte - zero) */
FID_INLINE struct octet_f32 widen_octet(uint8x8_t bytes, uint8x8_t zero)
{
    const int16x8_t steps = vreinterpretq_s16_u16(vsubl_u8(bytes, zero));
    return float_octet(
        (struct octet_s32){vmovl_s16(vget_low_s16(steps)), vmovl_s16(vget_high_s16(steps))});
}

/* zero + v to the nearest integer, halves to even, for |v| ≤ 255: next to 1.5 · 2^23 the floats are
 * the integers, and their last byte is that of the integer. */
FID_INLINE uint8x8_t round_octet(struct octet_f32 v, uint8x8_t zero)
{
    const struct octet_f32 whole = add_octet(v, octet_of(12582912.0f));
    const uint16x8_t words = vcombine_u16(vmovn_u32(vreinterpretq_u32_f32(whole.low)),
                                          vmovn_u32(vreinterpretq_u32_f32(whole.high)));
    return vadd_u8(vmovn_u16(words), zero);
}

FID_INLINE uint8x8_t zero_octet(int32_t zero)
{
    return vdup_n_u8((uint8_t)zero);
}

#endif
