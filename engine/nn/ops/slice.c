/* slice.c - a stretch of a value along h, w or c. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

#include <string.h>

enum { AXIS_H = 1, AXIS_W = 2, AXIS_C = 3 };

static enum fid_status slice_infer_shape(struct fid_step *step, struct fid_error *error)
{
    const int axis = step->node->axis;
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    if (status != FID_OK)
        return status;
    struct fid_shape out = step->inputs[0].shape;
    size_t *side = axis == AXIS_H ? &out.h : axis == AXIS_W ? &out.w : &out.c;
    const size_t first = (size_t)step->node->shape[1], count = (size_t)step->node->shape[2];
    if (axis < AXIS_H || axis > AXIS_C || count > *side || first > *side - count)
        return fid_step_refuse(step, error, "takes %d from %d on along axis %d of %zu x %zu x %zu",
                               step->node->shape[2], step->node->shape[1], axis, out.h, out.w,
                               out.c);
    *side = count;
    step->output.shape = out;
    return FID_OK;
}

static void slice_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "copy";
}

/* Some channels of a range of pixels: too few a pixel for memcpy. */
static void slice_pixels(const struct fid_step *step, const struct fid_run *run,
                         struct fid_pixel_range range)
{
    (void)run;
    const size_t c = step->inputs[0].shape.c, count = step->output.shape.c;
    const size_t first = (size_t)step->node->shape[1];
    const bool bytes = fid_is_bytes(&step->output);
    for (size_t i = range.first; i < range.first + range.count; i++)
        for (size_t j = 0; j < count; j++) {
            const size_t from = i * c + first + j, to = i * count + j;
            if (bytes)
                step->output.bytes[to] = step->inputs[0].bytes[from];
            else
                step->output.data[to] = step->inputs[0].data[from];
        }
}

static void slice_run(const struct fid_step *step, const struct fid_run *run)
{
    const int axis = step->node->axis;
    const struct fid_shape in = step->inputs[0].shape, out = step->output.shape;
    if (axis == AXIS_C) {
        fid_step_for_pixels(step, run, slice_pixels);
        return;
    }
    const size_t behind = axis == AXIS_H ? in.w * in.c : in.c;
    const size_t side = axis == AXIS_H ? in.h : in.w;
    const size_t length = (size_t)step->node->shape[2] * behind;
    const size_t positions = run->n * (fid_shape_count(out) / length);
    const size_t from = (size_t)step->node->shape[1] * behind;
    for (size_t p = 0; p < positions; p++)
        memcpy(fid_tensor_at(&step->output, p * length),
               fid_tensor_at(&step->inputs[0], from + p * side * behind),
               length * fid_tensor_element_bytes(&step->output));
}

const struct fid_op fid_op_slice = {.name = "slice",
                                    .infer_shape = slice_infer_shape,
                                    .choose = slice_choose,
                                    .run = slice_run,
                                    .types = FID_TYPES_SAME};
