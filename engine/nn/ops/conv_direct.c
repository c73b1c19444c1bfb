/* conv_direct.c - the definition of a convolution, for the grouped ones that no other method takes:
 * a dot product for each tap inside the picture, one row of output pixels a piece. */
#include "engine/nn/ops/conv_methods.h"
#include "engine/nn/widen.h"

#include <string.h>

struct direct_job {
    const struct fid_step *step;
    const struct fid_run *run;
};

/* One number: output channel j, its group's channels of the taps. */
static float sum_taps(const struct direct_job *job, const void *const *taps, size_t j)
{
    const struct fid_step *step = job->step;
    const size_t tap_count = fid_window_taps(&step->window);
    const size_t k = step->weights[FID_CONV_FILTER].record->dims[3];
    const size_t group = j / (step->output.shape.c / (size_t)step->node->groups);
    const float *filters =
        step->packed_bytes > 0 ? step->packed : step->weights[FID_CONV_FILTER].data;
    const float *filter = filters + j * tap_count * k;
    float sum = 0.0f;
    for (size_t t = 0; t < tap_count; t++)
        if (taps[t] != NULL)
            sum +=
                job->run->kernels->dot_f32(k, (const float *)taps[t] + group * k, filter + t * k);
    return sum;
}

static void run_row(void *ctx, size_t index, int worker)
{
    const struct direct_job *job = ctx;
    const struct fid_step *step = job->step;
    const struct fid_window *window = &step->window;
    const size_t channels = step->output.shape.c;
    const size_t at = index * window->out_w * channels;
    const void *image = fid_tensor_image(&step->inputs[0], index / window->out_h);
    const void **taps = fid_run_scratch(job->run, worker);
    float *out = step->output.data + at;
    struct fid_post_f32 post = step->post;
    for (size_t x = 0; x < window->out_w; x++, out += channels) {
        fid_window_pointers(window, image, index % window->out_h, x, NULL, taps, 1);
        for (size_t j = 0; j < channels; j++)
            out[j] = sum_taps(job, taps, j);
        post.residual = fid_conv_residual(step, at + x * channels);
        job->run->kernels->affine_f32(1, channels, out, NULL, step->weights[FID_CONV_BIAS].data,
                                      out, &post);
    }
    fid_step_finish(step, job->run->kernels, at, window->out_w * channels);
}

static void direct_run(const struct fid_step *step, const struct fid_run *run)
{
    struct direct_job job = {step, run};
    fid_parallel_for(run->pool, run->n * step->window.out_h, run_row, &job);
}

static void direct_needs(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->scratch_bytes = fid_window_taps(&step->window) * sizeof(void *);
    step->packed_bytes = (uint64_t)fid_step_widened_count(step) * sizeof(float);
}

/* A filter of f32 is used where it lies in the file; another one is kept in f32. */
static void direct_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    if (step->packed_bytes > 0)
        memcpy(step->packed, step->weights[FID_CONV_FILTER].data, (size_t)step->packed_bytes);
}

static bool direct_applies(const struct fid_step *step)
{
    (void)step;
    return true;
}

/* Not in place: the sums are written before the residual is read. */
const struct fid_conv_method fid_conv_direct = {
    .name = "direct",
    .kernel_slot = "dot_f32",
    .applies = direct_applies,
    .needs = direct_needs,
    .prepare = direct_prepare,
    .run = direct_run,
};
