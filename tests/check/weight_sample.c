/* weight_sample.c - a small weight file with a layer of each kind. */
#include "tests/check/weight_sample.h"

#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t add_node(struct fid_builder *builder, const char *name,
                         const struct fid_file_node *fields, uint32_t a)
{
    return fid_builder_node(builder, name, fields, 1, &a, 0, NULL);
}

/* Numbers that are all different and not zero. */
static uint32_t add_tensor(struct fid_builder *builder, const char *name, uint32_t rank,
                           const uint32_t *dims)
{
    static float numbers[2 * SAMPLE_FC_INPUTS];
    for (uint32_t i = 0; i < 2 * SAMPLE_FC_INPUTS; i++)
        numbers[i] = 0.125f * (float)(i + 1);
    return fid_builder_tensor(builder, name, rank, dims, numbers);
}

static uint32_t add_conv(struct fid_builder *builder)
{
    const struct fid_file_node conv = {.op = FID_OP_CONV,
                                       .activation = FID_ACT_PRELU,
                                       .kernel_h = 3,
                                       .kernel_w = 3,
                                       .stride_h = 1,
                                       .stride_w = 1,
                                       .dilation_h = 1,
                                       .dilation_w = 1,
                                       .groups = 1,
                                       .pad_mode = FID_PAD_SAME};
    const uint32_t filter[] = {4, 3, 3, 3}, vector[] = {4}, input = 0;
    const uint32_t tensors[] = {add_tensor(builder, "conv/filter", 4, filter),
                                add_tensor(builder, "conv/bias", 1, vector),
                                add_tensor(builder, "conv/slope", 1, vector)};
    return fid_builder_node(builder, "conv", &conv, 1, &input, 3, tensors);
}

static void add_picture_graph(struct fid_builder *builder)
{
    const struct fid_file_node pool = {.op = FID_OP_MAX_POOL,
                                       .kernel_h = 2,
                                       .kernel_w = 2,
                                       .stride_h = 1,
                                       .stride_w = 1,
                                       .pad_bottom = 1,
                                       .pad_right = 1};
    const struct fid_file_node clamp = {
        .op = FID_OP_ACTIVATION, .activation = FID_ACT_CLAMP, .act_max = __builtin_inff()};
    const struct fid_file_node add = {.op = FID_OP_ADD};
    const struct fid_file_node reshape = {.op = FID_OP_RESHAPE, .shape = {0, -1, 1, 4}};
    const struct fid_file_node transpose = {.op = FID_OP_TRANSPOSE, .shape = {0, 2, 1, 3}};
    const struct fid_file_node concat = {.op = FID_OP_CONCAT, .axis = 3};
    const struct fid_file_node resize = {.op = FID_OP_RESIZE_NEAREST, .scale = 2};
    fid_builder_graph(builder, "picture", 8, 8, 3);
    fid_builder_free_size(builder, 4);
    uint32_t x = add_conv(builder);
    uint32_t pooled = add_node(builder, "pool", &pool, x);
    uint32_t clamped = add_node(builder, "clamp", &clamp, pooled);
    const uint32_t both[] = {pooled, clamped};
    uint32_t sum = fid_builder_node(builder, "sum", &add, 2, both, 0, NULL);
    fid_builder_output(builder, add_node(builder, "rows", &reshape, sum));
    uint32_t swapped = add_node(builder, "swapped", &transpose, sum);
    const uint32_t sides[] = {sum, swapped};
    uint32_t wide = fid_builder_node(builder, "wide", &concat, 2, sides, 0, NULL);
    fid_builder_output(builder, add_node(builder, "large", &resize, wide));
}

static void add_vector_graph(struct fid_builder *builder)
{
    const struct fid_file_node fc = {.op = FID_OP_FULLY_CONNECTED};
    const struct fid_file_node softmax = {.op = FID_OP_SOFTMAX, .axis = 3};
    const uint32_t filter[] = {2, SAMPLE_FC_INPUTS}, bias[] = {2}, input = 0;
    fid_builder_graph(builder, "vector", 1, 1, SAMPLE_FC_INPUTS);
    const uint32_t tensors[] = {add_tensor(builder, "fc/filter", 2, filter),
                                add_tensor(builder, "fc/bias", 1, bias)};
    uint32_t y = fid_builder_node(builder, "fc", &fc, 1, &input, 2, tensors);
    fid_builder_output(builder, add_node(builder, "probability", &softmax, y));
}

struct fid_builder *weight_sample_open(void)
{
    struct fid_builder *builder = fid_builder_open();
    const double mean[] = {91.4953, 103.8827, 131.0912};
    const int64_t strides[] = {8, 16, 32};
    const char *const labels[] = {"Ana", "Zo\xc3\xab"};
    fid_builder_floats(builder, "input.mean", 3, mean);
    fid_builder_ints(builder, "detect.strides", 3, strides);
    fid_builder_texts(builder, "labels", 2, labels);
    add_picture_graph(builder);
    add_vector_graph(builder);
    return builder;
}

/* 1 in the 16 bits of either type, and numbers near it. */
static uint32_t add_halves(struct fid_builder *builder, const char *name, enum fid_tensor_type type,
                           const uint32_t *dims)
{
    uint16_t halves[20];
    for (uint16_t i = 0; i < 20; i++)
        halves[i] = (uint16_t)((type == FID_TENSOR_F16 ? 0x3C00 : 0x3F80) + i);
    return fid_builder_typed_tensor(builder, name, type, 2, dims, halves);
}

