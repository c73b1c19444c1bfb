/* average_pool.c - the mean of each channel under a window; the divisor counts only taps inside. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/ops/pool.h"

static void average_pool_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "window";
    step->kernel_slot = "average_f32";
    step->scratch_bytes = fid_window_taps(&step->window) * sizeof(void *);
}

static void run_row(void *ctx, size_t index, int worker)
{
    const struct fid_pool_job *job = ctx;
    const struct fid_window *window = &job->step->window;
    const size_t channels = window->in.c;
    const void *image = fid_tensor_image(&job->step->inputs[0], index / window->out_h);
    const void **taps = fid_run_scratch(job->run, worker);
    float *out = job->step->output.data + index * window->out_w * channels;
    for (size_t x = 0; x < window->out_w; x++, out += channels) {
        const size_t inside =
            fid_window_pointers_inside(window, image, index % window->out_h, x, taps);
        job->run->kernels->average_f32(channels, inside, (const void *)taps, 1.0f / (float)inside,
                                       out);
    }
}

static void average_pool_run(const struct fid_step *step, const struct fid_run *run)
{
    struct fid_pool_job job = {step, run};
    fid_parallel_for(run->pool, run->n * step->window.out_h, run_row, &job);
}

const struct fid_op fid_op_average_pool = {.name = "average_pool",
                                           .infer_shape = fid_pool_infer_shape,
                                           .choose = average_pool_choose,
                                           .run = average_pool_run};
