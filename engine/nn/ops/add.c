/* add.c - the sum of two values of one shape. */
#include "engine/nn/ops/ops.h"

static enum fid_status add_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 2, 2, 0, error);
    if (status != FID_OK)
        return status;
    const struct fid_shape a = step->inputs[0].shape, b = step->inputs[1].shape;
    if (!fid_shape_equal(a, b))
        return fid_step_refuse(step, error, "adds %zu x %zu x %zu and %zu x %zu x %zu", a.h, a.w,
                               a.c, b.h, b.w, b.c);
    step->output.shape = a;
    if (step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, 0, "slope", a.c, error);
    return status;
}

static void add_scratch_size(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "elementwise";
    step->kernel_slot = "add_f32";
    step->share = 3;
    fid_step_set_post(step, 0);
}

static void add_pixels(const struct fid_step *step, const struct fid_run *run,
                       struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t at = range.first * c;
    run->kernels->add_f32(range.count, c, step->inputs[0].data + at, step->inputs[1].data + at,
                          step->output.data + at, &step->post);
    fid_step_finish(step, run->kernels, at, range.count * c);
}

static void add_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, add_pixels);
}

const struct fid_op fid_op_add = {"add", add_infer_shape, add_scratch_size, NULL, add_run};
