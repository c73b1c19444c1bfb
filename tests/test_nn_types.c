/* test_nn_types.c - filters of 16 and 8 bits in layers of f32 give the bits of the same numbers in
 * f32, by every method. */
#include "tests/check/check.h"
#include "tests/check/net_bytes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fid_file_node conv_3x3 = {.op = FID_OP_CONV,
                                              .kernel_h = 3,
                                              .kernel_w = 3,
                                              .stride_h = 1,
                                              .stride_w = 1,
                                              .dilation_h = 1,
                                              .dilation_w = 1,
                                              .groups = 1,
                                              .pad_mode = FID_PAD_SAME};

/* ---- filters that are made f32 ---- */

/* Two networks that grow alike: filters of a type, and of the same numbers in f32. */
struct twins {
    struct fid_builder *builders[2];
    enum fid_tensor_type type;
    uint32_t count; /* of nodes */
};

static uint32_t add_conv(struct twins *twins, int32_t kernel, int32_t groups, uint32_t c_in,
                         uint32_t c_out, size_t input_count, const uint32_t *inputs)
{
    const uint32_t dims[] = {c_out, (uint32_t)kernel, (uint32_t)kernel, c_in / (uint32_t)groups};
    struct fid_file_node fields = conv_3x3;
    uint32_t tensors[2];
    char name[16];
    fields.kernel_h = fields.kernel_w = kernel;
    fields.groups = groups;
    fields.activation = FID_ACT_CLAMP;
    fields.act_min = -0.5f;
    fields.act_max = 6;
    net_typed_filter(twins->builders, twins->type, 4, dims, tensors);
    snprintf(name, sizeof name, "conv%u", twins->count++);
    fid_builder_node(twins->builders[0], name, &fields, input_count, inputs, 2, tensors);
    return fid_builder_node(twins->builders[1], name, &fields, input_count, inputs, 2, tensors);
}

static struct twins build_twins(enum fid_tensor_type type)
{
    enum { SIDE = 10, C = 24, OUT = 13 };
    struct twins twins = {{fid_builder_open(), fid_builder_open()}, type, 0};
    const struct fid_file_node fc = {.op = FID_OP_FULLY_CONNECTED};
    const uint32_t dims[] = {OUT, SIDE * SIDE * C};
    uint32_t v[2] = {0, 0}, tensors[2];
    for (int i = 0; i < 2; i++)
        fid_builder_graph(twins.builders[i], "net", SIDE, SIDE, 3);
    v[0] = add_conv(&twins, 3, 1, 3, C, 1, v);
    v[1] = add_conv(&twins, 3, C, C, C, 1, v); /* depthwise */
    v[0] = add_conv(&twins, 3, 1, C, C, 2, v);
    v[0] = add_conv(&twins, 1, 1, C, C, 1, v);
    v[0] = add_conv(&twins, 3, 4, C, C, 1, v); /* groups */
    net_typed_filter(twins.builders, type, 2, dims, tensors);
    for (int i = 0; i < 2; i++)
        fid_builder_output(twins.builders[i],
                           fid_builder_node(twins.builders[i], "fc", &fc, 1, v, 2, tensors));
    return twins;
}

static void close_twins(struct twins *twins)
{
    fid_builder_close(&twins->builders[0]);
    fid_builder_close(&twins->builders[1]);
}

/* How many steps of a session are computed by a method. */
static int count_method(const struct net *net, const char *method)
{
    struct fid_step_info step;
    int count = 0;
    for (size_t i = 0; fid_session_step(net->session, i, &step); i++)
        count += strcmp(step.method, method) == 0;
    return count;
}

static void same_as_widened(enum fid_tensor_type type)
{
    static const char *const methods[] = {NULL,        "gemm_1x1",     "indirect_gemm",
                                          "rows_gemm", "im2col_gemm",  "direct",
                                          "depthwise", "winograd_2x2", "winograd_4x4"};
    struct twins twins = build_twins(type);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0] && !check_failed(); i++) {
        struct net typed, wide;
        struct fid_error error = {0};
        const struct fid_options options = {
            .threads = 2, .method = methods[i], .low_memory = i % 2 == 1};
        enum fid_status status = net_open(&typed, twins.builders[0], &options, 2, false, &error);
        CHECK_THAT(status == FID_OK, "%s", error.text);
        if (status == FID_OK)
            status = net_open(&wide, twins.builders[1], &options, 2, false, &error);
        if (status == FID_OK) {
            net_run(&typed);
            net_run(&wide);
            CHECK_THAT(net_same_bits(&typed, &wide, 2), "%s", methods[i]);
            CHECK(methods[i] == NULL || count_method(&typed, methods[i]) > 0);
            net_close(&wide);
        }
        net_close(&typed);
    }
    close_twins(&twins);
}

static void f16_is_widened(void)
{
    same_as_widened(FID_TENSOR_F16);
}

static void bf16_is_widened(void)
{
    same_as_widened(FID_TENSOR_BF16);
}

static void s8_is_widened(void)
{
    same_as_widened(FID_TENSOR_S8);
}

static void note(void *ctx, const char *line)
{
    bool *in_place = ctx;
    *in_place = *in_place || strstr(line, "in place in the file") != NULL;
}

