/* layer_norm.c - mean 0 and variance 1 over the channels of each pixel, then scale and shift. */
#include "engine/nn/ops/ops.h"

enum { SCALE, SHIFT };

static enum fid_status layer_norm_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 2, error);
    const size_t c = step->inputs[0].shape.c;
    step->output.shape = step->inputs[0].shape;
    if (status == FID_OK)
        status = fid_step_check_vector(step, SCALE, "scale", c, error);
    if (status == FID_OK)
        status = fid_step_check_vector(step, SHIFT, "shift", c, error);
    return status;
}

static void layer_norm_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "by_pixel";
    step->kernel_slot = "layer_norm_f32";
    step->share = 1;
    step->macs = fid_shape_count(step->output.shape);
}

static void layer_norm_pixels(const struct fid_step *step, const struct fid_run *run,
                              struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t at = range.first * c;
    run->kernels->layer_norm_f32(range.count, c, step->inputs[0].data + at,
                                 step->weights[SCALE].data, step->weights[SHIFT].data,
                                 step->node->epsilon, step->output.data + at);
}

static void layer_norm_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, layer_norm_pixels);
}

const struct fid_op fid_op_layer_norm = {.name = "layer_norm",
                                         .infer_shape = layer_norm_infer_shape,
                                         .choose = layer_norm_choose,
                                         .run = layer_norm_run};
