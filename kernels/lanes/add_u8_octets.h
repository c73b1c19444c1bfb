/* add_u8_octets.h - slot add_u8 on ARM: the sum of two values of bytes, in steps of the
 * output. Called by the layer of engine/nn that joins two branches and could not be folded
 * into a convolution. */
#ifndef FID_KERNELS_ADD_U8_OCTETS_H
#define FID_KERNELS_ADD_U8_OCTETS_H

FID_INLINE void block(size_t j, const size_t n, const uint8_t *a, const uint8_t *b, uint8_t *out,
                      const struct fid_add_u8 *how)
{
    const struct octet_f32 left = widen_octet(load_octet(a + j, n), zero_octet(how->a_zero));
    const struct octet_f32 right = widen_octet(load_octet(b + j, n), zero_octet(how->b_zero));
    struct octet_f32 v = add_octet(mul_octet(left, load_floats(how->a_scale + j, n)),
                                   mul_octet(right, load_floats(how->b_scale + j, n)));
    if (how->slope)
        v = slope_octet(v, load_floats(how->slope + j, n));
    v = clamp_octet(v, load_floats(how->low + j, n), load_floats(how->high + j, n));
    store_octet(out + j, round_octet(v, zero_octet(how->zero)), n);
}

FID_INLINE void add_u8_octets(size_t pixels, size_t channels, const uint8_t *a, const uint8_t *b,
                              uint8_t *out, const struct fid_add_u8 *how)
{
    const struct fid_add_u8 own = *how; /* what is stored could be it, for all the compiler knows */
    for (size_t x = 0; x < pixels; x++, a += channels, b += channels, out += channels) {
        size_t j = 0;
        for (; j + OCTET <= channels; j += OCTET)
            block(j, OCTET, a, b, out, &own);
        if (j < channels)
            block(j, tail_octet(channels - j), a, b, out, &own);
    }
}

#endif
