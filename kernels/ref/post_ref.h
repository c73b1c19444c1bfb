/* post_ref.h - what happens to a sum before it is stored (struct fid_post_f32), one number at a
 * time. The clamp is written so that a NaN becomes `min`, as x86's maxps does. */
#ifndef FID_KERNELS_REF_POST_H
#define FID_KERNELS_REF_POST_H

#include "kernels/kernels.h"

static inline float fid_clamp_ref(float v, float min, float max)
{
    v = v > min ? v : min;
    return v < max ? v : max;
}

/* v is the sum of row i, column j of the tile. */
static inline float fid_post_ref(float v, size_t i, size_t j, const struct fid_post_f32 *post)
{
    if (post->residual)
        v += post->residual[i * post->residual_stride + j];
    if (post->slope)
        v = v < 0.0f ? post->slope[j] * v : v;
    return fid_clamp_ref(v, post->min, post->max);
}

#endif
