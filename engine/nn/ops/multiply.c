/* multiply.c - the product of two values of one shape, or with one factor for each channel. */
#include "engine/nn/ops/ops.h"

static bool by_channel(const struct fid_step *step)
{
    return !fid_shape_equal(step->inputs[0].shape, step->inputs[1].shape);
}

static enum fid_status multiply_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 2, 2, 0, error);
    if (status != FID_OK)
        return status;
    const struct fid_shape a = step->inputs[0].shape, b = step->inputs[1].shape;
    if (by_channel(step) && !fid_shape_equal(b, (struct fid_shape){1, 1, a.c}))
        return fid_step_refuse(step, error, "multiplies %zu x %zu x %zu by %zu x %zu x %zu", a.h,
                               a.w, a.c, b.h, b.w, b.c);
    step->output.shape = a;
    if (step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, 0, "slope", a.c, error);
    return status;
}

static void multiply_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = by_channel(step) ? "by_channel" : "elementwise";
    step->kernel_slot = "affine_f32";
    step->share = by_channel(step) ? 1 : 3;
    fid_step_set_post(step, 0);
}

static void multiply_pixels(const struct fid_step *step, const struct fid_run *run,
                            struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t at = range.first * c;
    const float *a = step->inputs[0].data + at, *b = step->inputs[1].data + at;
    float *out = step->output.data + at;
    for (size_t i = 0; i < range.count * c; i++)
        out[i] = a[i] * b[i];
    run->kernels->affine_f32(range.count, c, out, NULL, NULL, out, &step->post);
    fid_step_finish(step, run->kernels, at, range.count * c);
}

/* The factors change from picture to picture, so the range is cut where a picture ends. */
static void multiply_pixels_by_channel(const struct fid_step *step, const struct fid_run *run,
                                       struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t pixels = fid_shape_pixels(step->output.shape);
    for (size_t done = 0; done < range.count;) {
        const size_t pixel = range.first + done;
        const size_t left_in_picture = pixels - pixel % pixels;
        const size_t left = range.count - done;
        const size_t count = fid_min_size(left, left_in_picture);
        run->kernels->affine_f32(count, c, step->inputs[0].data + pixel * c,
                                 fid_tensor_image(&step->inputs[1], pixel / pixels), NULL,
                                 step->output.data + pixel * c, &step->post);
        fid_step_finish(step, run->kernels, pixel * c, count * c);
        done += count;
    }
}

static void multiply_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, by_channel(step) ? multiply_pixels_by_channel : multiply_pixels);
}

const struct fid_op fid_op_multiply = {.name = "multiply",
                                       .infer_shape = multiply_infer_shape,
                                       .choose = multiply_choose,
                                       .run = multiply_run};
