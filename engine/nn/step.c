/* step.c - what the layer kinds share: refusals, activations, ranges of pixels. */
#include "engine/nn/step.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum fid_status fid_step_refuse(const struct fid_step *step, struct fid_error *error,
                                const char *format, ...)
{
    char reason[sizeof error->text];
    va_list args;
    va_start(args, format);
    if (vsnprintf(reason, sizeof reason, format, args) < 0)
        reason[0] = '\0';
    va_end(args);
    return fid_fail(error, FID_INVALID, "node %zu '%.100s': %s", step->number, step->name, reason);
}

enum fid_status fid_step_check_counts(const struct fid_step *step, size_t inputs_min,
                                      size_t inputs_max, size_t tensors, struct fid_error *error)
{
    const bool prelu = step->node->activation == FID_ACT_PRELU;
    if (step->input_count < inputs_min || step->input_count > inputs_max)
        return fid_step_refuse(step, error, "%s takes %zu inputs at %s, it has %zu", step->op->name,
                               step->input_count < inputs_min ? inputs_min : inputs_max,
                               step->input_count < inputs_min ? "least" : "most",
                               step->input_count);
    if (step->weight_count != tensors + prelu)
        return fid_step_refuse(step, error, "%s%s takes %zu tensors, it has %zu", step->op->name,
                               prelu ? " with PReLU" : "", tensors + prelu, step->weight_count);
    return FID_OK;
}

enum fid_status fid_step_check_vector(const struct fid_step *step, size_t i, const char *what,
                                      size_t c, struct fid_error *error)
{
    const struct fid_file_tensor *record = step->weights[i].record;
    if (record->rank != 1)
        return fid_step_refuse(step, error, "%s has rank %u, not 1", what, record->rank);
    if (record->dims[0] != c)
        return fid_step_refuse(step, error, "%s has %u numbers, the output %zu channels", what,
                               record->dims[0], c);
    return FID_OK;
}

enum fid_status fid_step_set_window(struct fid_step *step, struct fid_error *error)
{
    const struct fid_file_node *node = step->node;
    const struct fid_shape in = step->inputs[0].shape;
    const enum fid_window_fault fault = fid_window_set(node, in, &step->window);
    step->window.pixel_bytes = in.c * fid_tensor_element_bytes(&step->inputs[0]);
    switch (fault) {
    case FID_WINDOW_FIELDS:
        return fid_step_refuse(step, error,
                               "kernel, stride, dilation or padding is out of its range");
    case FID_WINDOW_TOO_BIG:
        return fid_step_refuse(
            step, error, "a kernel of %d x %d does not fit into the padded input of %zu x %zu",
            node->kernel_h, node->kernel_w, in.h, in.w);
    default:
        return FID_OK;
    }
}

void fid_step_set_post(struct fid_step *step, size_t slope_at)
{
    const struct fid_file_node *node = step->node;
    step->post = (struct fid_post_f32){.min = -INFINITY, .max = INFINITY};
    if (node->activation == FID_ACT_CLAMP) {
        step->post.min = node->act_min;
        step->post.max = node->act_max;
    } else if (node->activation == FID_ACT_PRELU) {
        step->post.slope = step->weights[slope_at].data;
    }
}

static float hard_swish(float v)
{
    return v * fminf(fmaxf(v / 6.0f + 0.5f, 0.0f), 1.0f);
}

static float reciprocal(float v)
{
    return 1.0f / v;
}

void fid_step_finish(const struct fid_step *step, const struct fid_kernels *kernels, size_t first,
                     size_t count)
{
    static float (*const functions[FID_ACT_END])(float) = {[FID_ACT_TANH] = tanhf,
                                                           [FID_ACT_HARD_SWISH] = hard_swish,
                                                           [FID_ACT_EXP] = expf,
                                                           [FID_ACT_RECIPROCAL] = reciprocal};
    float (*const function)(float) = functions[step->node->activation];
    float *v = step->output.data + first;
    if (step->node->activation == FID_ACT_GELU)
        kernels->gelu_f32(count, v);
    else if (step->node->activation == FID_ACT_SIGMOID)
        kernels->sigmoid_f32(count, v);
    else if (function != NULL)
        for (size_t i = 0; i < count; i++)
            v[i] = function(v[i]);
}

/* ---- ranges of pixels ---- */

struct pixel_job {
    const struct fid_step *step;
    const struct fid_run *run;
    fid_pixels_fn fn;
    size_t pixels, chunk;
};

static void run_pixels(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct pixel_job *job = ctx;
    const size_t first = index * job->chunk;
    const size_t rest = job->pixels - first;
    const struct fid_pixel_range range = {first, fid_min_size(rest, job->chunk)};
    job->fn(job->step, job->run, range);
}

void fid_step_for_pixels(const struct fid_step *step, const struct fid_run *run, fid_pixels_fn fn)
{
    const size_t numbers = 16384; /* 64 KB: worth waking a thread for, still in a cache */
    const struct fid_shape shape = step->output.shape;
    struct pixel_job job = {.step = step,
                            .run = run,
                            .fn = fn,
                            .pixels = run->n * fid_shape_pixels(shape),
                            .chunk = shape.c < numbers ? numbers / shape.c : 1};
    fid_parallel_for(run->pool, fid_ceil_div(job.pixels, job.chunk), run_pixels, &job);
}

bool fid_step_is_depthwise(const struct fid_step *step)
{
    const size_t groups = (size_t)step->node->groups;
    return groups > 1 && groups == step->window.in.c && groups == step->output.shape.c;
}
