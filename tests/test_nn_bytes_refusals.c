/* test_nn_bytes_refusals.c - types that a layer does not take: each is refused with one sentence,
 * before anything is computed. The files are well-formed: the reader takes them. */
#include "tests/check/check.h"
#include "tests/check/net_bytes.h"

#include <stdio.h>
#include <string.h>

enum { SIDE = 4, C = 6, F32 = UINT32_MAX };

static const struct fid_file_node conv_fields = {.op = FID_OP_CONV,
                                                 .kernel_h = 1,
                                                 .kernel_w = 1,
                                                 .stride_h = 1,
                                                 .stride_w = 1,
                                                 .dilation_h = 1,
                                                 .dilation_w = 1,
                                                 .groups = 1};

/* A network under construction: the input, and bytes of one scale, of another, and of
 * one for each channel. */
struct draft {
    struct fid_builder *b;
    uint32_t one, other, many;                   /* values */
    uint32_t one_steps, other_steps, many_steps; /* their steps */
};

static struct draft begin(void)
{
    struct draft d = {.b = fid_builder_open()};
    fid_builder_graph(d.b, "net", SIDE, SIDE, C);
    d.one_steps = net_steps(d.b, 1, 0.01f);
    d.other_steps = net_steps(d.b, 1, 0.01f);
    d.many_steps = net_steps(d.b, C, 0.01f);
    d.one = net_convert(d.b, 0, d.one_steps);
    d.other = net_convert(d.b, 0, d.other_steps);
    d.many = net_convert(d.b, 0, d.many_steps);
    return d;
}

/* Adds a node whose output has these steps (F32: none), and a convert behind bytes. Opens it, and
 * wants these words; "" where it is right. */
static void expect(struct draft d, struct fid_file_node fields, size_t input_count,
                   const uint32_t *inputs, size_t tensor_count, const uint32_t *tensors,
                   uint32_t steps, const char *words, int line)
{
    const char *const name = "the layer";
    struct net net;
    struct fid_error error = {0};
    uint32_t v = fid_builder_node(d.b, name, &fields, input_count, inputs, tensor_count, tensors);
    if (steps != F32) {
        fid_builder_quantize(d.b, v, steps);
        v = net_convert(d.b, v, F32);
    }
    fid_builder_output(d.b, v);
    const enum fid_status status = net_open(&net, d.b, NULL, 1, false, &error);
    const enum fid_status want = words[0] == '\0' ? FID_OK : FID_INVALID;
    if (status != want || strstr(error.text, words) == NULL)
        check_fail(__FILE__, line, "status %d, '%s', not '%s'", status, error.text, words);
    if (status != FID_OK &&
        (strstr(error.text, ".fid: graph 'net': node 3 'the layer': ") == NULL ||
         strpbrk(error.text, "\n") != NULL))
        check_fail(__FILE__, line, "'%s' is no sentence about the layer", error.text);
    if (status == FID_OK)
        net_run(&net);
    net_close(&net);
    fid_builder_close(&d.b);
}

/* A layer without tensors; the draft is d. */
#define EXPECT(words, node, steps, ...)                                                           \
    do {                                                                                          \
        const struct draft d = begin();                                                           \
        const uint32_t inputs[] = {__VA_ARGS__};                                                  \
        expect(d, node, sizeof inputs / sizeof *inputs, inputs, 0, NULL, steps, words, __LINE__); \
    } while (0)

/* ---- products ---- */

/* What a convolution or fully connected layer is made of, beside its input. */
struct product {
    enum fid_tensor_type filter, bias, slope;
    uint32_t groups, activation;
    bool fully_connected;
};

static uint32_t add_tensor(struct fid_builder *b, enum fid_tensor_type type, uint32_t rank,
                           const uint32_t *dims)
{
    static const uint16_t halves[SIDE * SIDE * C * C];
    char name[32];
    static int number;
    if (type == FID_TENSOR_F32)
        return net_random_tensor(b, rank, dims);
    if (type == FID_TENSOR_S8)
        return net_filter_s8(b, rank, dims);
    snprintf(name, sizeof name, "half%d", number++);
    return fid_builder_typed_tensor(b, name, type, rank, dims, halves);
}

