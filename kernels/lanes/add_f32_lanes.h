/* add_f32_lanes.h - slot add_f32: out = post(a + b). Bound by memory.
 * Called by the layer of engine/nn that joins two branches and could not be folded into a
 * convolution. */
#ifndef FID_KERNELS_ADD_F32_LANES_H
#define FID_KERNELS_ADD_F32_LANES_H

FID_INLINE void block(size_t x, size_t j, const size_t lanes, const float *a, const float *b,
                      float *out, const struct lanes_post *post)
{
    const lanes_f32 sum = add_lanes(load_lanes(a + j, lanes), load_lanes(b + j, lanes));
    store_lanes(out + j, post_lanes(sum, x, j, lanes, post), lanes);
}

FID_INLINE void add_f32_lanes(size_t pixels, size_t channels, const float *a, const float *b,
                              float *out, const struct fid_post_f32 *post)
{
    const struct lanes_post own = load_post(post);
    for (size_t x = 0; x < pixels; x++, a += channels, b += channels, out += channels) {
        size_t j = 0;
        for (; j + LANES <= channels; j += LANES)
            block(x, j, LANES, a, b, out, &own);
        if (j < channels)
            block(x, j, tail_lanes(channels - j), a, b, out, &own);
    }
}

#endif
