/* affine_f32_neon.c - slot affine_f32: out = post(in · scale + shift), four channels a vector.
 *
 * Bound by memory, so the absent scale or shift costs a branch that never changes its mind. Called
 * by the layers of engine/nn for a batch norm that nothing could fold and for lone activations. */
#include "kernels/neon/neon.h"
#include "kernels/neon/lanes_neon.h"

FID_INLINE void block(size_t x, size_t j, const size_t lanes, const float *in, const float *scale,
                      const float *shift, float *out, const struct fid_post_f32 *post)
{
    float32x4_t v = load_lanes(in + j, lanes);
    if (scale && shift)
        v = vfmaq_f32(load_lanes(shift + j, lanes), v, load_lanes(scale + j, lanes));
    else if (scale)
        v = vmulq_f32(v, load_lanes(scale + j, lanes));
    else if (shift)
        v = vaddq_f32(v, load_lanes(shift + j, lanes));
    store_lanes(out + j, post_lanes(v, x, j, lanes, post), lanes);
}

void fid_affine_f32_neon(size_t pixels, size_t channels, const float *in, const float *scale,
                         const float *shift, float *out, const struct fid_post_f32 *post)
{
    for (size_t x = 0; x < pixels; x++, in += channels, out += channels) {
        size_t j = 0;
        for (; j + LANES <= channels; j += LANES)
            block(x, j, LANES, in, scale, shift, out, post);
        if (j < channels)
            block(x, j, tail_lanes(channels - j), in, scale, shift, out, post);
    }
}
