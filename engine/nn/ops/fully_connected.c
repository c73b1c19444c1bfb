/* fully_connected.c - every output from all numbers of a picture: a product with one row a picture.
 */
#include "engine/nn/gemm_driver.h"
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

enum { FILTER, BIAS, SLOPE };

static enum fid_status fully_connected_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 2, error);
    if (status != FID_OK)
        return status;
    const struct fid_file_tensor *filter = step->weights[FILTER].record;
    const size_t in = fid_shape_count(step->inputs[0].shape);
    if (filter->rank != 2)
        return fid_step_refuse(step, error, "filter has rank %u, not 2", filter->rank);
    if (filter->dims[1] != in)
        return fid_step_refuse(step, error, "filter wants %u numbers, input has %zu",
                               filter->dims[1], in);
    status = fid_step_check_vector(step, BIAS, "bias", filter->dims[0], error);
    if (status == FID_OK && step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, SLOPE, "slope", filter->dims[0], error);
    step->output.shape = (struct fid_shape){1, 1, filter->dims[0]};
    return status;
}

static void point_at_pictures(const struct fid_gemm *gemm, const struct fid_run *run,
                              const struct fid_gemm_rows *rows, const void **a, char *patches)
{
    (void)run;
    (void)patches;
    for (size_t i = 0; i < rows->count; i++)
        a[i] = fid_tensor_image(&gemm->step->inputs[0], rows->first + i);
}

static struct fid_gemm product(const struct fid_step *step)
{
    return (struct fid_gemm){.step = step,
                             .products = 1,
                             .columns = step->output.shape.c,
                             .taps = 1,
                             .k = fid_shape_count(step->inputs[0].shape),
                             .bytes = fid_is_bytes(&step->inputs[0]),
                             .c = step->output.bytes,
                             .source = point_at_pictures};
}

static void fully_connected_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    const struct fid_gemm gemm = product(step);
    step->method = "gemm";
    step->kernel_slot = gemm.bytes ? "gemm_s8" : "gemm_f32";
    step->macs = (uint64_t)gemm.columns * gemm.k;
    fid_gemm_set_needs(&gemm, step, context);
    fid_step_set_post(step, SLOPE);
}

static void fully_connected_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    const struct fid_gemm gemm = product(step);
    fid_gemm_pack(&gemm, context);
}

static void fully_connected_run(const struct fid_step *step, const struct fid_run *run)
{
    const struct fid_gemm gemm = product(step);
    fid_gemm_run(&gemm, run, run->n);
}

const struct fid_op fid_op_fully_connected = {.name = "fully_connected",
                                              .infer_shape = fully_connected_infer_shape,
                                              .choose = fully_connected_choose,
                                              .prepare = fully_connected_prepare,
                                              .run = fully_connected_run,
                                              .types = FID_TYPES_PRODUCT};