static void expect_product(struct draft d, struct product p, size_t input_count,
                           const uint32_t *inputs, uint32_t steps, const char *words, int line)
{
    struct fid_file_node fields = conv_fields;
    const uint32_t conv[] = {C, 1, 1, C / (p.groups ? p.groups : 1)}, fc[] = {C, SIDE * SIDE * C};
    const uint32_t vector = C;
    if (p.fully_connected)
        fields = (struct fid_file_node){.op = FID_OP_FULLY_CONNECTED};
    else if (p.groups != 0)
        fields.groups = (int32_t)p.groups;
    fields.activation = (uint16_t)p.activation;
    const uint32_t tensors[] = {
        add_tensor(d.b, p.filter, p.fully_connected ? 2 : 4, p.fully_connected ? fc : conv),
        add_tensor(d.b, p.bias ? p.bias : FID_TENSOR_F32, 1, &vector),
        p.activation == FID_ACT_PRELU
            ? add_tensor(d.b, p.slope ? p.slope : FID_TENSOR_F32, 1, &vector)
            : 0};
    expect(d, fields, input_count, inputs, 2 + (p.activation == FID_ACT_PRELU), tensors, steps,
           words, line);
}

#define PRODUCT(words, steps, inputs_of, ...)                                                    \
    do {                                                                                         \
        const struct draft d = begin();                                                          \
        const uint32_t inputs[] = {INPUTS inputs_of};                                            \
        expect_product(d, (struct product){__VA_ARGS__}, sizeof inputs / sizeof *inputs, inputs, \
                       steps, words, __LINE__);                                                  \
    } while (0)
#define INPUTS(...) __VA_ARGS__
#define S8          .filter = FID_TENSOR_S8

static void products(void)
{
    PRODUCT("", d.one_steps, (d.one), S8);
    PRODUCT("", F32, (d.one), S8, .activation = FID_ACT_SIGMOID);
    PRODUCT("", d.many_steps, (d.one, d.other), S8, .activation = FID_ACT_PRELU);
    PRODUCT("", F32, (d.one, d.other), S8);
    PRODUCT("", d.many_steps, (d.many), S8, .groups = C);
    PRODUCT("", d.one_steps, (d.one), S8, .fully_connected = true);
    PRODUCT("", F32, (0, 0), S8);
    PRODUCT("f32 in and bytes out", d.one_steps, (0), S8);
    PRODUCT("f32 in and bytes out", d.one_steps, (0), .filter = FID_TENSOR_F32);
    PRODUCT("f32 in and bytes out", d.one_steps, (0), S8, .fully_connected = true);
    PRODUCT("a residual of bytes", F32, (0, d.one), S8);
    PRODUCT("a filter of another type", d.one_steps, (d.one), .filter = FID_TENSOR_F32);
    PRODUCT("a filter of another type", F32, (d.one), .filter = FID_TENSOR_F16);
    PRODUCT("a filter of another type", F32, (d.one), .filter = FID_TENSOR_BF16,
            .fully_connected = true);
    PRODUCT("bytes in groups of several channels", d.one_steps, (d.one), S8, .groups = 2);
    PRODUCT("a scale for each channel", d.one_steps, (d.many), S8);
    PRODUCT("a scale for each channel", d.one_steps, (d.many), S8, .fully_connected = true);
    PRODUCT("a residual that is not of bytes with one scale", d.one_steps, (d.one, 0), S8);
    PRODUCT("a residual that is not of bytes with one scale", d.one_steps, (d.one, d.many), S8);
    PRODUCT("a residual that is not of bytes with one scale", F32, (d.one, 0), S8);
    for (uint32_t activation = FID_ACT_SIGMOID; activation < FID_ACT_END; activation++)
        PRODUCT("bytes out of such an activation", d.one_steps, (d.one), S8,
                .activation = activation);
    PRODUCT("tensor 1 of conv is of type 2, not of f32", F32, (0), S8, .bias = FID_TENSOR_F16);
    PRODUCT("tensor 1 of fully_connected is of type 4, not of f32", d.one_steps, (d.one), S8,
            .bias = FID_TENSOR_S8, .fully_connected = true);
    PRODUCT("tensor 2 of conv is of type 3, not of f32", d.one_steps, (d.one), S8,
            .activation = FID_ACT_PRELU, .slope = FID_TENSOR_BF16);
}

/* A picture of c channels whose numbers all go into one sum. */
static void expect_sum_of(uint32_t h, uint32_t w, uint32_t c, bool average, const char *words)
{
    struct fid_builder *b = fid_builder_open();
    const uint32_t filter[] = {1, h * w * c}, bias = 1;
    uint32_t tensors[3];
    struct net net;
    struct fid_error error = {0};
    fid_builder_graph(b, "net", h, w, c);
    uint32_t v = net_convert(b, 0, net_steps(b, 1, 0.01f));
    if (average) {
        v = net_node(b, (struct fid_file_node){.op = FID_OP_GLOBAL_AVERAGE_POOL}, FID_ACT_NONE, 0,
                     1, &v, 0, tensors);
    } else {
        tensors[0] = net_filter_s8(b, 2, filter);
        tensors[1] = net_random_tensor(b, 1, &bias);
        v = net_node(b, (struct fid_file_node){.op = FID_OP_FULLY_CONNECTED}, FID_ACT_NONE, 1, 1,
                     &v, 2, tensors);
    }
    fid_builder_output(b, v);
    const enum fid_status status = net_open(&net, b, NULL, 1, true, &error);
    CHECK_THAT(status == (words[0] ? FID_INVALID : FID_OK) && strstr(error.text, words) != NULL,
               "status %d: %s", status, error.text);
    if (status == FID_OK) {
        net_run(&net);
        net_verify(&net);
    }
    net_close(&net);
    fid_builder_close(&b);
}

