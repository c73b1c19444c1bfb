/* resize_nearest.c - every pixel repeated scale × scale times. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

#include <string.h>

static enum fid_status resize_nearest_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    if (status != FID_OK)
        return status;
    if (step->node->scale < 2)
        return fid_step_refuse(step, error, "scale is %d, less than 2", step->node->scale);
    const size_t scale = (size_t)step->node->scale;
    const struct fid_shape in = step->inputs[0].shape;
    struct fid_shape *out = &step->output.shape;
    out->c = in.c;
    if (!fid_size_mul(in.h, scale, &out->h) || !fid_size_mul(in.w, scale, &out->w))
        return fid_step_refuse(step, error, "%zu x %zu times %zu is too large", in.h, in.w, scale);
    return FID_OK;
}

static void resize_nearest_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "copy";
}

struct resize_job {
    const struct fid_step *step;
};

static void run_row(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct fid_step *step = ((const struct resize_job *)ctx)->step;
    const struct fid_shape in = step->inputs[0].shape, out = step->output.shape;
    const size_t scale = (size_t)step->node->scale;
    const size_t row = index / out.h * in.h + index % out.h / scale;
    const size_t pixel_bytes = out.c * fid_tensor_element_bytes(&step->output);
    const char *from = fid_tensor_at(&step->inputs[0], row * in.w * in.c);
    char *to = fid_tensor_at(&step->output, index * out.w * out.c);
    for (size_t x = 0; x < out.w; x++)
        memcpy(to + x * pixel_bytes, from + x / scale * pixel_bytes, pixel_bytes);
}

static void resize_nearest_run(const struct fid_step *step, const struct fid_run *run)
{
    struct resize_job job = {step};
    fid_parallel_for(run->pool, run->n * step->output.shape.h, run_row, &job);
}

const struct fid_op fid_op_resize_nearest = {.name = "resize_nearest",
                                             .infer_shape = resize_nearest_infer_shape,
                                             .choose = resize_nearest_choose,
                                             .run = resize_nearest_run,
                                             .types = FID_TYPES_SAME};
