/* affine_f32_lanes.h - slot affine_f32: out = post(in · scale + shift).
 *
 * Bound by memory, so the absent scale or shift costs a branch that never changes its mind. Called
 * by the layers of engine/nn for a batch norm that nothing could fold and for lone activations. */
#ifndef FID_KERNELS_AFFINE_F32_LANES_H
#define FID_KERNELS_AFFINE_F32_LANES_H

FID_INLINE void block(size_t x, size_t j, const size_t lanes, const float *in, const float *scale,
                      const float *shift, float *out, const struct lanes_post *post)
{
    lanes_f32 v = load_lanes(in + j, lanes);
    if (scale && shift)
        v = fma_lanes(v, load_lanes(scale + j, lanes), load_lanes(shift + j, lanes));
    else if (scale)
        v = mul_lanes(v, load_lanes(scale + j, lanes));
    else if (shift)
        v = add_lanes(v, load_lanes(shift + j, lanes));
    store_lanes(out + j, post_lanes(v, x, j, lanes, post), lanes);
}

FID_INLINE void affine_f32_lanes(size_t pixels, size_t channels, const float *in,
                                 const float *scale, const float *shift, float *out,
                                 const struct fid_post_f32 *post)
{
    const struct lanes_post own = load_post(post);
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels) {
        size_t j = 0;
        for (; j + LANES <= channels; j += LANES)
            block(x, j, LANES, in, scale, shift, out, &own);
        if (j < channels)
            block(x, j, tail_lanes(channels - j), in, scale, shift, out, &own);
    }
}

#endif
