/* weight_node.c - one node of a graph: which fields its operator uses, and what it refers to. */
#include "weights/weight_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {                            /* groups of fields that an operator uses; the others are zero */
       USES_WINDOW = 1 << 0,      /* kernel, stride, pad */
       USES_CONV = 1 << 1,        /* dilation, groups */
       USES_ACTIVATION = 1 << 2,  /* any, or none */
       NEEDS_ACTIVATION = 1 << 3, /* any but none */
       USES_AXIS = 1 << 4,
       USES_SCALE = 1 << 5,
       USES_SHAPE = 1 << 6,
       USES_EPSILON = 1 << 7,
       USES_MODE = 1 << 8
};

/* The table of operators in FORMAT.md; tensors without PReLU's slope. */
static const struct {
    uint32_t least_inputs, most_inputs, tensors;
    unsigned uses;
} op_rules[FID_OP_END] = {
    [FID_OP_CONV] = {1, 2, 2, USES_WINDOW | USES_CONV | USES_ACTIVATION},
    [FID_OP_MAX_POOL] = {1, 1, 0, USES_WINDOW},
    [FID_OP_AVERAGE_POOL] = {1, 1, 0, USES_WINDOW},
    [FID_OP_GLOBAL_AVERAGE_POOL] = {1, 1, 0, 0},
    [FID_OP_FULLY_CONNECTED] = {1, 1, 2, USES_ACTIVATION},
    [FID_OP_ADD] = {2, 2, 0, USES_ACTIVATION},
    [FID_OP_MULTIPLY] = {2, 2, 0, USES_ACTIVATION},
    [FID_OP_CONCAT] = {2, FID_LIMIT_RECORDS, 0, USES_AXIS},
    [FID_OP_ACTIVATION] = {1, 1, 0, USES_ACTIVATION | NEEDS_ACTIVATION},
    [FID_OP_SOFTMAX] = {1, 1, 0, USES_AXIS},
    [FID_OP_RESHAPE] = {1, 1, 0, USES_SHAPE},
    [FID_OP_TRANSPOSE] = {1, 1, 0, USES_SHAPE},
    [FID_OP_RESIZE_NEAREST] = {1, 1, 0, USES_SCALE},
    [FID_OP_AFFINE] = {1, 1, 2, USES_ACTIVATION},
    [FID_OP_LAYER_NORM] = {1, 1, 2, USES_EPSILON},
    [FID_OP_L2_NORMALIZE] = {1, 1, 0, USES_EPSILON},
    [FID_OP_MATMUL] = {2, 2, 0, USES_AXIS},
    [FID_OP_RESIZE_BILINEAR] = {1, 1, 0, USES_SCALE | USES_SHAPE | USES_MODE},
    [FID_OP_SLICE] = {1, 1, 0, USES_AXIS | USES_SHAPE},
    [FID_OP_CONVERT] = {1, 1, 0, 0},
};

static bool in_range(int32_t value, int32_t least, int32_t most)
{
    return least <= value && value <= most;
}

static bool window_is_valid(const struct fid_file_node *node, unsigned uses)
{
    const int32_t kernel[] = {node->kernel_h, node->kernel_w};
    const int32_t stride[] = {node->stride_h, node->stride_w};
    const int32_t pad[] = {node->pad_top, node->pad_left, node->pad_bottom, node->pad_right};
    const bool used = (uses & USES_WINDOW) != 0;
    const int32_t pad_limit =
        used && node->pad_mode != FID_PAD_SAME ? FID_LIMIT_PAD : 0; /* "same" computes them */
    for (size_t i = 0; i < 2; i++)
        if (!in_range(kernel[i], used, used ? FID_LIMIT_KERNEL : 0) ||
            !in_range(stride[i], used, used ? FID_LIMIT_STRIDE : 0))
            return false;
    for (size_t i = 0; i < 4; i++)
        if (!in_range(pad[i], 0, pad_limit))
            return false;
    return in_range(node->pad_mode, 0, used ? FID_PAD_END - 1 : 0);
}

static bool dilation_is_valid(const struct fid_file_node *node, unsigned uses)
{
    const bool used = (uses & USES_CONV) != 0;
    const int32_t limit = used ? FID_LIMIT_DILATION : 0;
    return in_range(node->dilation_h, used, limit) && in_range(node->dilation_w, used, limit) &&
           in_range(node->groups, used, used ? FID_LIMIT_DIM : 0);
}

