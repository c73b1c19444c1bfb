/* affine.c - scale and shift for each channel: what is left of a batch norm that no convolution
 * took in. Or for each number of a picture: a position's embedding, a head's temperature. */
#include "engine/nn/ops/ops.h"

enum { SCALE, SHIFT, SLOPE };

/* One number for each number of a picture, not for each channel. */
static bool is_map(const struct fid_step *step, size_t i)
{
    return step->weights[i].record->rank == 3;
}

static enum fid_status check_factors(const struct fid_step *step, size_t i, const char *what,
                                     struct fid_error *error)
{
    const struct fid_shape in = step->inputs[0].shape;
    if (!is_map(step, i))
        return fid_step_check_vector(step, i, what, in.c, error);
    const uint32_t *dims = step->weights[i].record->dims;
    if (!fid_shape_equal(in, (struct fid_shape){dims[0], dims[1], dims[2]}))
        return fid_step_refuse(step, error, "%s is %u x %u x %u, the input %zu x %zu x %zu", what,
                               dims[0], dims[1], dims[2], in.h, in.w, in.c);
    return FID_OK;
}

static enum fid_status affine_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 2, error);
    const size_t c = step->inputs[0].shape.c;
    step->output.shape = step->inputs[0].shape;
    if (status == FID_OK)
        status = check_factors(step, SCALE, "scale", error);
    if (status == FID_OK)
        status = check_factors(step, SHIFT, "shift", error);
    if (status == FID_OK && step->node->activation == FID_ACT_PRELU)
        status = fid_step_check_vector(step, SLOPE, "slope", c, error);
    return status;
}

static void affine_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = is_map(step, SCALE) || is_map(step, SHIFT) ? "by_number" : "by_channel";
    step->kernel_slot = "affine_f32";
    step->share = 1;
    step->macs = fid_shape_count(step->output.shape);
    fid_step_set_post(step, SLOPE);
}

static void affine_pixels(const struct fid_step *step, const struct fid_run *run,
                          struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c;
    const size_t at = range.first * c;
    run->kernels->affine_f32(range.count, c, step->inputs[0].data + at, step->weights[SCALE].data,
                             step->weights[SHIFT].data, step->output.data + at, &step->post);
    fid_step_finish(step, run->kernels, at, range.count * c);
}

static const float *factors_of(const struct fid_step *step, size_t i, size_t pixel)
{
    return step->weights[i].data + (is_map(step, i) ? pixel * step->output.shape.c : 0);
}

/* The factors change from pixel to pixel. */
static void affine_pixels_by_number(const struct fid_step *step, const struct fid_run *run,
                                    struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c, pixels = fid_shape_pixels(step->output.shape);
    const size_t at = range.first * c;
    for (size_t i = range.first; i < range.first + range.count; i++)
        run->kernels->affine_f32(
            1, c, step->inputs[0].data + i * c, factors_of(step, SCALE, i % pixels),
            factors_of(step, SHIFT, i % pixels), step->output.data + i * c, &step->post);
    fid_step_finish(step, run->kernels, at, range.count * c);
}

static void affine_run(const struct fid_step *step, const struct fid_run *run)
{
    const bool maps = is_map(step, SCALE) || is_map(step, SHIFT);
    fid_step_for_pixels(step, run, maps ? affine_pixels_by_number : affine_pixels);
}

const struct fid_op fid_op_affine = {.name = "affine",
                                     .infer_shape = affine_infer_shape,
                                     .choose = affine_choose,
                                     .run = affine_run};
