/* widen.c - f16, bf16 and s8 to f32. Every number of these types is one of f32. */
#include "engine/nn/widen.h"

#include "engine/nn/quantized.h"

#include <math.h>
#include <string.h>

size_t fid_step_widened_count(const struct fid_step *step)
{
    if (step->op->types != FID_TYPES_PRODUCT || fid_is_bytes(&step->inputs[0]) ||
        step->weights[0].record->type == FID_TENSOR_F32)
        return 0;
    return (size_t)fid_file_tensor_count(step->weights[0].record);
}

/* IEEE 754 binary16; finite. */
static float f16_number(uint16_t bits)
{
    enum { FRACTION_BITS = 10, BIAS = 15 };
    const int exponent = bits >> FRACTION_BITS & 31, fraction = bits & 1023;
    const float size = exponent == 0
                           ? ldexpf((float)fraction, 1 - BIAS - FRACTION_BITS)
                           : ldexpf((float)(fraction + 1024), exponent - BIAS - FRACTION_BITS);
    return bits >> 15 ? -size : size;
}

static float bf16_number(uint16_t bits)
{
    const uint32_t whole = (uint32_t)bits << 16;
    float number;
    memcpy(&number, &whole, sizeof number);
    return number;
}

void fid_step_widen(const struct fid_step *step, float *numbers)
{
    const struct fid_file_tensor *filter = step->weights[0].record;
    const size_t count = fid_step_widened_count(step), each = count / filter->dims[0];
    const float *scales = step->weights[0].data;
    const int8_t *bytes = (const int8_t *)(scales + filter->dims[0]);
    const uint16_t *halves = (const void *)step->weights[0].data;
    for (size_t i = 0; i < count; i++)
        numbers[i] = filter->type == FID_TENSOR_S8    ? scales[i / each] * (float)bytes[i]
                     : filter->type == FID_TENSOR_F16 ? f16_number(halves[i])
                                                      : bf16_number(halves[i]);
}
