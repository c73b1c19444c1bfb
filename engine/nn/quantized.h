/* quantized.h - values of bytes: which layers take them, and the vectors that
 * their kernels want. */
#ifndef FID_NN_QUANTIZED_H
#define FID_NN_QUANTIZED_H

#include "engine/nn/step.h"

/* Bytes that a kernel may read behind a row of bytes (kernels.h, gemm_s8), rounded up. */
#define FID_READ_AHEAD_BYTES ((size_t)64)

/* Which types a layer kind takes, as FORMAT.md has them. */
enum fid_types {
    FID_TYPES_F32,     /* f32 alone */
    FID_TYPES_PRODUCT, /* a filter of any type with f32, one of s8 with bytes */
    FID_TYPES_SUM,     /* f32 alone, or bytes alone */
    FID_TYPES_SAME,    /* f32 alone, or bytes of one scale, the same in and out */
    FID_TYPES_AVERAGE, /* f32 out; f32 in, or bytes of one scale */
    FID_TYPES_CONVERT  /* f32 in and bytes out, or the other way */
};

static inline bool fid_is_bytes(const struct fid_tensor *tensor)
{
    return tensor->quantized != NULL;
}

/* Is there an end of a sum with bytes out that has the node's activation? */
static inline bool fid_acts_on_bytes(const struct fid_file_node *node)
{
    return node->activation <= FID_ACT_PRELU;
}

static inline int32_t fid_zero_point(const struct fid_tensor *tensor)
{
    return (int32_t)tensor->quantized[0];
}

static inline float fid_channel_scale(const struct fid_tensor *tensor, size_t channel)
{
    return tensor->quantized[tensor->quantized_count > 2 ? 1 + channel : 1];
}

/* Checks the types of the step's values and tensors, whose shapes are known. FID_INVALID. */
enum fid_status fid_step_check_types(const struct fid_step *step, struct fid_error *error);

/* The vectors behind the packed weights of a step on bytes (struct fid_columns_s8), and one pixel
 * of its input's zero for the padding: bytes, a multiple of 64. */
uint64_t fid_columns_s8_bytes(const struct fid_step *step);
/* FILLS memory of that size, aligned to 4, from the step's tensors (filter, bias, slope) and
 * scales; columns gets the pointers into it. */
void fid_columns_s8_fill(const struct fid_step *step, void *memory, struct fid_columns_s8 *columns);
/* The pixel in it. */
const void *fid_columns_s8_pad(const struct fid_step *step);

/* The limits of a clamp, and of bytes where the output is such, in steps of channel j. */
struct fid_range {
    float low, high;
};
struct fid_range fid_step_range(const struct fid_step *step, size_t j);

/* What the kernels want to know of the step itself; without a residual. */
struct fid_post_s8 fid_step_post_s8(const struct fid_step *step);

#endif
