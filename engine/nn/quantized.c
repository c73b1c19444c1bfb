/* quantized.c - values of bytes: the rules of their types, and scales folded into vectors.
 *
 * A sum s of products stands for s · (scale of the input) · (scale of the filter), and the output
 * counts in steps of its own scale; so one factor a channel turns the sum into steps. The zero
 * point of the input goes into the bias: Σ (a - zero) · w = Σ a · w - zero · Σ w. Factors are
 * computed in double precision and rounded once, so that they are the same on every machine. */
#include "engine/nn/quantized.h"

#include <math.h>
#include <string.h>

/* A bias of more products than this would leave too little of an int32 for the sum. */
#define BIAS_LIMIT 1073741823.0

/* ---- types ---- */

static bool has_one_scale(const struct fid_tensor *tensor)
{
    return tensor->quantized_count == 2;
}

static bool is_depthwise(const struct fid_step *step)
{
    return step->node->op == FID_OP_CONV && fid_step_is_depthwise(step);
}

/* One zero point and one scale, or as many as channels. */
static bool scales_fit(const struct fid_tensor *tensor)
{
    return !fid_is_bytes(tensor) || has_one_scale(tensor) ||
           tensor->quantized_count == 1 + tensor->shape.c;
}

/* NULL, or what is wrong with a product of bytes. */
static const char *product_fault(const struct fid_step *step)
{
    const struct fid_file_tensor *filter = step->weights[0].record;
    if (!fid_is_bytes(&step->inputs[0]))
        return fid_is_bytes(&step->output)                               ? "f32 in and bytes out"
               : step->input_count > 1 && fid_is_bytes(&step->inputs[1]) ? "a residual of bytes"
                                                                         : NULL;
    if (filter->type != FID_TENSOR_S8)
        return "an input of bytes, and a filter of another type";
    if (fid_file_tensor_count(filter) / filter->dims[0] > FID_LIMIT_S8_SUM)
        return "too many products in a sum";
    if (step->node->op == FID_OP_CONV && step->node->groups != 1 && !is_depthwise(step))
        return "bytes in groups of several channels";
    if (!has_one_scale(&step->inputs[0]) && !is_depthwise(step))
        return "an input with a scale for each channel";
    if (step->input_count > 1 &&
        !(fid_is_bytes(&step->inputs[1]) && has_one_scale(&step->inputs[1])))
        return "a residual that is not of bytes with one scale";
    if (fid_is_bytes(&step->output) && !fid_acts_on_bytes(step->node))
        return "bytes out of such an activation";
    return NULL;
}

static const char *sum_fault(const struct fid_step *step)
{
    const bool a = fid_is_bytes(&step->inputs[0]), b = fid_is_bytes(&step->inputs[1]);
    if (!a && !b)
        return fid_is_bytes(&step->output) ? "f32 in and bytes out" : NULL;
    if (!a || !b || !fid_is_bytes(&step->output))
        return "values of both types";
    if (!has_one_scale(&step->inputs[0]) || !has_one_scale(&step->inputs[1]))
        return "an input with a scale for each channel";
    return fid_acts_on_bytes(step->node) ? NULL : "bytes out of such an activation";
}

static const char *same_fault(const struct fid_step *step)
{
    for (size_t i = 0; i < step->input_count; i++)
        if (step->inputs[i].quantized != step->output.quantized)
            return "values of several types or scales";
    return fid_is_bytes(&step->output) && !has_one_scale(&step->output) ? "a scale for each channel"
                                                                        : NULL;
}

static const char *average_fault(const struct fid_step *step)
{
    if (fid_is_bytes(&step->output))
        return "bytes out";
    if (!fid_is_bytes(&step->inputs[0]))
        return NULL;
    if (fid_shape_pixels(step->inputs[0].shape) > FID_LIMIT_U8_PIXELS)
        return "too many pixels in a sum";
    return has_one_scale(&step->inputs[0]) ? NULL : "a scale for each channel";
}

static const char *types_fault(const struct fid_step *step)
{
    const bool in = fid_is_bytes(&step->inputs[0]), out = fid_is_bytes(&step->output);
    switch (step->op->types) {
    case FID_TYPES_PRODUCT:
        return product_fault(step);
    case FID_TYPES_SUM:
        return sum_fault(step);
    case FID_TYPES_SAME:
        return same_fault(step);
    case FID_TYPES_AVERAGE:
        return average_fault(step);
    case FID_TYPES_CONVERT:
        return in == out ? "the same type in and out" : NULL;
    default:
        break;
    }
    for (size_t i = 0; i < step->input_count; i++)
        if (fid_is_bytes(&step->inputs[i]))
            return "bytes in";
    return out ? "bytes out" : NULL;
}

