/* net_bytes.c - layers of bytes and filters of 16 and 8 bits for small networks. */
#include "tests/check/net_bytes.h"

#include "tests/check/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TENSORS_MAX = 3 };

static void *block_of(size_t bytes)
{
    void *block = malloc(bytes > 0 ? bytes : 1);
    if (block == NULL)
        abort();
    return block;
}

static size_t product_of(uint32_t rank, const uint32_t *dims)
{
    size_t count = 1;
    for (uint32_t i = 0; i < rank; i++)
        count *= dims[i];
    return count;
}

/* A name that no tensor has. */
static const char *fresh_name(const char *what)
{
    static char name[64];
    static int number;
    snprintf(name, sizeof name, "%s%d", what, number++);
    return name;
}

uint32_t net_steps(struct fid_builder *builder, uint32_t count, float scale)
{
    const uint32_t dims[] = {1 + count};
    float *numbers = block_of(dims[0] * sizeof *numbers);
    /* mostly near the middle, and the ends of the range as well */
    const uint32_t kind = check_random_below(8);
    numbers[0] = kind == 0 ? 0.0f : kind == 1 ? 255.0f : (float)(80 + check_random_below(96));
    for (uint32_t i = 1; i <= count; i++)
        numbers[i] = scale * check_random_float(0.5f, 2.0f);
    const uint32_t tensor = fid_builder_tensor(builder, fresh_name("steps"), 1, dims, numbers);
    free(numbers);
    return tensor;
}

uint32_t net_make_bytes(struct fid_builder *builder, uint32_t value, uint32_t count, float scale)
{
    fid_builder_quantize(builder, value, net_steps(builder, count, scale));
    return value;
}

uint32_t net_convert(struct fid_builder *builder, uint32_t value, uint32_t steps)
{
    uint32_t tensors[TENSORS_MAX];
    const uint32_t out = net_node(builder, (struct fid_file_node){.op = FID_OP_CONVERT},
                                  FID_ACT_NONE, 0, 1, &value, 0, tensors);
    if (steps != UINT32_MAX)
        fid_builder_quantize(builder, out, steps);
    return out;
}

/* ---- filters ---- */

/* FILLS *bytes with how many there are, to be freed: scales of about 1 / 127, then -127..127. */
static void *random_s8(uint32_t rank, const uint32_t *dims, size_t *bytes)
{
    const size_t count = product_of(rank, dims);
    *bytes = dims[0] * sizeof(float) + count;
    float *scales = block_of(*bytes);
    int8_t *numbers = (int8_t *)(scales + dims[0]);
    for (uint32_t i = 0; i < dims[0]; i++)
        scales[i] = check_random_float(0.5f, 1.5f) / 127;
    for (size_t i = 0; i < count; i++)
        numbers[i] = (int8_t)((int)check_random_below(255) - 127);
    return scales;
}

uint32_t net_filter_s8(struct fid_builder *builder, uint32_t rank, const uint32_t *dims)
{
    size_t bytes;
    void *data = random_s8(rank, dims, &bytes);
    const uint32_t tensor =
        fid_builder_typed_tensor(builder, fresh_name("s8_"), FID_TENSOR_S8, rank, dims, data);
    free(data);
    return tensor;
}

float net_f16_number(uint16_t bits)
{
    const double fraction = (bits & 1023) / 1024.0, sign = bits & 0x8000 ? -1 : 1;
    const int exponent = bits >> 10 & 31;
    return (float)(sign *
                   (exponent == 0 ? fraction * 0x1p-14 : (1 + fraction) * pow(2, exponent - 15)));
}

/* Finite patterns of 16 bits, all exponents that keep a sum of products small: f16's smallest
 * numbers below its normal ones too. */
static uint16_t random_half(enum fid_tensor_type type)
{
    const uint32_t bits = check_random();
    const uint32_t sign = bits >> 31 << 15;
    if (type == FID_TENSOR_F16)
        return (uint16_t)(sign | (bits >> 8 & 15) << 10 | (bits >> 16 & 1023));
    return (uint16_t)(sign | (112 + (bits >> 8 & 15)) << 7 | (bits >> 16 & 127));
}

float net_bf16_number(uint16_t bits)
{
    const double fraction = (bits & 127) / 128.0, sign = bits & 0x8000 ? -1 : 1;
    const int exponent = bits >> 7 & 255;
    return (float)(sign *
                   (exponent == 0 ? fraction * 0x1p-126 : (1 + fraction) * pow(2, exponent - 127)));
}

void net_typed_filter(struct fid_builder *const builders[2], enum fid_tensor_type type,
                      uint32_t rank, const uint32_t *dims, uint32_t tensors[2])
{
    const size_t count = product_of(rank, dims), each = count / dims[0];
    float *numbers = block_of(count * sizeof *numbers), *bias = block_of(dims[0] * sizeof *bias);
    size_t bytes = count * sizeof(uint16_t);
    void *data = type == FID_TENSOR_S8 ? random_s8(rank, dims, &bytes) : block_of(bytes);
    uint16_t *halves = data;
    const float *scales = data;
    for (size_t i = 0; i < count; i++) {
        if (type == FID_TENSOR_S8) {
            numbers[i] = scales[i / each] * (float)((const int8_t *)(scales + dims[0]))[i];
            continue;
        }
        halves[i] = random_half(type);
        numbers[i] =
            type == FID_TENSOR_F16 ? net_f16_number(halves[i]) : net_bf16_number(halves[i]);
    }
    for (uint32_t i = 0; i < dims[0]; i++)
        bias[i] = check_random_float(-1, 1);
    const char *name = fresh_name("filter");
    fid_builder_typed_tensor(builders[0], name, type, rank, dims, data);
    tensors[0] = fid_builder_tensor(builders[1], name, rank, dims, numbers);
    name = fresh_name("bias");
    fid_builder_tensor(builders[0], name, 1, dims, bias);
    tensors[1] = fid_builder_tensor(builders[1], name, 1, dims, bias);
    free(data);
    free(bias);
    free(numbers);
}

uint32_t net_conv_s8(struct fid_builder *builder, struct fid_file_node fields, uint32_t activation,
                     uint32_t c_in, uint32_t c_out, size_t input_count, const uint32_t *inputs)
{
    const uint32_t dims[] = {c_out, (uint32_t)fields.kernel_h, (uint32_t)fields.kernel_w,
                             c_in / (uint32_t)fields.groups};
    uint32_t tensors[TENSORS_MAX];
    tensors[0] = net_filter_s8(builder, 4, dims);
    tensors[1] = net_random_tensor(builder, 1, &c_out);
    fields.op = FID_OP_CONV;
    return net_node(builder, fields, activation, c_out, input_count, inputs, 2, tensors);
}
