/* convert.c - the same numbers in the other type: f32 to bytes or bytes to f32. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

static enum fid_status convert_infer_shape(struct fid_step *step, struct fid_error *error)
{
    step->output.shape = step->inputs[0].shape;
    return fid_step_check_counts(step, 1, 1, 0, error);
}

static void convert_scratch_size(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "elementwise";
    step->kernel_slot = fid_is_bytes(&step->output) ? "to_u8" : "from_u8";
    step->packed_bytes = (uint64_t)step->output.shape.c * sizeof(float);
}

/* The factor of each channel. */
static void convert_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    const bool to_bytes = fid_is_bytes(&step->output);
    const struct fid_tensor *bytes = to_bytes ? &step->output : &step->inputs[0];
    float *factors = step->packed;
    for (size_t j = 0; j < step->output.shape.c; j++) {
        const float scale = fid_channel_scale(bytes, j);
        factors[j] = to_bytes ? 1.0f / scale : scale;
    }
}

static void convert_pixels(const struct fid_step *step, const struct fid_run *run,
                           struct fid_pixel_range range)
{
    const struct fid_tensor *in = &step->inputs[0], *out = &step->output;
    const size_t c = out->shape.c, at = range.first * c;
    if (fid_is_bytes(out))
        run->kernels->to_u8(range.count, c, in->data + at, step->packed, fid_zero_point(out),
                            out->bytes + at);
    else
        run->kernels->from_u8(range.count, c, in->bytes + at, step->packed, fid_zero_point(in),
                              out->data + at);
}

static void convert_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, convert_pixels);
}

const struct fid_op fid_op_convert = {.name = "convert",
                                      .infer_shape = convert_infer_shape,
                                      .scratch_size = convert_scratch_size,
                                      .prepare = convert_prepare,
                                      .run = convert_run,
                                      .types = FID_TYPES_CONVERT};
