/* post_octets.h - the end of the products of bytes on ARM: struct fid_post_s8 for eight columns at
 * a time. Included after octets.h. */
#ifndef FID_KERNELS_POST_OCTETS_H
#define FID_KERNELS_POST_OCTETS_H

/* What the rows of eight columns have in common. */
struct post_octet {
    struct octet_f32 scale, low, high, slope, residual;
    uint8x8_t zero, residual_zero;
};

/* Columns j.. of a block of `width`, whose vectors stand before its weights. */
FID_INLINE struct post_octet load_post_octet(const void *block, const size_t width, size_t j,
                                             const struct fid_post_s8 *post)
{
    const float *const at = (const float *)block + j;
    struct post_octet own = {.scale = load_floats(at + FID_S8_SCALE * width, OCTET),
                             .low = load_floats(at + FID_S8_LOW * width, OCTET),
                             .high = load_floats(at + FID_S8_HIGH * width, OCTET),
                             .zero = zero_octet(post->zero),
                             .residual_zero = zero_octet(post->residual_zero)};
    if (post->slope)
        own.slope = load_floats(at + FID_S8_SLOPE * width, OCTET);
    if (post->residual)
        own.residual = load_floats(at + FID_S8_RESIDUAL * width, OCTET);
    return own;
}

/* Stores n of eight sums at number `at` of out; residual: that of the first, if there is any. */
FID_INLINE void finish_octet(struct octet_s32 sum, const struct post_octet *own,
                             const struct fid_post_s8 *post, const uint8_t *residual, void *out,
                             size_t at, size_t n)
{
    struct octet_f32 v = mul_octet(float_octet(sum), own->scale);
    if (post->residual)
        v = add_octet(
            v, mul_octet(widen_octet(load_octet(residual, n), own->residual_zero), own->residual));
    if (post->slope)
        v = slope_octet(v, own->slope);
    v = clamp_octet(v, own->low, own->high);
    if (post->f32)
        store_floats((float *)out + at, add_octet(v, octet_of(0.0f)), n); /* -0 + 0 is 0 */
    else
        store_octet((uint8_t *)out + at, round_octet(v, own->zero), n);
}

/* A tile of m rows × n columns from sums in memory, `width` to a row: the tiles of all shapes of a
 * kernel end here, which keeps them small. */
FID_INLINE void finish_tile(size_t m, size_t n, const size_t width, const int32_t *sums,
                            const void *panel, void *c, size_t c_stride,
                            const struct fid_post_s8 *given)
{
    const struct fid_post_s8 copy = *given, *const post = &copy; /* which no store can change */
    for (size_t j = 0; j < n; j += OCTET) {
        const struct post_octet own = load_post_octet(panel, width, j, post);
        const size_t columns = min_size(OCTET, n - j);
        const uint8_t *residual = post->residual ? post->residual + j : NULL;
        for (size_t i = 0; i < m; i++) {
            const int32_t *const at = sums + i * width + j;
            const struct octet_s32 sum = {vld1q_s32(at), vld1q_s32(at + LANES)};
            finish_octet(sum, &own, post, residual, c, i * c_stride + j, columns);
            residual = residual ? residual + post->residual_stride : NULL;
        }
    }
}

#endif
