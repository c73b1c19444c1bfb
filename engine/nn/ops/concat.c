/* concat.c - values one behind the other along h, w or c. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

#include <stdint.h>
#include <string.h>

enum { AXIS_H = 1, AXIS_W = 2, AXIS_C = 3 };

static size_t *axis_of(struct fid_shape *shape, int axis)
{
    return axis == AXIS_H ? &shape->h : axis == AXIS_W ? &shape->w : &shape->c;
}

static enum fid_status concat_infer_shape(struct fid_step *step, struct fid_error *error)
{
    const int axis = step->node->axis;
    enum fid_status status = fid_step_check_counts(step, 2, SIZE_MAX, 0, error);
    if (status != FID_OK)
        return status;
    if (axis < AXIS_H || axis > AXIS_C)
        return fid_step_refuse(step, error, "concat along axis %d, only 1..3 are possible", axis);
    struct fid_shape out = step->inputs[0].shape;
    for (size_t i = 1; i < step->input_count; i++) {
        struct fid_shape next = step->inputs[i].shape, expected = out;
        const size_t more = *axis_of(&next, axis);
        *axis_of(&expected, axis) = more;
        if (!fid_shape_equal(next, expected))
            return fid_step_refuse(step, error,
                                   "input %zu of %zu x %zu x %zu does not fit to %zu x %zu x %zu "
                                   "along axis %d",
                                   i, next.h, next.w, next.c, out.h, out.w, out.c, axis);
        if (!fid_size_add(*axis_of(&out, axis), more, axis_of(&out, axis)))
            return fid_step_refuse(step, error, "the inputs are too large together");
    }
    step->output.shape = out;
    return FID_OK;
}

static void concat_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "copy";
}

/* Numbers that one input has in a row for each position of the axes before the joined one. */
static size_t run_length(struct fid_shape shape, int axis)
{
    return axis == AXIS_H ? fid_shape_count(shape) : axis == AXIS_W ? shape.w * shape.c : shape.c;
}

static void concat_run(const struct fid_step *step, const struct fid_run *run)
{
    const int axis = step->node->axis;
    const struct fid_shape out = step->output.shape;
    const size_t out_length = run_length(out, axis);
    const size_t positions = run->n * (fid_shape_count(out) / out_length);
    const size_t element = fid_tensor_element_bytes(&step->output);
    size_t to = 0;
    for (size_t i = 0; i < step->input_count; i++) {
        const size_t length = run_length(step->inputs[i].shape, axis);
        for (size_t p = 0; p < positions; p++)
            memcpy(fid_tensor_at(&step->output, to + p * out_length),
                   fid_tensor_at(&step->inputs[i], p * length), length * element);
        to += length;
    }
}

const struct fid_op fid_op_concat = {.name = "concat",
                                     .infer_shape = concat_infer_shape,
                                     .choose = concat_choose,
                                     .run = concat_run,
                                     .types = FID_TYPES_SAME};
