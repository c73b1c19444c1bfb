/* affine_f32_avx2.c - slot affine_f32: out = post(in · scale + shift), eight channels a vector.
 *
 * Bound by memory, so the absent scale or shift costs a branch that never changes its mind. Called
 * by the layers of engine/nn for a batch norm that nothing could fold and for lone activations. */
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/lanes_avx2.h"

FID_INLINE void block(size_t x, size_t j, const size_t lanes, const float *in, const float *scale,
                      const float *shift, float *out, const struct fid_post_f32 *post)
{
    __m256 v = load_lanes(in + j, lanes);
    if (scale && shift)
        v = _mm256_fmadd_ps(v, load_lanes(scale + j, lanes), load_lanes(shift + j, lanes));
    else if (scale)
        v = _mm256_mul_ps(v, load_lanes(scale + j, lanes));
    else if (shift)
        v = _mm256_add_ps(v, load_lanes(shift + j, lanes));
    store_lanes(out + j, post_lanes(v, x, j, lanes, post), lanes);
}

void fid_affine_f32_avx2(size_t pixels, size_t channels, const float *in, const float *scale,
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
