/* l2_normalize.c - the channels of each pixel divided by their Euclidean norm. */
#include "engine/nn/ops/ops.h"

#include <math.h>

static enum fid_status l2_normalize_infer_shape(struct fid_step *step, struct fid_error *error)
{
    step->output.shape = step->inputs[0].shape;
    return fid_step_check_counts(step, 1, 1, 0, error);
}

static void l2_normalize_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "by_pixel";
    step->kernel_slot = "dot_f32";
    step->share = 1;
    step->macs = fid_shape_count(step->output.shape);
}

static void l2_normalize_pixels(const struct fid_step *step, const struct fid_run *run,
                                struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const float *in = step->inputs[0].data + range.first * c;
    float *out = step->output.data + range.first * c;
    for (size_t i = 0; i < range.count; i++, in += c, out += c) {
        float norm = sqrtf(run->kernels->dot_f32(c, in, in));
        norm = norm > step->node->epsilon ? norm : step->node->epsilon;
        const float factor = norm > 0.0f ? 1.0f / norm : 0.0f;
        for (size_t j = 0; j < c; j++)
            out[j] = in[j] * factor;
    }
}

static void l2_normalize_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, l2_normalize_pixels);
}

const struct fid_op fid_op_l2_normalize = {.name = "l2_normalize",
                                           .infer_shape = l2_normalize_infer_shape,
                                           .choose = l2_normalize_choose,
                                           .run = l2_normalize_run};
