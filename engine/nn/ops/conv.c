/* conv.c - two-dimensional convolution: its shape, and which method computes it. */
#include "engine/nn/ops/conv_methods.h"
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

#include <string.h>

static const struct fid_conv_method *const methods[] = {
    &fid_conv_depthwise,    &fid_conv_gemm_1x1,        &fid_conv_indirect_gemm,
    &fid_conv_im2col_gemm,  &fid_conv_im2col_openblas, &fid_conv_direct,
    &fid_conv_winograd_2x2, &fid_conv_winograd_4x4,    &fid_conv_rows_gemm,
};
enum { METHOD_COUNT = sizeof methods / sizeof methods[0] };

const struct fid_conv_method *fid_conv_method_named(const char *name)
{
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    return NULL;
}

const struct fid_conv_method *fid_conv_method_at(size_t i)
{
    return i < METHOD_COUNT ? methods[i] : NULL;
}

static enum fid_status check_filter(const struct fid_step *step, struct fid_error *error)
{
    const struct fid_file_node *node = step->node;
    const struct fid_file_tensor *filter = step->weights[FID_CONV_FILTER].record;
    const size_t in_c = step->inputs[0].shape.c;
    if (filter->rank != 4)
        return fid_step_refuse(step, error, "filter has rank %u, not 4", filter->rank);
    const size_t groups = node->groups < 1 ? 0 : (size_t)node->groups;
    if (groups < 1 || filter->dims[0] % groups != 0)
        return fid_step_refuse(step, error, "%u output channels do not divide into %d groups",
                               filter->dims[0], node->groups);
    if (filter->dims[3] * groups != in_c)
        return fid_step_refuse(step, error, "filter wants %zu channels, input has %zu",
                               filter->dims[3] * groups, in_c);
    if ((int64_t)filter->dims[1] != node->kernel_h || (int64_t)filter->dims[2] != node->kernel_w)
        return fid_step_refuse(step, error, "filter is %u x %u, the node's kernel %d x %d",
                               filter->dims[1], filter->dims[2], node->kernel_h, node->kernel_w);
    return FID_OK;
}

static enum fid_status check_vectors(const struct fid_step *step, size_t c, struct fid_error *error)
{
    enum fid_status status = fid_step_check_vector(step, FID_CONV_BIAS, "bias", c, error);
    if (status == FID_OK && step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, FID_CONV_SLOPE, "slope", c, error);
    return status;
}

static enum fid_status conv_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 2, 2, error);
    if (status == FID_OK)
        status = check_filter(step, error);
    if (status == FID_OK)
        status = check_vectors(step, step->weights[FID_CONV_FILTER].record->dims[0], error);
    if (status == FID_OK)
        status = fid_step_set_window(step, error);
    if (status != FID_OK)
        return status;
    step->output.shape = (struct fid_shape){step->window.out_h, step->window.out_w,
                                            step->weights[FID_CONV_FILTER].record->dims[0]};
    const struct fid_shape out = step->output.shape;
    if (step->input_count == 2 && !fid_shape_equal(step->inputs[1].shape, out)) {
        const struct fid_shape other = step->inputs[1].shape;
        return fid_step_refuse(step, error,
                               "residual is %zu x %zu x %zu, the output %zu x %zu x %zu", other.h,
                               other.w, other.c, out.h, out.w, out.c);
    }
    return FID_OK;
}

/* The chooser. First the forced method where it applies; then what needs the fewest copies. With
 * few input channels a tap is too short for the kernel's inner loop, and rows of taps or one long
 * patch are better. */
static const struct fid_conv_method *method_for(const struct fid_step *step,
                                                const struct fid_plan_context *context)
{
    const size_t short_tap = 16;
    const struct fid_conv_method *const forced = context->forced;
    const bool bytes = fid_is_bytes(&step->inputs[0]);
    if (forced != NULL && (!bytes || forced->bytes_slot != NULL) && forced->applies(step))
        return forced;
    if (fid_conv_depthwise.applies(step))
        return &fid_conv_depthwise;
    if (fid_conv_gemm_1x1.applies(step))
        return &fid_conv_gemm_1x1;
    if (!fid_conv_indirect_gemm.applies(step))
        return &fid_conv_direct;
    const struct fid_conv_method *winograd = fid_conv_winograd_choose(step);
    if (winograd != NULL && !context->low_memory && !bytes)
        return winograd;
    if (step->window.in.c >= short_tap)
        return &fid_conv_indirect_gemm;
    return fid_conv_rows_gemm.applies(step) ? &fid_conv_rows_gemm : &fid_conv_im2col_gemm;
}

static void conv_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    const struct fid_file_tensor *filter = step->weights[FID_CONV_FILTER].record;
    step->conv = method_for(step, context);
    step->openblas = context->openblas;
    step->method = step->conv->name;
    step->kernel_slot =
        fid_is_bytes(&step->inputs[0]) ? step->conv->bytes_slot : step->conv->kernel_slot;
    step->foreign_kernel = step->conv->needs_openblas;
    step->share = step->conv->in_place && step->input_count == 2 ? 1u << 1 : 0; /* if of one type */
    step->macs = (uint64_t)fid_shape_count(step->output.shape) * fid_window_taps(&step->window) *
                 filter->dims[3];
    fid_step_set_post(step, FID_CONV_SLOPE);
    step->conv->needs(step, context);
}

static void conv_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    if (step->conv->prepare != NULL)
        step->conv->prepare(step, context);
}

static void conv_run(const struct fid_step *step, const struct fid_run *run)
{
    step->conv->run(step, run);
}

const struct fid_op fid_op_conv = {.name = "conv",
                                   .infer_shape = conv_infer_shape,
                                   .choose = conv_choose,
                                   .prepare = conv_prepare,
                                   .run = conv_run,
                                   .types = FID_TYPES_PRODUCT};
