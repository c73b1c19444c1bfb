/* affine.c - scale and shift for each channel: what is left of a batch norm that no convolution
 * took in. */
#include "engine/nn/ops/ops.h"

enum { SCALE, SHIFT, SLOPE };

static enum fid_status affine_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 2, error);
    const size_t c = step->inputs[0].shape.c;
    step->output.shape = step->inputs[0].shape;
    if (status == FID_OK)
        status = fid_step_check_vector(step, SCALE, "scale", c, error);
    if (status == FID_OK)
        status = fid_step_check_vector(step, SHIFT, "shift", c, error);
    if (status == FID_OK && step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, SLOPE, "slope", c, error);
    return status;
}

static void affine_scratch_size(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "by_channel";
    step->kernel_slot = "affine_f32";
    step->share = 1;
    step->macs = fid_shape_count(step->output.shape);
    fid_step_set_post(step, SLOPE);
}

static void affine_pixels(const struct fid_step *step, const struct fid_run *run,
                          struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t at = range.first * c;
    run->kernels->affine_f32(range.count, c, step->inputs[0].data + at, step->weights[SCALE].data,
                             step->weights[SHIFT].data, step->output.data + at, &step->post);
    fid_step_finish(step, at, range.count * c);
}

static void affine_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, affine_pixels);
}

const struct fid_op fid_op_affine = {"affine", affine_infer_shape, affine_scratch_size, NULL,
                                     affine_run};
