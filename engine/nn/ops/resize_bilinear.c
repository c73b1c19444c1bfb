/* resize_bilinear.c - another size, each pixel a mean of the four around its place in the input,
 * weighted by nearness. Pixels beyond the border are those of the border. */
#include "engine/nn/ops/ops.h"

static enum fid_status resize_bilinear_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    if (status != FID_OK)
        return status;
    const struct fid_file_node *node = step->node;
    const struct fid_shape in = step->inputs[0].shape;
    struct fid_shape out = {(size_t)node->shape[1], (size_t)node->shape[2], in.c};
    const size_t scale = (size_t)node->scale;
    if (scale > 0 && (!fid_size_mul(in.h, scale, &out.h) || !fid_size_mul(in.w, scale, &out.w)))
        return fid_step_refuse(step, error, "%zu x %zu times %zu is too large", in.h, in.w, scale);
    if (out.h < 1 || out.w < 1)
        return fid_step_refuse(step, error, "it has neither scale nor size");
    step->output.shape = out;
    return FID_OK;
}

static void resize_bilinear_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "by_pixel";
    step->macs = (uint64_t)fid_shape_count(step->output.shape) * 4;
}

/* The two pixels along one axis between which an output pixel lies, and the second one's share. */
struct between {
    size_t first, second;
    float share;
};

static struct between place(size_t o, size_t in, size_t out, int32_t mode)
{
    double at = (double)o * (double)in / (double)out;
    if (mode == FID_RESIZE_ALIGN_CORNERS)
        at = out > 1 ? (double)o * (double)(in - 1) / (double)(out - 1) : 0;
    else if (mode == FID_RESIZE_HALF_PIXEL)
        at = ((double)o + 0.5) * (double)in / (double)out - 0.5;
    at = at > 0 ? at : 0;
    const size_t whole = (size_t)at, first = whole < in ? whole : in - 1;
    const size_t second = first + 1 < in ? first + 1 : first;
    return (struct between){first, second, (float)(at - (double)first)};
}

struct resize_job {
    const struct fid_step *step;
};

static void run_row(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct fid_step *step = ((const struct resize_job *)ctx)->step;
    const struct fid_shape in = step->inputs[0].shape, out = step->output.shape;
    const struct between y = place(index % out.h, in.h, out.h, step->node->mode);
    const float *image = fid_tensor_image(&step->inputs[0], index / out.h);
    const float *above = image + y.first * in.w * in.c, *below = image + y.second * in.w * in.c;
    float *to = step->output.data + index * out.w * out.c;
    for (size_t column = 0; column < out.w; column++, to += out.c) {
        const struct between x = place(column, in.w, out.w, step->node->mode);
        const size_t left = x.first * in.c, right = x.second * in.c;
        for (size_t j = 0; j < out.c; j++) {
            const float top = above[left + j] + (above[right + j] - above[left + j]) * x.share;
            const float bottom = below[left + j] + (below[right + j] - below[left + j]) * x.share;
            to[j] = top + (bottom - top) * y.share;
        }
    }
}

static void resize_bilinear_run(const struct fid_step *step, const struct fid_run *run)
{
    struct resize_job job = {step};
    fid_parallel_for(run->pool, run->n * step->output.shape.h, run_row, &job);
}

const struct fid_op fid_op_resize_bilinear = {.name = "resize_bilinear",
                                              .infer_shape = resize_bilinear_infer_shape,
                                              .choose = resize_bilinear_choose,
                                              .run = resize_bilinear_run};
