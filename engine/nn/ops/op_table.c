/* op_table.c - one row a layer kind. */
#include "engine/nn/ops/ops.h"

static const struct fid_op *const op_table[FID_OP_END] = {
    [FID_OP_CONV] = &fid_op_conv,
    [FID_OP_MAX_POOL] = &fid_op_max_pool,
    [FID_OP_AVERAGE_POOL] = &fid_op_average_pool,
    [FID_OP_GLOBAL_AVERAGE_POOL] = &fid_op_global_average_pool,
    [FID_OP_FULLY_CONNECTED] = &fid_op_fully_connected,
    [FID_OP_ADD] = &fid_op_add,
    [FID_OP_MULTIPLY] = &fid_op_multiply,
    [FID_OP_CONCAT] = &fid_op_concat,
    [FID_OP_ACTIVATION] = &fid_op_activation,
    [FID_OP_SOFTMAX] = &fid_op_softmax,
    [FID_OP_RESHAPE] = &fid_op_reshape,
    [FID_OP_TRANSPOSE] = &fid_op_transpose,
    [FID_OP_RESIZE_NEAREST] = &fid_op_resize_nearest,
    [FID_OP_AFFINE] = &fid_op_affine,
    [FID_OP_LAYER_NORM] = &fid_op_layer_norm,
    [FID_OP_L2_NORMALIZE] = &fid_op_l2_normalize,
    [FID_OP_MATMUL] = &fid_op_matmul,
    [FID_OP_RESIZE_BILINEAR] = &fid_op_resize_bilinear,
    [FID_OP_SLICE] = &fid_op_slice,
    [FID_OP_CONVERT] = &fid_op_convert,
};

const struct fid_op *fid_op_of(unsigned kind)
{
    return kind < FID_OP_END ? op_table[kind] : NULL;
}
