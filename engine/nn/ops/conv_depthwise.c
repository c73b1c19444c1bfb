/* conv_depthwise.c - every channel convolved for itself: one row of output pixels a piece. */
#include "engine/nn/ops/conv_methods.h"
#include "engine/nn/quantized.h"

struct depthwise_job {
    const struct fid_step *step;
    const struct fid_run *run;
};

static void run_row(void *ctx, size_t index, int worker)
{
    const struct depthwise_job *job = ctx;
    const struct fid_step *step = job->step;
    const struct fid_window *window = &step->window;
    const struct fid_kernels *kernels = job->run->kernels;
    const bool bytes = fid_is_bytes(&step->inputs[0]);
    const size_t channels = step->output.shape.c, pixels = window->out_w;
    const size_t at = index * pixels * channels;
    const void *image = fid_tensor_image(&step->inputs[0], index / window->out_h);
    const void *pad = bytes ? fid_columns_s8_pad(step) : job->run->zeros;
    const struct fid_windows windows = fid_window_slide(window, image, index % window->out_h, pad,
                                                        fid_run_scratch(job->run, worker));
    void *out = fid_tensor_at(&step->output, at);
    if (bytes) {
        struct fid_post_s8 post = fid_step_post_s8(step);
        post.residual = fid_conv_residual(step, at);
        post.residual_stride = channels;
        kernels->depthwise_s8(pixels, channels, &windows, step->packed, out, channels, &post);
    } else {
        struct fid_post_f32 post = step->post;
        post.residual = fid_conv_residual(step, at);
        post.residual_stride = channels;
        kernels->depthwise_f32(pixels, channels, &windows, step->packed, out, channels, &post);
    }
    if (!fid_is_bytes(&step->output))
        fid_step_finish(step, kernels, at, pixels * channels);
}

static void depthwise_run(const struct fid_step *step, const struct fid_run *run)
{
    struct depthwise_job job = {step, run};
    fid_parallel_for(run->pool, run->n * step->window.out_h, run_row, &job);
}

static void depthwise_needs(struct fid_step *step, const struct fid_plan_context *context)
{
    const size_t taps = fid_window_taps(&step->window), channels = step->output.shape.c;
    const struct fid_kernels *kernels = context->kernels;
    if (fid_is_bytes(&step->inputs[0]))
        step->packed_bytes =
            fid_pack_depthwise_s8_size(channels, taps, kernels) + fid_columns_s8_bytes(step);
    else
        step->packed_bytes =
            fid_pack_depthwise_size(channels, taps, kernels->tile.depthwise_cr) * sizeof(float);
    step->scratch_bytes = step->window.kernel_h * sizeof(struct fid_pixels);
}

static void depthwise_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    const struct fid_window *window = &step->window;
    const struct fid_kernels *kernels = context->kernels;
    const float *filter = step->weights[FID_CONV_FILTER].data;
    const size_t channels = step->output.shape.c;
    if (fid_is_bytes(&step->inputs[0])) {
        struct fid_columns_s8 columns;
        const uint64_t at = fid_pack_depthwise_s8_size(channels, fid_window_taps(window), kernels);
        fid_columns_s8_fill(step, (char *)step->packed + at, &columns);
        fid_pack_depthwise_s8(channels, window->kernel_h, window->kernel_w, kernels,
                              (const int8_t *)(filter + channels), &columns, step->packed);
    } else {
        fid_pack_depthwise(channels, window->kernel_h, window->kernel_w, kernels->tile.depthwise_cr,
                           filter, step->weights[FID_CONV_BIAS].data, step->packed);
    }
    fid_weight_file_release_tensor(step->file, step->weights[FID_CONV_FILTER].number);
}

const struct fid_conv_method fid_conv_depthwise = {
    .name = "depthwise",
    .kernel_slot = "depthwise_f32",
    .bytes_slot = "depthwise_s8",
    .in_place = true,
    .applies = fid_step_is_depthwise,
    .needs = depthwise_needs,
    .prepare = depthwise_prepare,
    .run = depthwise_run,
};
