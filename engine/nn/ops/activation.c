/* activation.c - an activation that no other layer took in. */
#include "engine/nn/ops/ops.h"

static enum fid_status activation_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    step->output.shape = step->inputs[0].shape;
    if (status == FID_OK && step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, 0, "slope", step->output.shape.c, error);
    return status;
}

static void activation_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "elementwise";
    step->kernel_slot = "affine_f32";
    step->share = 1;
    fid_step_set_post(step, 0);
}

static void activate_pixels(const struct fid_step *step, const struct fid_run *run,
                            struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t at = range.first * c, count = range.count * c;
    /* Without a slope no channel differs from another: one long pixel has no tails. */
    const size_t channels = step->post.slope != NULL ? c : count;
    run->kernels->affine_f32(count / channels, channels, step->inputs[0].data + at, NULL, NULL,
                             step->output.data + at, &step->post);
    fid_step_finish(step, run->kernels, at, count);
}

static void activation_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, activate_pixels);
}

const struct fid_op fid_op_activation = {.name = "activation",
                                         .infer_shape = activation_infer_shape,
                                         .choose = activation_choose,
                                         .run = activation_run};