static void long_sums(void)
{
    expect_sum_of(4, 8192, 1, false, "");
    expect_sum_of(1, 32769, 1, false, "too many products in a sum");
    expect_sum_of(1, 1, 1 << 16, false, "too many products in a sum");
    expect_sum_of(4096, 2048, 1, true, "too many pixels in a sum");
}

/* The most that a sum may be, at both of its ends. */
static void longest_sums_are_exact(void)
{
    enum { COUNT = FID_LIMIT_S8_SUM };
    static const float zeros[] = {0, 255}, limits[] = {1e30f, -1e30f};
    const uint32_t dims[] = {4, COUNT}, steps[] = {2};
    for (int z = 0; z < 2; z++) {
        struct fid_builder *b = fid_builder_open();
        static struct {
            float scales[4];
            int8_t bytes[4][COUNT];
        } filter = {.scales = {1, 1, 1, 1}};
        const float bias[] = {limits[0], limits[1], limits[0], limits[1]};
        const float quantized[] = {zeros[z], 1};
        for (int j = 0; j < 4; j++)
            memset(filter.bytes[j], j < 2 ? 127 : -127, COUNT);
        fid_builder_graph(b, "net", 1, 1, COUNT);
        const uint32_t to = fid_builder_tensor(b, "steps", 1, steps, quantized);
        uint32_t v = net_convert(b, 0, to);
        const uint32_t tensors[] = {
            fid_builder_typed_tensor(b, "filter", FID_TENSOR_S8, 2, dims, &filter),
            fid_builder_tensor(b, "bias", 1, dims, bias)};
        v = fid_builder_node(b, "fc", &(struct fid_file_node){.op = FID_OP_FULLY_CONNECTED}, 1, &v,
                             2, tensors);
        fid_builder_output(b, v);
        struct net net;
        struct fid_error error = {0};
        struct fid_value in;
        REQUIRE(net_open(&net, b, NULL, 1, true, &error) == FID_OK);
        fid_session_input(net.session, &in);
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < COUNT; i++)
                in.data[i] = side ? 1000 : -1000;
            fid_session_run(net.session, 1);
            net_verify(&net);
        }
        net_close(&net);
        fid_builder_close(&b);
    }
}

/* ---- the other kinds ---- */

static void sums(void)
{
#define ADD ((struct fid_file_node){.op = FID_OP_ADD})
    EXPECT("", ADD, d.many_steps, d.one, d.other);
    EXPECT("f32 in and bytes out", ADD, d.one_steps, 0, 0);
    EXPECT("values of both types", ADD, d.one_steps, d.one, 0);
    EXPECT("values of both types", ADD, d.one_steps, 0, d.one);
    EXPECT("values of both types", ADD, F32, d.one, d.other);
    EXPECT("values of both types", ADD, F32, 0, d.other);
    EXPECT("a scale for each channel", ADD, d.one_steps, d.many, d.one);
    EXPECT("a scale for each channel", ADD, d.one_steps, d.one, d.many);
    EXPECT("bytes out of such an activation",
           ((struct fid_file_node){.op = FID_OP_ADD, .activation = FID_ACT_TANH}), d.one_steps,
           d.one, d.other);
}

static void layers_that_keep_the_steps(void)
{
    const struct fid_file_node kinds[] = {
        {.op = FID_OP_MAX_POOL, .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1},
        {.op = FID_OP_RESHAPE, .shape = {0, 1, -1, C}},
        {.op = FID_OP_TRANSPOSE, .shape = {0, 2, 1, 3}},
        {.op = FID_OP_RESIZE_NEAREST, .scale = 2},
        {.op = FID_OP_SLICE, .axis = 1, .shape = {0, 1, 2, 0}}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        EXPECT("", kinds[i], d.one_steps, d.one);
        EXPECT("", kinds[i], F32, 0);
        EXPECT("values of several types or scales", kinds[i], F32, d.one);
        EXPECT("values of several types or scales", kinds[i], d.one_steps, 0);
        EXPECT("values of several types or scales", kinds[i], d.other_steps, d.one);
        EXPECT("a scale for each channel", kinds[i], d.many_steps, d.many);
    }
    const struct fid_file_node concat = {.op = FID_OP_CONCAT, .axis = 1};
    EXPECT("", concat, d.one_steps, d.one, d.one);
    EXPECT("values of several types or scales", concat, d.one_steps, d.one, d.other);
    EXPECT("values of several types or scales", concat, d.one_steps, d.one, 0);
    EXPECT("values of several types or scales", concat, F32, 0, d.one);
    EXPECT("values of several types or scales", concat, d.one_steps, 0, 0);
    EXPECT("a scale for each channel", concat, d.many_steps, d.many, d.many);
}