/* Packed they are f32, and stand beside the narrow ones, from which they are packed anew when they
 * are compared. */
static void packed_filters_are_the_widened_ones(void)
{
    static const char *const methods[] = {NULL, "direct", "winograd_4x4"};
    for (int i = 0; i < 9 && !check_failed(); i++) {
        char plain[4096], packed[4096];
        bool in_place = false;
        const struct fid_options options = {
            .threads = 2, .method = methods[i / 3], .log = note, .log_ctx = &in_place};
        struct twins twins = build_twins((enum fid_tensor_type)(FID_TENSOR_F16 + i % 3));
        struct net typed, wide = {0};
        struct fid_error error = {0};
        snprintf(plain, sizeof plain, "%s/plain.fid", check_temp_folder());
        snprintf(packed, sizeof packed, "%s/packed.fid", check_temp_folder());
        CHECK(fid_builder_write(twins.builders[0], plain) == 0);
        enum fid_status status = net_open_file(&typed, plain, &options, 1, false, &error);
        if (status == FID_OK)
            status = fid_model_pack(typed.runtime, typed.model, NULL, 0, 0, packed, &error);
        net_close(&typed);
        if (status == FID_OK)
            status = net_open_file(&typed, packed, &options, 2, false, &error);
        if (status == FID_OK)
            status = net_open(&wide, twins.builders[1], &options, 2, false, &error);
        if (status == FID_OK) {
            net_run(&typed);
            net_run(&wide);
            CHECK(in_place && net_same_bits(&typed, &wide, 2));
            status = fid_model_confirm(typed.model, &error);
        }
        CHECK_THAT(status == FID_OK, "type %d: %s", FID_TENSOR_F16 + i % 3, error.text);
        net_close(&wide);
        net_close(&typed);
        close_twins(&twins);
    }
}

/* The other library would read the filter in the file. */
static void openblas_gets_no_other_type(void)
{
    struct twins twins = build_twins(FID_TENSOR_F16);
    const struct fid_options options = {.threads = 1, .method = "im2col_openblas"};
    struct net net;
    struct fid_error error = {0};
    const enum fid_status status = net_open(&net, twins.builders[0], &options, 1, false, &error);
    if (status == FID_UNSUPPORTED) {
        check_skip("%s", error.text);
    } else {
        CHECK_THAT(status == FID_OK, "%s", error.text);
        CHECK(count_method(&net, "im2col_openblas") == 0);
        net_close(&net);
        CHECK(net_open(&net, twins.builders[1], &options, 1, false, &error) == FID_OK);
        CHECK(count_method(&net, "im2col_openblas") > 0);
    }
    net_close(&net);
    close_twins(&twins);
}

/* Every finite pattern of 16 bits, each a filter of one number on an input of 1. */
static void every_half(enum fid_tensor_type type, uint16_t infinity, float (*number)(uint16_t))
{
    static uint16_t halves[UINT16_MAX];
    static float zeros[UINT16_MAX];
    uint32_t count = 0;
    for (uint32_t bits = 0; bits <= UINT16_MAX; bits++)
        if ((bits & infinity) != infinity)
            halves[count++] = (uint16_t)bits;
    const uint32_t dims[] = {count, 1, 1, 1}, input = 0;
    struct fid_builder *b = fid_builder_open();
    struct fid_file_node fields = conv_3x3;
    fields.kernel_h = fields.kernel_w = 1;
    fid_builder_graph(b, "net", 1, 1, 1);
    const uint32_t tensors[] = {fid_builder_typed_tensor(b, "filter", type, 4, dims, halves),
                                fid_builder_tensor(b, "bias", 1, dims, zeros)};
    fid_builder_output(b, fid_builder_node(b, "conv", &fields, 1, &input, 2, tensors));
    struct net net;
    struct fid_error error = {0};
    struct fid_value in, out;
    const enum fid_status status = net_open(&net, b, NULL, 1, false, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    if (status == FID_OK) {
        fid_session_input(net.session, &in);
        in.data[0] = 1;
        fid_session_run(net.session, 1);
        CHECK(fid_session_output(net.session, NULL, &out));
        for (uint32_t i = 0; i < count && !check_failed(); i++) {
            const float want = number(halves[i]);
            CHECK_THAT(out.data[i] == want || (fabsf(want) < 0x1p-126f && out.data[i] == 0),
                       "%04x is %g, not %g", halves[i], (double)out.data[i], (double)want);
        }
    }
    net_close(&net);
    fid_builder_close(&b);
}

static void every_f16_is_right(void)
{
    every_half(FID_TENSOR_F16, 0x7C00, net_f16_number);
}

static void every_bf16_is_right(void)
{
    every_half(FID_TENSOR_BF16, 0x7F80, net_bf16_number);
}

CHECK_MAIN(CHECK_CASE(f16_is_widened), CHECK_CASE(bf16_is_widened), CHECK_CASE(s8_is_widened),
           CHECK_CASE(packed_filters_are_the_widened_ones), CHECK_CASE(openblas_gets_no_other_type),
           CHECK_CASE(every_f16_is_right), CHECK_CASE(every_bf16_is_right))
