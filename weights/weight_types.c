/* weight_types.c - which bytes are numbers of a tensor's type: finite ones, scales in their range;
 * and what the values of bytes are said to be. */
#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "weights/weight_view.h"

/* Is an exponent all ones? It carries into the sign bit when one is added to it: three integer
 * operations on whole vectors, which compilers find by themselves in blocks of fixed size. */
#define DEFINE_ALL_FINITE(name, word, exponent, one, sign)            \
    static bool name(const word *words, size_t count)                 \
    {                                                                 \
        enum { BLOCK = 256 };                                         \
        word carry = 0;                                               \
        size_t i = 0;                                                 \
        for (; i + BLOCK <= count; i += BLOCK)                        \
            for (size_t j = 0; j < BLOCK; j++)                        \
                carry |= (word)((words[i + j] & (exponent)) + (one)); \
        for (; i < count; i++)                                        \
            carry |= (word)((words[i] & (exponent)) + (one));         \
        return (carry & (sign)) == 0;                                 \
    }
DEFINE_ALL_FINITE(f32_finite, uint32_t, 0x7F800000u, 0x00800000u, 0x80000000u)
DEFINE_ALL_FINITE(f16_finite, uint16_t, 0x7C00u, 0x0400u, 0x8000u)
DEFINE_ALL_FINITE(bf16_finite, uint16_t, 0x7F80u, 0x0080u, 0x8000u)

bool fid_weight_is_scale(float scale)
{
    return scale >= 1 / FID_LIMIT_S8_SCALE && scale <= FID_LIMIT_S8_SCALE; /* false for NaN */
}

static bool are_scales(const float *scales, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good = good && fid_weight_is_scale(scales[i]);
    return good;
}

/* -128 has no opposite. */
static bool are_bytes(const int8_t *bytes, size_t count)
{
    bool bad = false;
    for (size_t i = 0; i < count; i++)
        bad |= bytes[i] == INT8_MIN;
    return !bad;
}

bool fid_weight_are_numbers(const struct fid_file_tensor *tensor, size_t at, const void *start,
                            size_t bytes)
{
    const size_t scales = (size_t)tensor->dims[0] * sizeof(float);
    const size_t front = at < scales ? scales - at : 0;
    const size_t scale_bytes = fid_min_size(front, bytes);
    switch (tensor->type) {
    case FID_TENSOR_F16:
        return f16_finite(start, bytes / sizeof(uint16_t));
    case FID_TENSOR_BF16:
        return bf16_finite(start, bytes / sizeof(uint16_t));
    case FID_TENSOR_S8:
        return are_scales(start, scale_bytes / sizeof(float)) &&
               are_bytes((const int8_t *)start + scale_bytes, bytes - scale_bytes);
    default:
        return f32_finite(start, bytes / sizeof(float));
    }
}

static bool is_quantization(const float *numbers, size_t count)
{
    const float zero = numbers[0];
    return zero >= 0 && zero <= 255 && zero == (float)(int)zero &&
           are_scales(numbers + 1, count - 1);
}

enum fid_status fid_weight_file_check_quantized(const struct fid_weight_file *file,
                                                struct fid_error *error)
{
    size_t count, tensor_count;
    enum fid_status status = FID_OK;
    const struct fid_file_value *values = fid_weight_file_values(file, &count);
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &tensor_count);
    bool *seen = fid_calloc(tensor_count, sizeof *seen); /* many values may share a large one */
    if (seen == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to check %zu tensors", tensor_count);
    for (size_t i = 0; i < count && status == FID_OK; i++) {
        const size_t tensor = (size_t)values[i].quantized - 1;
        if (values[i].quantized == 0 || seen[tensor])
            continue;
        const float *numbers = fid_weight_file_tensor_data(file, tensor);
        seen[tensor] = true;
        if (!is_quantization(numbers, tensors[tensor].dims[0]))
            status = fid_weight_refuse(file, error, FID_CORRUPT, numbers,
                                       "value '%.80s': its zero point is no whole number in "
                                       "0..255, or a scale is not in 2^-30..2^30",
                                       fid_weight_file_string(file, values[i].name));
    }
    fid_free(seen);
    return status;
}
