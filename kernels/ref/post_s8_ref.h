/* post_s8_ref.h - what happens to a sum of bytes' products (struct fid_post_s8), one number at a
 * time, and the rounding of the other slots for bytes. */
#ifndef FID_KERNELS_REF_POST_S8_H
#define FID_KERNELS_REF_POST_S8_H

#include "kernels/kernels.h"
#include "kernels/ref/post_ref.h"

#include <string.h>

/* zero + v to the nearest integer, halves to even, for |v| ≤ 255: next to 1.5 · 2^23 the floats are
 * the integers. Another v, from packed weights of any bits, gives some byte. */
static inline uint8_t fid_byte_ref(float v, int32_t zero)
{
    const float whole = 12582912.0f, most = 255.0f;
    return (uint8_t)((int32_t)((fid_clamp_ref(v, -most, most) + whole) - whole) + zero);
}

/* Number j of a vector in front of packed weights, `width` columns wide. A bias is unsigned, as the
 * sum that begins with it: packed weights of any bits may let it wrap. */
static inline uint32_t fid_bias_ref(const void *packed, size_t j)
{
    uint32_t bias;
    memcpy(&bias, (const char *)packed + j * sizeof bias, sizeof bias);
    return bias;
}

static inline float fid_vector_ref(const void *packed, size_t width, size_t row, size_t j)
{
    float number;
    memcpy(&number, (const char *)packed + (row * width + j) * sizeof number, sizeof number);
    return number;
}

/* Stores sum as number j of row i at out[at]; vectors: those of the block, `width` wide. */
static inline void fid_post_s8_ref(uint32_t sum, size_t i, size_t j, size_t residual_column,
                                   const void *vectors, size_t width, void *out, size_t at,
                                   const struct fid_post_s8 *post)
{
    float v = (float)(int32_t)sum * fid_vector_ref(vectors, width, FID_S8_SCALE, j);
    if (post->residual) {
        const int32_t byte = post->residual[i * post->residual_stride + residual_column];
        v += (float)(byte - post->residual_zero) *
             fid_vector_ref(vectors, width, FID_S8_RESIDUAL, j);
    }
    if (post->slope)
        v = v < 0.0f ? fid_vector_ref(vectors, width, FID_S8_SLOPE, j) * v : v;
    v = fid_clamp_ref(v, fid_vector_ref(vectors, width, FID_S8_LOW, j),
                      fid_vector_ref(vectors, width, FID_S8_HIGH, j));
    if (post->f32)
        ((float *)out)[at] = v + 0.0f;
    else
        ((uint8_t *)out)[at] = fid_byte_ref(v, post->zero);
}

#endif