static void averages_and_converts(void)
{
    const struct fid_file_node average = {.op = FID_OP_GLOBAL_AVERAGE_POOL};
    const struct fid_file_node convert = {.op = FID_OP_CONVERT};
    EXPECT("", average, F32, d.one);
    EXPECT("bytes out", average, d.one_steps, d.one);
    EXPECT("bytes out", average, d.one_steps, 0);
    EXPECT("a scale for each channel", average, F32, d.many);
    EXPECT("", convert, F32, d.many);
    EXPECT("the same type in and out", convert, F32, 0);
    EXPECT("the same type in and out", convert, d.other_steps, d.one);
    EXPECT("the output has 6 channels and 5 scales", convert, net_steps(d.b, C - 1, 1), 0);
    EXPECT("the output has 6 channels and 7 scales", convert, net_steps(d.b, C + 1, 1), 0);
    EXPECT("the output has 6 channels and 1000 scales", ADD, net_steps(d.b, 1000, 1), d.one,
           d.other);
}

/* Kinds that compute in f32 alone, of one input each. */
static void layers_of_f32(void)
{
    const struct fid_file_node kinds[] = {
        {.op = FID_OP_AVERAGE_POOL, .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1},
        {.op = FID_OP_ACTIVATION, .activation = FID_ACT_CLAMP, .act_max = 6},
        {.op = FID_OP_SOFTMAX, .axis = 3},
        {.op = FID_OP_L2_NORMALIZE, .epsilon = 1e-6f},
        {.op = FID_OP_RESIZE_BILINEAR, .scale = 2}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        EXPECT("", kinds[i], F32, 0);
        EXPECT("takes no such types: bytes in", kinds[i], F32, d.one);
        EXPECT("takes no such types: bytes out", kinds[i], d.one_steps, 0);
        EXPECT("takes no such types: bytes in", kinds[i], d.one_steps, d.one);
    }
    const struct fid_file_node multiply = {.op = FID_OP_MULTIPLY};
    EXPECT("bytes in", multiply, F32, 0, d.one);
    EXPECT("bytes in", multiply, F32, d.one, 0);
    EXPECT("bytes out", multiply, d.one_steps, 0, 0);
    const struct fid_file_node transposed = {.op = FID_OP_MATMUL, .axis = 3};
    EXPECT("bytes in", transposed, F32, 0, d.one);
    EXPECT("bytes out", transposed, d.one_steps, 0, 0);
}

static void expect_scaling(uint16_t op, enum fid_tensor_type type, bool bytes, const char *words,
                           int line)
{
    const struct draft d = begin();
    const uint32_t c = C, input = bytes ? d.one : 0;
    const uint32_t tensors[] = {add_tensor(d.b, type, 1, &c), net_random_tensor(d.b, 1, &c)};
    expect(d, (struct fid_file_node){.op = op}, 1, &input, 2, tensors, F32, words, line);
}

static void layers_of_f32_with_tensors(void)
{
    static const uint16_t ops[] = {FID_OP_AFFINE, FID_OP_LAYER_NORM};
    for (int i = 0; i < 2; i++) {
        expect_scaling(ops[i], FID_TENSOR_F32, false, "", __LINE__);
        expect_scaling(ops[i], FID_TENSOR_F32, true, "bytes in", __LINE__);
        expect_scaling(ops[i], FID_TENSOR_F16, false, "is of type 2, not of f32", __LINE__);
        expect_scaling(ops[i], FID_TENSOR_S8, false, "is of type 4, not of f32", __LINE__);
    }
}

CHECK_MAIN(CHECK_CASE(products), CHECK_CASE(long_sums), CHECK_CASE(longest_sums_are_exact),
           CHECK_CASE(sums), CHECK_CASE(layers_that_keep_the_steps),
           CHECK_CASE(averages_and_converts), CHECK_CASE(layers_of_f32),
           CHECK_CASE(layers_of_f32_with_tensors))
