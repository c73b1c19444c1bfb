/* softmax.c - exp(x - max) / Σ exp(x - max) over the channels of each pixel. */
#include "engine/nn/ops/ops.h"

#include <math.h>

enum { AXIS_C = 3 };

static enum fid_status softmax_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    if (status == FID_OK && step->node->axis != AXIS_C)
        return fid_step_refuse(step, error, "softmax along axis %d, only 3 is possible",
                               step->node->axis);
    step->output.shape = step->inputs[0].shape;
    return status;
}

static void softmax_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "by_pixel";
    step->share = 1;
}

static void softmax_pixel(const float *in, size_t c, float *out)
{
    float largest = in[0], sum = 0.0f;
    for (size_t j = 1; j < c; j++)
        largest = in[j] > largest ? in[j] : largest;
    for (size_t j = 0; j < c; j++) {
        out[j] = expf(in[j] - largest);
        sum += out[j];
    }
    for (size_t j = 0; j < c; j++)
        out[j] /= sum;
}

static void softmax_pixels(const struct fid_step *step, const struct fid_run *run,
                           struct fid_pixel_range range)
{
    (void)run;
    const size_t c = step->output.shape.c;
    for (size_t i = range.first; i < range.first + range.count; i++)
        softmax_pixel(step->inputs[0].data + i * c, c, step->output.data + i * c);
}

static void softmax_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, softmax_pixels);
}

const struct fid_op fid_op_softmax = {.name = "softmax",
                                      .infer_shape = softmax_infer_shape,
                                      .choose = softmax_choose,
                                      .run = softmax_run};
