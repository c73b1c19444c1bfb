/* test_nn_model.c - files that are well-formed and still make no network: each is refused when the
 * model is opened, by a sentence that names the node and what is wrong. */
#include "tests/check/check.h"
#include "tests/check/net.h"

#include <stdio.h>
#include <string.h>

static const struct fid_file_node conv3x3 = {.op = FID_OP_CONV,
                                             .kernel_h = 3,
                                             .kernel_w = 3,
                                             .stride_h = 1,
                                             .stride_w = 1,
                                             .dilation_h = 1,
                                             .dilation_w = 1,
                                             .groups = 1};

/* Opens what the builder holds; expects FID_INVALID with the words. */
static void expect_refused(struct fid_builder *b, uint32_t output, const char *words)
{
    struct net net;
    struct fid_error error = {0};
    fid_builder_output(b, output);
    const enum fid_status status = net_open(&net, b, NULL, 1, false, &error);
    CHECK_THAT(status == FID_INVALID, "status %d: %s", (int)status, error.text);
    CHECK(net.model == NULL);
    CHECK_THAT(strstr(error.text, words) != NULL, "'%s' is not in '%s'", words, error.text);
    net_close(&net);
    fid_builder_close(&b);
}

static struct fid_builder *begin(void)
{
    struct fid_builder *b = fid_builder_open();
    fid_builder_graph(b, "net", 8, 8, 4);
    return b;
}

/* A node called "bad" with up to three tensors of the given shapes. */
struct shape {
    uint32_t rank, dims[4];
};

static void refuse_node(struct fid_file_node fields, size_t input_count, size_t tensor_count,
                        const struct shape *shapes, const char *words)
{
    struct fid_builder *b = begin();
    const uint32_t inputs[] = {0, 0, 0};
    uint32_t tensors[4];
    char sentence[200];
    for (size_t i = 0; i < tensor_count; i++)
        tensors[i] = net_random_tensor(b, shapes[i].rank, shapes[i].dims);
    const uint32_t out =
        fid_builder_node(b, "bad", &fields, input_count, inputs, tensor_count, tensors);
    snprintf(sentence, sizeof sentence, "graph 'net': node 0 'bad': %s", words);
    expect_refused(b, out, sentence);
}

static void filters_that_do_not_fit(void)
{
    const struct shape channels[] = {{4, {6, 3, 3, 64}}, {1, {6}}};
    refuse_node(conv3x3, 1, 2, channels, "filter wants 64 channels, input has 4");
    const struct shape kernel[] = {{4, {6, 5, 3, 4}}, {1, {6}}};
    refuse_node(conv3x3, 1, 2, kernel, "filter is 5 x 3, the node's kernel 3 x 3");
    const struct shape rank[] = {{3, {6, 3, 3}}, {1, {6}}};
    refuse_node(conv3x3, 1, 2, rank, "filter has rank 3, not 4");
    const struct shape bias[] = {{4, {6, 3, 3, 4}}, {1, {5}}};
    refuse_node(conv3x3, 1, 2, bias, "bias has 5 numbers, the output 6 channels");
    const struct shape flat[] = {{4, {6, 3, 3, 4}}, {2, {1, 6}}};
    refuse_node(conv3x3, 1, 2, flat, "bias has rank 2, not 1");
    struct fid_file_node grouped = conv3x3;
    grouped.groups = 4;
    const struct shape groups[] = {{4, {6, 3, 3, 1}}, {1, {6}}};
    refuse_node(grouped, 1, 2, groups, "6 output channels do not divide into 4 groups");
}

static void residuals_and_windows_that_do_not_fit(void)
{
    const struct shape shapes[] = {{4, {4, 3, 3, 4}}, {1, {4}}};
    refuse_node(conv3x3, 2, 2, shapes, "residual is 8 x 8 x 4, the output 6 x 6 x 4");
    struct fid_file_node large = conv3x3;
    large.kernel_h = 9;
    const struct shape big[] = {{4, {4, 9, 3, 4}}, {1, {4}}};
    refuse_node(large, 1, 2, big, "a kernel of 9 x 3 does not fit into the padded input of 8 x 8");
    const struct fid_file_node pool = {.op = FID_OP_MAX_POOL,
                                       .kernel_h = 2,
                                       .kernel_w = 2,
                                       .stride_h = 2,
                                       .stride_w = 2,
                                       .pad_top = 2};
    refuse_node(pool, 1, 0, NULL, "a window of max_pool sees nothing but padding");
}

static void fully_connected_that_does_not_fit(void)
{
    const struct fid_file_node f = {.op = FID_OP_FULLY_CONNECTED};
    const struct shape shapes[] = {{2, {10, 255}}, {1, {10}}};
    refuse_node(f, 1, 2, shapes, "filter wants 255 numbers, input has 256");
}

