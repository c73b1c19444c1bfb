/* convert.c - the same numbers in the other type: f32 to bytes or bytes to f32. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

static enum fid_status convert_infer_shape(struct fid_step *step, struct fid_error *error)
{
    step->output.shape = step->inputs[0].shape;
    return fid_step_check_counts(step, 1, 1, 0, error);
}

/* Factors for several pixels in a row where a pixel has few channels: the kernels take them for one
 * wide pixel then. */
static size_t pixels_together(size_t c)
{
    const size_t wide = 256;
    return c < wide ? wide / c : 1;
}

static void convert_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    const size_t c = step->output.shape.c;
    step->method = "elementwise";
    step->kernel_slot = fid_is_bytes(&step->output) ? "to_u8" : "from_u8";
    step->packed_bytes = (uint64_t)pixels_together(c) * c * sizeof(float);
}

static void convert_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    const size_t c = step->output.shape.c;
    const bool to_bytes = fid_is_bytes(&step->output);
    const struct fid_tensor *bytes = to_bytes ? &step->output : &step->inputs[0];
    float *factors = step->packed;
    for (size_t i = 0; i < pixels_together(c) * c; i++) {
        const float scale = fid_channel_scale(bytes, i % c);
        factors[i] = to_bytes ? 1.0f / scale : scale;
    }
}

static void convert_numbers(const struct fid_step *step, const struct fid_run *run, size_t at,
                            size_t pixels, size_t c)
{
    const struct fid_tensor *in = &step->inputs[0], *out = &step->output;
    if (fid_is_bytes(out))
        run->kernels->to_u8(pixels, c, in->data + at, step->packed, fid_zero_point(out),
                            out->bytes + at);
    else
        run->kernels->from_u8(pixels, c, in->bytes + at, step->packed, fid_zero_point(in),
                              out->data + at);
}

static void convert_pixels(const struct fid_step *step, const struct fid_run *run,
                           struct fid_pixel_range range)
{
    const size_t c = step->output.shape.c, together = pixels_together(c);
    const size_t wide = range.count / together, rest = range.count % together;
    if (wide > 0)
        convert_numbers(step, run, range.first * c, wide, together * c);
    if (rest > 0)
        convert_numbers(step, run, (range.first + wide * together) * c, rest, c);
}

static void convert_run(const struct fid_step *step, const struct fid_run *run)
{
    fid_step_for_pixels(step, run, convert_pixels);
}

const struct fid_op fid_op_convert = {.name = "convert",
                                      .infer_shape = convert_infer_shape,
                                      .choose = convert_choose,
                                      .prepare = convert_prepare,
                                      .run = convert_run,
                                      .types = FID_TYPES_CONVERT};