enum fid_status fid_step_check_types(const struct fid_step *step, struct fid_error *error)
{
    const bool product = step->op->types == FID_TYPES_PRODUCT;
    for (size_t i = product ? 1 : 0; i < step->weight_count; i++)
        if (step->weights[i].record->type != FID_TENSOR_F32)
            return fid_step_refuse(step, error, "tensor %zu of %s is of type %u, not of f32", i,
                                   step->op->name, step->weights[i].record->type);
    if (!scales_fit(&step->output))
        return fid_step_refuse(step, error, "the output has %zu channels and %zu scales",
                               step->output.shape.c, step->output.quantized_count - 1);
    const char *fault = types_fault(step);
    return fault == NULL
               ? FID_OK
               : fid_step_refuse(step, error, "%s takes no such types: %s", step->op->name, fault);
}

/* ---- vectors ---- */

enum { VECTORS = FID_S8_ROWS, ALIGN = 64 };

static uint64_t pad_bytes(const struct fid_step *step)
{
    return fid_align_up(step->inputs[0].shape.c + FID_READ_AHEAD_BYTES, ALIGN);
}

uint64_t fid_columns_s8_bytes(const struct fid_step *step)
{
    const uint64_t numbers = (uint64_t)VECTORS * step->output.shape.c * sizeof(float);
    return fid_align_up(numbers, ALIGN) + pad_bytes(step);
}

const void *fid_columns_s8_pad(const struct fid_step *step)
{
    return (const char *)step->packed + (step->packed_bytes - pad_bytes(step));
}

static float limit(float number, double scale, double low, double high)
{
    return (float)fmin(fmax((double)number / scale, low), high);
}

struct fid_range fid_step_range(const struct fid_step *step, size_t j)
{
    const bool clamps = step->node->activation == FID_ACT_CLAMP;
    const float low = clamps ? step->node->act_min : -INFINITY;
    const float high = clamps ? step->node->act_max : INFINITY;
    if (!fid_is_bytes(&step->output))
        return (struct fid_range){low, high};
    const double scale = (double)fid_channel_scale(&step->output, j);
    const double least = -fid_zero_point(&step->output), most = 255 + least;
    return (struct fid_range){limit(low, scale, least, most), limit(high, scale, least, most)};
}

/* The bias of channel j in products, with the input's zero point in it. */
static int32_t fold_bias(const struct fid_step *step, size_t j, double product)
{
    const struct fid_file_tensor *filter = step->weights[0].record;
    const size_t count = (size_t)(fid_file_tensor_count(filter) / filter->dims[0]);
    const int8_t *weights = (const int8_t *)(step->weights[0].data + filter->dims[0]) + j * count;
    const double bias = nearbyint((double)step->weights[1].data[j] / product);
    int32_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += weights[i];
    return (int32_t)fmin(fmax(bias, -BIAS_LIMIT), BIAS_LIMIT) -
           fid_zero_point(&step->inputs[0]) * sum;
}

void fid_columns_s8_fill(const struct fid_step *step, void *memory, struct fid_columns_s8 *columns)
{
    const size_t c = step->output.shape.c;
    const struct fid_tensor *in = &step->inputs[0], *out = &step->output;
    const bool prelu = step->node->activation == FID_ACT_PRELU;
    memset(memory, 0, (size_t)fid_columns_s8_bytes(step));
    int32_t *bias = memory;
    float *scale = (float *)memory + FID_S8_SCALE * c, *low = (float *)memory + FID_S8_LOW * c,
          *high = (float *)memory + FID_S8_HIGH * c, *slope = (float *)memory + FID_S8_SLOPE * c,
          *residual = (float *)memory + FID_S8_RESIDUAL * c;
    for (size_t j = 0; j < c; j++) {
        const double product = (double)fid_channel_scale(in, j) * (double)step->weights[0].data[j];
        const double unit = fid_is_bytes(out) ? (double)fid_channel_scale(out, j) : 1.0;
        const struct fid_range range = fid_step_range(step, j);
        bias[j] = fold_bias(step, j, product);
        scale[j] = (float)(product / unit);
        low[j] = range.low;
        high[j] = range.high;
        slope[j] = prelu ? step->weights[2].data[j] : 1.0f;
        residual[j] =
            step->input_count > 1 ? (float)((double)step->inputs[1].quantized[1] / unit) : 0.0f;
    }
    *columns = (struct fid_columns_s8){bias, scale, low, high, slope, residual};
    memset((char *)memory + (fid_columns_s8_bytes(step) - pad_bytes(step)), fid_zero_point(in),
           (size_t)pad_bytes(step));
}

struct fid_post_s8 fid_step_post_s8(const struct fid_step *step)
{
    const bool bytes = fid_is_bytes(&step->output);
    return (struct fid_post_s8){.residual_zero =
                                    step->input_count > 1 ? fid_zero_point(&step->inputs[1]) : 0,
                                .zero = bytes ? fid_zero_point(&step->output) : 0,
                                .slope = step->node->activation == FID_ACT_PRELU,
                                .f32 = !bytes};
}