static uint32_t add_bytes_conv(struct fid_builder *builder, uint32_t input)
{
    const struct fid_file_node conv = {.op = FID_OP_CONV,
                                       .kernel_h = 3,
                                       .kernel_w = 3,
                                       .stride_h = 1,
                                       .stride_w = 1,
                                       .dilation_h = 1,
                                       .dilation_w = 1,
                                       .groups = 1,
                                       .pad_mode = FID_PAD_SAME};
    const uint32_t dims[] = {4, 3, 3, 3};
    struct {
        float scales[4];
        int8_t bytes[4 * 27];
    } filter = {.scales = {0.5f, 0.25f, 1, 2}};
    for (int8_t i = 0; i < 4 * 27; i++)
        filter.bytes[i] = (int8_t)(i - 54);
    const uint32_t tensors[] = {
        fid_builder_typed_tensor(builder, "conv/filter", FID_TENSOR_S8, 4, dims, &filter),
        add_tensor(builder, "conv/bias", 1, dims)};
    return fid_builder_node(builder, "conv", &conv, 1, &input, 2, tensors);
}

struct fid_builder *weight_types_open(void)
{
    static const float steps[] = {128, 0.01f}, other_steps[] = {3, 4};
    const struct fid_file_node pool = {
        .op = FID_OP_MAX_POOL, .kernel_h = 2, .kernel_w = 2, .stride_h = 1, .stride_w = 1};
    const struct fid_file_node fc = {.op = FID_OP_FULLY_CONNECTED};
    const uint32_t two = 2, fc_dims[] = {5, 4}, head_dims[] = {3, 5};
    struct fid_builder *builder = fid_builder_open();
    fid_builder_graph(builder, "net", 4, 4, 3);
    const uint32_t first = fid_builder_tensor(builder, "steps", 1, &two, steps);
    const uint32_t other = fid_builder_tensor(builder, "other steps", 1, &two, other_steps);
    uint32_t v = add_node(builder, "to bytes", &(struct fid_file_node){.op = FID_OP_CONVERT}, 0);
    fid_builder_quantize(builder, v, first);
    v = add_bytes_conv(builder, v);
    fid_builder_quantize(builder, v, other);
    v = add_node(builder, "pool", &pool, v);
    fid_builder_quantize(builder, v, other);
    v = add_node(builder, "average", &(struct fid_file_node){.op = FID_OP_GLOBAL_AVERAGE_POOL}, v);
    const uint32_t tensors[] = {add_halves(builder, "fc/filter", FID_TENSOR_F16, fc_dims),
                                add_tensor(builder, "fc/bias", 1, fc_dims)};
    v = fid_builder_node(builder, "fc", &fc, 1, &v, 2, tensors);
    const uint32_t head[] = {add_halves(builder, "head/filter", FID_TENSOR_BF16, head_dims),
                             add_tensor(builder, "head/bias", 1, head_dims)};
    v = fid_builder_node(builder, "head", &fc, 1, &v, 2, head);
    fid_builder_output(builder, v);
    return builder;
}

struct weight_image weight_image_copy(const uint8_t *bytes, size_t size)
{
    void *block; /* not aligned_alloc, which wants a multiple of 64 as its size */
    if (posix_memalign(&block, FID_FILE_ALIGN, size > 0 ? size : 1) != 0) {
        fprintf(stderr, "weight_sample: no memory\n");
        exit(2);
    }
    memcpy(block, bytes, size);
    return (struct weight_image){block, size};
}

static struct weight_image finish(struct fid_builder *builder)
{
    size_t size;
    const uint8_t *bytes = fid_builder_finish(builder, &size);
    struct weight_image image = weight_image_copy(bytes, size);
    fid_builder_close(&builder);
    return image;
}

struct weight_image weight_sample_image(void)
{
    return finish(weight_sample_open());
}

struct weight_image weight_types_image(void)
{
    return finish(weight_types_open());
}

struct fid_builder *weight_packed_open(void)
{
    static const uint32_t bytes[SAMPLE_FC] = {
        [SAMPLE_CONV] = 500, [SAMPLE_ADD] = 64, [SAMPLE_RESHAPE] = 3};
    uint8_t blob[500];
    struct fid_builder *builder = weight_sample_open();
    fid_builder_plan(builder, &(struct fid_file_plan){
                                  .h = 16, .w = 8, .pack_version = 1, .kernels = "some_kernels"});
    for (size_t i = 0; i < sizeof blob; i++)
        blob[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < SAMPLE_FC; i++)
        fid_builder_step(builder, i % 2 ? "a_method" : "other", bytes[i], blob);
    return builder;
}

struct weight_image weight_packed_image(void)
{
    return finish(weight_packed_open());
}

struct fid_file_section *weight_image_section(struct weight_image image, enum fid_section section)
{
    return (struct fid_file_section *)(void *)(image.bytes + sizeof(struct fid_file_header)) +
           section;
}

void *weight_image_records(struct weight_image image, enum fid_section section)
{
    return image.bytes + weight_image_section(image, section)->offset;
}

enum fid_status weight_image_open(struct weight_image image, size_t size,
                                  struct fid_weight_file **file, struct fid_error *error)
{
    enum fid_status status = fid_weight_file_open_memory(image.bytes, size, WEIGHT_IMAGE_NAME,
                                                         fid_kernels_best()->crc32c, file, error);
    if (status == FID_OK)
        status = fid_weight_file_check(*file, NULL, error);
    if (status != FID_OK)
        fid_weight_file_close(file);
    return status;
}