static bool activation_is_valid(const struct fid_file_node *node, unsigned uses)
{
    if ((uses & USES_ACTIVATION) == 0 && node->activation != FID_ACT_NONE)
        return false;
    if ((uses & NEEDS_ACTIVATION) != 0 && node->activation == FID_ACT_NONE)
        return false;
    if (node->activation >= FID_ACT_END)
        return false;
    if (node->activation == FID_ACT_CLAMP) /* false for NaN as well */
        return node->act_min <= node->act_max && node->act_min < INFINITY &&
               node->act_max > -INFINITY;
    return fid_weight_all_zero(&node->act_min, sizeof node->act_min) &&
           fid_weight_all_zero(&node->act_max, sizeof node->act_max);
}

static bool axis_is_valid(const struct fid_file_node *node)
{
    switch (node->op) {
    case FID_OP_CONCAT:
    case FID_OP_SLICE:
        return in_range(node->axis, 1, 3);
    case FID_OP_MATMUL:
        return in_range(node->axis, 2, 3);
    case FID_OP_SOFTMAX:
        return node->axis == 3;
    default:
        return node->axis == 0;
    }
}

/* A bilinear resize by no factor has its size in shape. */
static bool scale_is_valid(const struct fid_file_node *node, unsigned uses)
{
    if ((uses & USES_SCALE) == 0 || (node->op == FID_OP_RESIZE_BILINEAR && node->shape[1] != 0))
        return node->scale == 0;
    return in_range(node->scale, 2, FID_LIMIT_SCALE);
}

static bool shape_is_valid(const struct fid_file_node *node)
{
    int unknown = 0;
    unsigned axes = 0;
    if (node->op == FID_OP_SLICE || (node->op == FID_OP_RESIZE_BILINEAR && node->scale == 0))
        return node->shape[0] == 0 && node->shape[3] == 0 &&
               in_range(node->shape[1], node->op != FID_OP_SLICE, FID_LIMIT_DIM) &&
               in_range(node->shape[2], 1, FID_LIMIT_DIM);
    if (node->op != FID_OP_RESHAPE && node->op != FID_OP_TRANSPOSE)
        return fid_weight_all_zero(node->shape, sizeof node->shape);
    for (size_t i = 1; i < 4; i++) {
        int32_t dim = node->shape[i];
        unknown += dim == -1;
        if (dim != -1 && !in_range(dim, 1, FID_LIMIT_DIM))
            return false;
        if (in_range(dim, 1, 3))
            axes |= 1u << dim;
    }
    if (node->op == FID_OP_TRANSPOSE && axes != 0xEu) /* each of 1, 2, 3 */
        return false;
    return node->shape[0] == 0 && unknown <= 1;
}

/* false for NaN as well */
static bool epsilon_is_valid(const struct fid_file_node *node, unsigned uses)
{
    if ((uses & USES_EPSILON) == 0)
        return fid_weight_all_zero(&node->epsilon, sizeof node->epsilon);
    return node->epsilon >= 0 && node->epsilon < INFINITY;
}

/* The name of the first group of fields that breaks the format, or NULL. */
static const char *wrong_field(const struct fid_file_node *node)
{
    const unsigned uses = op_rules[node->op].uses;
    if (!activation_is_valid(node, uses))
        return "activation";
    if (!window_is_valid(node, uses))
        return "kernel, stride or pad";
    if (!dilation_is_valid(node, uses))
        return "dilation or groups";
    if (!axis_is_valid(node))
        return "axis";
    if (!scale_is_valid(node, uses))
        return "scale";
    if (!shape_is_valid(node))
        return "shape";
    if (!epsilon_is_valid(node, uses))
        return "epsilon";
    if (!in_range(node->mode, 0, (uses & USES_MODE) != 0 ? FID_RESIZE_END - 1 : 0))
        return "mode";
    return fid_weight_all_zero(node->reserved, sizeof node->reserved) ? NULL : "reserved bytes";
}

static enum fid_status check_inputs(const struct fid_weight_file *file,
                                    const struct fid_file_graph *graph,
                                    const struct fid_file_node *node, const char *label,
                                    struct fid_weight_marks *marks, struct fid_error *error)
{
    const uint32_t *run;
    if (node->input_count < op_rules[node->op].least_inputs ||
        node->input_count > op_rules[node->op].most_inputs)
        return fid_weight_refuse(file, error, FID_CORRUPT, node, "%s: %" PRIu32 " inputs", label,
                                 node->input_count);
    enum fid_status status = fid_weight_take_run(file, &marks->next, node->first_input,
                                                 node->input_count, node, label, &run, error);
    if (status != FID_OK)
        return status;
    for (size_t i = 0; i < node->input_count; i++) {
        if (run[i] >= graph->value_count)
            return fid_weight_refuse(file, error, FID_CORRUPT, &run[i],
                                     "%s: input %zu is value %" PRIu32 " of %" PRIu32, label, i,
                                     run[i], graph->value_count);
        if (marks->value[run[i]] == 0)
            return fid_weight_refuse(file, error, FID_CORRUPT, &run[i],
                                     "%s: input %zu, value %" PRIu32
                                     ", is not computed before this node",
                                     label, i, run[i]);
    }
    return FID_OK;
}

