/* ops.h - the layer kinds of weights/FORMAT.md, one file each; op_table.c lists them. */
#ifndef FID_NN_OPS_OPS_H
#define FID_NN_OPS_OPS_H

#include "engine/nn/step.h"

extern const struct fid_op fid_op_conv, fid_op_max_pool, fid_op_average_pool,
    fid_op_global_average_pool, fid_op_fully_connected, fid_op_add, fid_op_multiply, fid_op_concat,
    fid_op_activation, fid_op_softmax, fid_op_reshape, fid_op_transpose, fid_op_resize_nearest,
    fid_op_affine, fid_op_layer_norm, fid_op_l2_normalize, fid_op_matmul, fid_op_resize_bilinear,
    fid_op_slice, fid_op_convert;

/* The op of a kind, NULL when there is none. */
const struct fid_op *fid_op_of(unsigned kind);

#endif
