/* add.c - the sum of two values of one shape. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

static enum fid_status add_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 2, 2, 0, error);
    if (status != FID_OK)
        return status;
    const struct fid_shape a = step->inputs[0].shape, b = step->inputs[1].shape;
    if (!fid_shape_equal(a, b))
        return fid_step_refuse(step, error, "adds %zu x %zu x %zu and %zu x %zu x %zu", a.h, a.w,
                               a.c, b.h, b.w, b.c);
    step->output.shape = a;
    if (step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, 0, "slope", a.c, error);
    return status;
}

/* The vectors of struct fid_add_u8, one after the other in the packed weights. */
enum { A_SCALE, B_SCALE, SLOPE, LOW, HIGH, VECTORS };

static void add_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    const bool bytes = fid_is_bytes(&step->output);
    step->method = "elementwise";
    step->kernel_slot = bytes ? "add_u8" : "add_f32";
    step->packed_bytes = bytes ? (uint64_t)VECTORS * step->output.shape.c * sizeof(float) : 0;
    step->share = 3;
    fid_step_set_post(step, 0);
}

static void add_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    const size_t c = step->output.shape.c;
    float *vectors = step->packed;
    for (size_t j = 0; j < c && fid_is_bytes(&step->output); j++) {
        const double unit = (double)fid_channel_scale(&step->output, j);
        const struct fid_range range = fid_step_range(step, j);
        vectors[A_SCALE * c + j] = (float)((double)fid_channel_scale(&step->inputs[0], 0) / unit);
        vectors[B_SCALE * c + j] = (float)((double)fid_channel_scale(&step->inputs[1], 0) / unit);
        vectors[SLOPE * c + j] = step->post.slope != NULL ? step->post.slope[j] : 1.0f;
        vectors[LOW * c + j] = range.low;
        vectors[HIGH * c + j] = range.high;
    }
}

static void add_bytes(const struct fid_step *step, const struct fid_run *run,
                      struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c, at = range.first * c;
    const float *vectors = step->packed;
    const struct fid_add_u8 how = {.a_scale = vectors + A_SCALE * c,
                                   .b_scale = vectors + B_SCALE * c,
                                   .slope = step->post.slope != NULL ? vectors + SLOPE * c : NULL,
                                   .low = vectors + LOW * c,
                                   .high = vectors + HIGH * c,
                                   .a_zero = fid_zero_point(&step->inputs[0]),
                                   .b_zero = fid_zero_point(&step->inputs[1]),
                                   .zero = fid_zero_point(&step->output)};
    run->kernels->add_u8(range.count, c, step->inputs[0].bytes + at, step->inputs[1].bytes + at,
                         step->output.bytes + at, &how);
}

static void add_pixels(const struct fid_step *step, const struct fid_run *run,
                       struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t at = range.first * c;
    run->kernels->add_f32(range.count, c, step->inputs[0].data + at, step->inputs[1].data + at,
                          step->output.data + at, &step->post);
    fid_step_finish(step, run->kernels, at, range.count * c);
}

static void add_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, fid_is_bytes(&step->output) ? add_bytes : add_pixels);
}

const struct fid_op fid_op_add = {.name = "add",
                                  .infer_shape = add_infer_shape,
                                  .choose = add_choose,
                                  .prepare = add_prepare,
                                  .run = add_run,
                                  .types = FID_TYPES_SUM};