static enum fid_status check_weights(const struct fid_weight_file *file,
                                     const struct fid_file_node *node, const char *label,
                                     struct fid_weight_marks *marks, struct fid_error *error)
{
    const uint32_t *run;
    size_t tensor_count;
    fid_weight_file_tensors(file, &tensor_count);
    uint32_t wanted = op_rules[node->op].tensors + (node->activation == FID_ACT_PRELU);
    if (node->tensor_count != wanted)
        return fid_weight_refuse(file, error, FID_CORRUPT, node,
                                 "%s: %" PRIu32 " tensors instead of %" PRIu32, label,
                                 node->tensor_count, wanted);
    enum fid_status status = fid_weight_take_run(file, &marks->next, node->first_tensor,
                                                 node->tensor_count, node, label, &run, error);
    if (status != FID_OK)
        return status;
    for (size_t i = 0; i < node->tensor_count; i++) {
        if (run[i] >= tensor_count)
            return fid_weight_refuse(file, error, FID_CORRUPT, &run[i],
                                     "%s: tensor %zu is number %" PRIu32 " of %zu", label, i,
                                     run[i], tensor_count);
        marks->tensor[run[i]] = 1;
    }
    return FID_OK;
}

/* The least version that has the operator and the activation; 1.0 and 1.1 have the same. */
static unsigned minor_of(const struct fid_file_node *node)
{
    if (node->op >= FID_OP_END_1_2)
        return 3;
    return node->op >= FID_OP_END_1_1 || node->activation >= FID_ACT_END_1_1 ? 2 : 0;
}

enum fid_status fid_weight_take_run(const struct fid_weight_file *file, size_t *next,
                                    uint32_t first, uint32_t count, const void *where,
                                    const char *what, const uint32_t **run, struct fid_error *error)
{
    size_t index_count;
    const uint32_t *index = fid_weight_file_index(file, &index_count);
    *run = index + *next;
    if (first != *next || count > index_count - *next)
        return fid_weight_refuse(file, error, FID_CORRUPT, where,
                                 "%s: %" PRIu32 " entries from %" PRIu32
                                 " do not continue at %zu of %zu in INDX",
                                 what, count, first, *next, index_count);
    *next += count;
    return FID_OK;
}

enum fid_status fid_weight_check_node(const struct fid_weight_file *file,
                                      const struct fid_file_graph *graph, size_t i,
                                      struct fid_weight_marks *marks, struct fid_error *error)
{
    const struct fid_file_node *node = fid_weight_file_nodes(file, NULL) + i;
    enum fid_status status =
        fid_weight_check_string(file, node->name, false, node, "a node's name", error);
    if (status != FID_OK)
        return status;
    char label[120];
    snprintf(label, sizeof label, "node %zu '%.80s'", i, fid_weight_file_string(file, node->name));
    if (node->op < 1 || node->op >= FID_OP_END)
        return fid_weight_refuse(file, error, FID_CORRUPT, node, "%s: operator %u is unknown",
                                 label, node->op);
    const unsigned minor = minor_of(node);
    if (file->header->minor < minor)
        return fid_weight_refuse(file, error, FID_CORRUPT, node,
                                 "%s: operator %u with activation %u is of format version 1.%u, "
                                 "and the file of 1.%u",
                                 label, node->op, node->activation, minor, file->header->minor);
    const char *field = wrong_field(node);
    if (field != NULL)
        return fid_weight_refuse(file, error, FID_CORRUPT, node,
                                 "%s: %s: out of range, or set though unused", label, field);
    status = check_inputs(file, graph, node, label, marks, error);
    if (status == FID_OK)
        status = check_weights(file, node, label, marks, error);
    if (status != FID_OK)
        return status;
    if (node->output >= graph->value_count || marks->value[node->output] != 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, node,
                                 "%s: output %" PRIu32
                                 " is no value of the graph or is computed twice",
                                 label, node->output);
    marks->value[node->output] = 1;
    return FID_OK;
}
