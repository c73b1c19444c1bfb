/* conv_methods.h - the ways to compute a convolution. Each is a row of the table in conv.c. */
#ifndef FID_NN_OPS_CONV_METHODS_H
#define FID_NN_OPS_CONV_METHODS_H

#include "engine/nn/step.h"

struct fid_gemm;

struct fid_conv_method {
    const char *name;        /* printed, and selectable by fid_options.method */
    const char *kernel_slot; /* "" for plain C */
    const char *bytes_slot;  /* the same for bytes; NULL: it has none */
    bool needs_openblas;
    bool in_place;     /* the output may be written over the residual */
    size_t winograd_m; /* side of a Winograd method's tiles; else 0 */
    struct fid_gemm (*product)(const struct fid_step *step); /* of a method that is one */
    bool (*applies)(const struct fid_step *step);
    /* FILLS packed_bytes, scratch_bytes and shared_bytes. */
    void (*needs)(struct fid_step *step, const struct fid_plan_context *context);
    void (*prepare)(struct fid_step *step, const struct fid_plan_context *context);
    void (*run)(const struct fid_step *step, const struct fid_run *run);
};

extern const struct fid_conv_method fid_conv_gemm_1x1, fid_conv_im2col_gemm, fid_conv_indirect_gemm,
    fid_conv_rows_gemm, fid_conv_winograd_2x2, fid_conv_winograd_4x4, fid_conv_im2col_openblas,
    fid_conv_depthwise, fid_conv_direct;

/* The Winograd method that is cheaper than the direct ones and than the other, or NULL. */
const struct fid_conv_method *fid_conv_winograd_choose(const struct fid_step *step);

/* NULL when there is none of that name. */
const struct fid_conv_method *fid_conv_method_named(const char *name);
/* The i-th of the table, NULL past the end. */
const struct fid_conv_method *fid_conv_method_at(size_t i);

/* The tensors of a conv node. */
enum { FID_CONV_FILTER, FID_CONV_BIAS, FID_CONV_SLOPE };

/* NULL, or the residual's number `at`, of the input's type. */
static inline const void *fid_conv_residual(const struct fid_step *step, size_t at)
{
    return step->input_count > 1 ? fid_tensor_at(&step->inputs[1], at) : NULL;
}

#endif
