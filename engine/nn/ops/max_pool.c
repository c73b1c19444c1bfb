/* max_pool.c - the largest number of each channel under a window. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/quantized.h"

#include <math.h>

static void max_pool_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "window";
    step->kernel_slot = fid_is_bytes(&step->inputs[0]) ? "max_pool_u8" : "max_pool_f32";
    step->scratch_bytes = step->window.kernel_h * sizeof(struct fid_pixels);
}

static void run_row(void *ctx, size_t index, int worker)
{
    const struct fid_pool_job *job = ctx;
    const struct fid_step *step = job->step;
    const struct fid_window *window = &step->window;
    const struct fid_kernels *kernels = job->run->kernels;
    const size_t channels = window->in.c, at = index * window->out_w * channels;
    const void *image = fid_tensor_image(&step->inputs[0], index / window->out_h);
    const struct fid_windows windows = fid_window_slide(window, image, index % window->out_h, NULL,
                                                        fid_run_scratch(job->run, worker));
    if (fid_is_bytes(&step->output))
        kernels->max_pool_u8(window->out_w, channels, &windows, step->output.bytes + at, channels);
    else
        kernels->max_pool_f32(window->out_w, channels, &windows, step->output.data + at, channels,
                              -INFINITY, INFINITY);
}

static void max_pool_run(const struct fid_step *step, const struct fid_run *run)
{
    struct fid_pool_job job = {step, run};
    fid_parallel_for(run->pool, run->n * step->window.out_h, run_row, &job);
}

const struct fid_op fid_op_max_pool = {.name = "max_pool",
                                       .infer_shape = fid_pool_infer_shape,
                                       .choose = max_pool_choose,
                                       .run = max_pool_run,
                                       .types = FID_TYPES_SAME};
