/* max_pool.c - the largest number of each channel under a window. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/ops/pool.h"
#include "engine/nn/quantized.h"

#include <math.h>

static void max_pool_scratch_size(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "window";
    step->kernel_slot = fid_is_bytes(&step->inputs[0]) ? "max_pool_u8" : "max_pool_f32";
    step->scratch_bytes =
        fid_is_bytes(&step->inputs[0])
            ? (uint64_t)step->window.out_w * fid_window_taps(&step->window) * sizeof(void *)
            : step->window.kernel_h * sizeof(struct fid_pixels_f32);
}

static void run_row(void *ctx, size_t index, int worker)
{
    const struct fid_pool_job *job = ctx;
    const struct fid_window *window = &job->step->window;
    const size_t channels = window->in.c;
    const void *image = fid_tensor_image(&job->step->inputs[0], index / window->out_h);
    const struct fid_windows_f32 windows = fid_window_slide(
        window, image, index % window->out_h, NULL, fid_run_scratch(job->run, worker));
    job->run->kernels->max_pool_f32(window->out_w, channels, &windows,
                                    job->step->output.data + index * window->out_w * channels,
                                    channels, -INFINITY, INFINITY);
}

static void run_row_of_bytes(void *ctx, size_t index, int worker)
{
    const struct fid_pool_job *job = ctx;
    const struct fid_window *window = &job->step->window;
    const size_t taps = fid_window_taps(window), channels = window->in.c;
    const void *image = fid_tensor_image(&job->step->inputs[0], index / window->out_h);
    const void **table = fid_run_scratch(job->run, worker);
    for (size_t x = 0; x < window->out_w; x++) {
        const void **place = table + x * taps;
        const size_t inside =
            fid_window_pointers_inside(window, image, index % window->out_h, x, place);
        for (size_t t = inside; t < taps; t++)
            place[t] = place[0];
    }
    job->run->kernels->max_pool_u8(window->out_w, channels, taps, (const void *)table, taps,
                                   job->step->output.bytes + index * window->out_w * channels,
                                   channels);
}

static void max_pool_run(const struct fid_step *step, const struct fid_run *run)
{
    struct fid_pool_job job = {step, run};
    fid_parallel_for(run->pool, run->n * step->window.out_h,
                     fid_is_bytes(&step->output) ? run_row_of_bytes : run_row, &job);
}

const struct fid_op fid_op_max_pool = {.name = "max_pool",
                                       .infer_shape = fid_pool_infer_shape,
                                       .scratch_size = max_pool_scratch_size,
                                       .run = max_pool_run,
                                       .types = FID_TYPES_SAME};
