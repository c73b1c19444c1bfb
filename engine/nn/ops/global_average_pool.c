/* global_average_pool.c - the mean of each channel over the whole picture. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

static enum fid_status global_average_pool_infer_shape(struct fid_step *step,
                                                       struct fid_error *error)
{
    step->output.shape = (struct fid_shape){1, 1, step->inputs[0].shape.c};
    return fid_step_check_counts(step, 1, 1, 0, error);
}

static void global_average_pool_choose(struct fid_step *step,
                                       const struct fid_plan_context *context)
{
    (void)context;
    step->method = "whole";
    step->kernel_slot = fid_is_bytes(&step->inputs[0]) ? "average_u8" : "average_f32";
    step->scratch_bytes = (uint64_t)fid_shape_pixels(step->inputs[0].shape) * sizeof(void *);
}

struct average_job {
    const struct fid_step *step;
    const struct fid_run *run;
};

static void run_picture(void *ctx, size_t index, int worker)
{
    const struct average_job *job = ctx;
    const struct fid_tensor *in = &job->step->inputs[0];
    const size_t pixels = fid_shape_pixels(in->shape);
    const struct fid_kernels *kernels = job->run->kernels;
    const void **taps = fid_run_scratch(job->run, worker);
    float *out = fid_tensor_image(&job->step->output, index);
    for (size_t i = 0; i < pixels; i++)
        taps[i] = fid_tensor_at(in, (index * pixels + i) * in->shape.c);
    if (fid_is_bytes(in))
        kernels->average_u8(in->shape.c, pixels, (const void *)taps, fid_zero_point(in),
                            fid_channel_scale(in, 0) / (float)pixels, out);
    else
        kernels->average_f32(in->shape.c, pixels, (const void *)taps, 1.0f / (float)pixels, out);
}

static void global_average_pool_run(const struct fid_step *step, const struct fid_run *run)
{
    struct average_job job = {step, run};
    fid_parallel_for(run->pool, run->n, run_picture, &job);
}

const struct fid_op fid_op_global_average_pool = {.name = "global_average_pool",
                                                  .infer_shape = global_average_pool_infer_shape,
                                                  .choose = global_average_pool_choose,
                                                  .run = global_average_pool_run,
                                                  .types = FID_TYPES_AVERAGE};