static void shapes_that_do_not_fit(void)
{
    const struct fid_file_node reshape = {.op = FID_OP_RESHAPE, .shape = {0, 3, -1, 5}};
    refuse_node(reshape, 1, 0, NULL, "8 x 8 x 4 cannot become 3 x -1 x 5");
    const struct fid_file_node concat = {.op = FID_OP_CONCAT, .axis = 3};
    struct fid_builder *b = begin();
    const struct fid_file_node twice = {.op = FID_OP_RESIZE_NEAREST, .scale = 2};
    const uint32_t input = 0;
    const uint32_t big = fid_builder_node(b, "big", &twice, 1, &input, 0, NULL);
    const uint32_t inputs[] = {0, big};
    expect_refused(b, fid_builder_node(b, "bad", &concat, 2, inputs, 0, NULL),
                   "node 1 'bad': input 1 of 16 x 16 x 4 does not fit to 8 x 8 x 4 along axis 3");
    b = begin();
    const uint32_t other = fid_builder_node(b, "big", &twice, 1, &input, 0, NULL);
    const uint32_t pair[] = {0, other};
    const struct fid_file_node add = {.op = FID_OP_ADD};
    expect_refused(b, fid_builder_node(b, "bad", &add, 2, pair, 0, NULL),
                   "node 1 'bad': adds 8 x 8 x 4 and 16 x 16 x 4");
}

static void slopes_that_do_not_fit(void)
{
    const struct fid_file_node f = {.op = FID_OP_ACTIVATION, .activation = FID_ACT_PRELU};
    const struct shape shape = {1, {3}};
    refuse_node(f, 1, 1, &shape, "slope has 3 numbers, the output 4 channels");
}

/* Counts that weights/ lets pass or refuses itself: either way no model, and a sentence. */
static void wrong_counts_are_refused(void)
{
    static const uint16_t ops[] = {FID_OP_ADD, FID_OP_MULTIPLY, FID_OP_CONCAT};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        const struct fid_file_node f = {.op = ops[i], .axis = ops[i] == FID_OP_CONCAT ? 3 : 0};
        struct fid_builder *b = begin();
        struct net net;
        struct fid_error error = {0};
        const uint32_t input = 0;
        fid_builder_output(b, fid_builder_node(b, "bad", &f, 1, &input, 0, NULL));
        CHECK(net_open(&net, b, NULL, 1, false, &error) != FID_OK);
        CHECK_THAT(strstr(error.text, "'bad'") != NULL, "%s", error.text);
        net_close(&net);
        fid_builder_close(&b);
    }
}

/* Doubling 30 times: refused by arithmetic, before memory is requested. */
static void growth_without_end_is_refused(void)
{
    const struct fid_file_node twice = {.op = FID_OP_RESIZE_NEAREST, .scale = 16};
    struct fid_builder *b = begin();
    struct net net;
    struct fid_error error = {0};
    uint32_t value = 0;
    char name[16];
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "grow%d", i);
        value = fid_builder_node(b, name, &twice, 1, &value, 0, NULL);
    }
    fid_builder_output(b, value);
    CHECK(net_open(&net, b, NULL, 1, false, &error) == FID_UNSUPPORTED);
    CHECK_THAT(strstr(error.text, "are too large") != NULL, "%s", error.text);
    net_close(&net);
    fid_builder_close(&b);
}

static void answers_come_from_the_file(void)
{
    struct fid_builder *b = begin();
    const uint32_t input = 0;
    const struct fid_file_node softmax = {.op = FID_OP_SOFTMAX, .axis = 3};
    const double mean[] = {1.5, -2, 3};
    const int64_t strides[] = {8, 16};
    const char *const labels[] = {"ant", "bee"};
    struct net net;
    struct fid_error error = {0};
    struct fid_model_info info;
    struct fid_graph_info graph;
    double numbers[3] = {0};
    fid_builder_floats(b, "input.mean", 3, mean);
    fid_builder_ints(b, "detect.strides", 2, strides);
    fid_builder_texts(b, "labels", 2, labels);
    fid_builder_text(b, "face.kind", "classifier");
    fid_builder_output(b, fid_builder_node(b, "out", &softmax, 1, &input, 0, NULL));
    REQUIRE(net_open(&net, b, NULL, 1, false, &error) == FID_OK);
    fid_model_info(net.model, &info);
    CHECK(strcmp(info.kind, "classifier") == 0 && strlen(info.id) == 32);
    CHECK(info.graph_count == 1 && info.label_count == 2 && info.parameter_count == 0);
    CHECK(fid_model_numbers(net.model, "input.mean", numbers, 2) == 3);
    CHECK(numbers[0] == 1.5 && numbers[1] == -2 && numbers[2] == 0);
    CHECK(fid_model_numbers(net.model, "detect.strides", numbers, 3) == 2 && numbers[1] == 16);
    CHECK(fid_model_numbers(net.model, "face.kind", numbers, 3) == 0);
    CHECK(fid_model_text(net.model, "input.mean") == NULL);
    CHECK(strcmp(fid_model_label(net.model, 1), "bee") == 0);
    CHECK(fid_model_label(net.model, 2) == NULL);
    fid_model_graph(net.model, 0, &graph);
    CHECK(graph.h == 8 && graph.w == 8 && graph.c == 4 && !graph.free_size);
    CHECK(graph.multiple == 1 && graph.node_count == 1 && graph.value_count == 2);
    net_close(&net);
    fid_builder_close(&b);
}

CHECK_MAIN(CHECK_CASE(filters_that_do_not_fit), CHECK_CASE(residuals_and_windows_that_do_not_fit),
           CHECK_CASE(fully_connected_that_does_not_fit), CHECK_CASE(shapes_that_do_not_fit),
           CHECK_CASE(slopes_that_do_not_fit), CHECK_CASE(wrong_counts_are_refused),
           CHECK_CASE(growth_without_end_is_refused), CHECK_CASE(answers_come_from_the_file))
