/* test_nn_ops.c - every layer kind but the convolution against its definition in double precision.
 * Each case builds random small networks of its kind and verifies every value. */
#include "tests/check/check.h"
#include "tests/check/net.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 40 };

/* Verifies the finished network with the best kernels and the reference, on two threads. */
static void verify(struct fid_builder *b)
{
    static const char *const tables[] = {NULL, "ref"};
    for (int i = 0; i < 2; i++) {
        const struct fid_options options = {.threads = 2, .isa = tables[i]};
        struct fid_error error = {0};
        struct net net;
        const enum fid_status status =
            net_open(&net, b, &options, 1 + (int)check_random_below(3), true, &error);
        CHECK_THAT(status == FID_OK, "%s", error.text);
        if (status == FID_OK) {
            net_run(&net);
            net_verify(&net);
        }
        net_close(&net);
    }
    fid_builder_close(&b);
}

/* An input of random size and a number of channels around the vector widths. */
struct size {
    uint32_t h, w, c;
};

static struct size begin(struct fid_builder *b)
{
    const struct size s = {1 + check_random_below(12), 1 + check_random_below(12),
                           1 + check_random_below(40)};
    fid_builder_graph(b, "net", s.h, s.w, s.c);
    return s;
}

/* A 1 × 1 convolution to c channels: a second value to work with. */
static uint32_t second_value(struct fid_builder *b, uint32_t c_in, uint32_t c)
{
    const struct fid_file_node fields = {.kernel_h = 1,
                                         .kernel_w = 1,
                                         .stride_h = 1,
                                         .stride_w = 1,
                                         .dilation_h = 1,
                                         .dilation_w = 1,
                                         .groups = 1};
    const uint32_t input = 0;
    return net_conv(b, fields, FID_ACT_NONE, c_in, c, 1, &input);
}

static void pools(uint32_t op)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        struct fid_file_node f = {.op = (uint16_t)op};
        const uint32_t input = 0;
        f.kernel_h = (int32_t)(1 + check_random_below(s.h < 4 ? s.h : 4));
        f.kernel_w = (int32_t)(1 + check_random_below(s.w < 4 ? s.w : 4));
        f.stride_h = (int32_t)(1 + check_random_below(3));
        f.stride_w = (int32_t)(1 + check_random_below(3));
        f.pad_mode = (int32_t)check_random_below(FID_PAD_END);
        if (f.pad_mode != FID_PAD_SAME) { /* less than the kernel: no window of padding alone */
            f.pad_top = (int32_t)check_random_below((uint32_t)f.kernel_h);
            f.pad_left = (int32_t)check_random_below((uint32_t)f.kernel_w);
            f.pad_bottom = (int32_t)check_random_below((uint32_t)f.kernel_h);
            f.pad_right = (int32_t)check_random_below((uint32_t)f.kernel_w);
        }
        fid_builder_output(b, net_node(b, f, FID_ACT_NONE, s.c, 1, &input, 0, NULL));
        verify(b);
    }
}

static void max_pool(void)
{
    pools(FID_OP_MAX_POOL);
}

static void average_pool(void)
{
    pools(FID_OP_AVERAGE_POOL);
}

/* One node on the input, with every activation that the kind allows. */
static void on_input(struct fid_file_node fields, uint32_t first_activation,
                     uint32_t last_activation)
{
    for (uint32_t a = first_activation; a <= last_activation && !check_failed(); a++)
        for (int i = 0; i < ROUNDS / 4; i++) {
            struct fid_builder *b = fid_builder_open();
            const struct size s = begin(b);
            const uint32_t input = 0;
            uint32_t tensors[3];
            fid_builder_output(b, net_node(b, fields, a, s.c, 1, &input, 0, tensors));
            verify(b);
        }
}

static void global_average_pool(void)
{
    on_input((struct fid_file_node){.op = FID_OP_GLOBAL_AVERAGE_POOL}, FID_ACT_NONE, FID_ACT_NONE);
}

static void activation(void)
{
    on_input((struct fid_file_node){.op = FID_OP_ACTIVATION}, FID_ACT_CLAMP, FID_ACT_END - 1);
}

static void softmax(void)
{
    on_input((struct fid_file_node){.op = FID_OP_SOFTMAX, .axis = 3}, FID_ACT_NONE, FID_ACT_NONE);
}

static void resize_nearest(void)
{
    for (int scale = 2; scale <= 3; scale++)
        on_input((struct fid_file_node){.op = FID_OP_RESIZE_NEAREST, .scale = scale}, FID_ACT_NONE,
                 FID_ACT_NONE);
}

static void transpose(void)
{
    static const int32_t orders[6][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3},
                                         {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
    for (int i = 0; i < 6; i++)
        on_input((struct fid_file_node){.op = FID_OP_TRANSPOSE,
                                        .shape = {0, orders[i][0], orders[i][1], orders[i][2]}},
                 FID_ACT_NONE, FID_ACT_NONE);
}

static void reshape(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        struct fid_file_node f = {.op = FID_OP_RESHAPE, .shape = {0, 1, (int32_t)(s.h * s.w), -1}};
        const uint32_t input = 0;
        if (i % 2) {
            f.shape[1] = -1;
            f.shape[2] = 1;
            f.shape[3] = (int32_t)(s.c * s.w);
        }
        /* Twice, and a layer that could work in place behind it: aliases must
         * not be overwritten. */
        uint32_t flat = net_node(b, f, FID_ACT_NONE, s.c, 1, &input, 0, NULL);
        const struct fid_file_node clamp = {.op = FID_OP_ACTIVATION};
        fid_builder_output(b, net_node(b, clamp, FID_ACT_CLAMP, s.c, 1, &flat, 0, NULL));
        verify(b);
    }
}

static void fully_connected(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const uint32_t dims[] = {1 + check_random_below(70), s.h * s.w * s.c};
        const struct fid_file_node f = {.op = FID_OP_FULLY_CONNECTED};
        const uint32_t input = 0;
        uint32_t tensors[3];
        tensors[0] = net_random_tensor(b, 2, dims);
        tensors[1] = net_random_tensor(b, 1, dims);
        fid_builder_output(
            b, net_node(b, f, (uint32_t)i % FID_ACT_END, dims[0], 1, &input, 2, tensors));
        verify(b);
    }
}

static void affine(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const struct fid_file_node f = {.op = FID_OP_AFFINE};
        const uint32_t input = 0;
        uint32_t tensors[3];
        tensors[0] = net_random_tensor(b, 1, &s.c);
        tensors[1] = net_random_tensor(b, 1, &s.c);
        fid_builder_output(b,
                           net_node(b, f, (uint32_t)i % FID_ACT_END, s.c, 1, &input, 2, tensors));
        verify(b);
    }
}

/* Scale, shift or both for each number of a picture. */
static void affine_by_number(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const struct fid_file_node f = {.op = FID_OP_AFFINE};
        const uint32_t input = 0, map[] = {s.h, s.w, s.c};
        uint32_t tensors[3];
        tensors[0] = net_random_tensor(b, i % 3 ? 3 : 1, i % 3 ? map : &s.c);
        tensors[1] = net_random_tensor(b, i % 3 < 2 ? 3 : 1, i % 3 < 2 ? map : &s.c);
        fid_builder_output(b,
                           net_node(b, f, (uint32_t)i % FID_ACT_END, s.c, 1, &input, 2, tensors));
        verify(b);
    }
}

static void layer_norm(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const struct fid_file_node f = {.op = FID_OP_LAYER_NORM, .epsilon = i % 2 ? 1e-6f : 0.5f};
        const uint32_t input = 0;
        uint32_t tensors[3];
        tensors[0] = net_random_tensor(b, 1, &s.c);
        tensors[1] = net_random_tensor(b, 1, &s.c);
        fid_builder_output(b, net_node(b, f, FID_ACT_NONE, s.c, 1, &input, 2, tensors));
        verify(b);
    }
}

static void l2_normalize(void)
{
    on_input((struct fid_file_node){.op = FID_OP_L2_NORMALIZE}, FID_ACT_NONE, FID_ACT_NONE);
    on_input((struct fid_file_node){.op = FID_OP_L2_NORMALIZE, .epsilon = 2.0f}, FID_ACT_NONE,
             FID_ACT_NONE);
}

/* The input times a value of its own, over either axis; more pixels than a tile has rows. */
static void matmul(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const struct fid_file_node turn = {.op = FID_OP_TRANSPOSE, .shape = {0, 1, 3, 2}};
        const uint32_t same = second_value(b, s.c, s.c);
        const uint32_t turned = net_node(b, turn, FID_ACT_NONE, s.w, 1, &same, 0, NULL);
        const uint32_t inputs[] = {0, i % 2 ? same : turned};
        const struct fid_file_node f = {.op = FID_OP_MATMUL, .axis = i % 2 ? 3 : 2};
        fid_builder_output(b, net_node(b, f, FID_ACT_NONE, s.w, 2, inputs, 0, NULL));
        verify(b);
    }
}

static void resize_bilinear(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct fid_file_node f = {.op = FID_OP_RESIZE_BILINEAR, .mode = i % FID_RESIZE_END};
        if (i % 2)
            f.scale = 2 + i % 3;
        f.shape[1] = i % 2 ? 0 : 1 + (int32_t)check_random_below(20);
        f.shape[2] = i % 2 ? 0 : 1 + (int32_t)check_random_below(20);
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const uint32_t input = 0;
        fid_builder_output(b, net_node(b, f, FID_ACT_NONE, s.c, 1, &input, 0, NULL));
        verify(b);
    }
}

static void slice(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const uint32_t sides[] = {0, s.h, s.w, s.c}, input = 0;
        struct fid_file_node f = {.op = FID_OP_SLICE, .axis = 1 + i % 3};
        f.shape[1] = (int32_t)check_random_below(sides[f.axis]);
        f.shape[2] = 1 + (int32_t)check_random_below(sides[f.axis] - (uint32_t)f.shape[1]);
        fid_builder_output(b, net_node(b, f, FID_ACT_NONE, s.c, 1, &input, 0, NULL));
        verify(b);
    }
}

/* What the reader cannot see, because it does not know the shapes. */
static void shapes_that_do_not_fit(void)
{
    const struct {
        struct fid_file_node node;
        const char *says;
    } cases[] = {
        {{.op = FID_OP_SLICE, .axis = 3, .shape = {0, 3, 1, 0}}, "takes 1 from 3 on along axis 3"},
        {{.op = FID_OP_SLICE, .axis = 1, .shape = {0, 1, 9, 0}}, "takes 9 from 1 on along axis 1"},
        {{.op = FID_OP_MATMUL, .axis = 2}, "multiplies 4 x 5 x 3 by 4 x 5 x 3 over axis 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fid_builder *b = fid_builder_open();
        struct fid_error error = {0};
        struct net net;
        const struct fid_options options = {.threads = 1};
        const uint32_t inputs[] = {0, 0};
        fid_builder_graph(b, "net", 4, 5, 3);
        fid_builder_output(b, net_node(b, cases[i].node, FID_ACT_NONE, 3,
                                       cases[i].node.op == FID_OP_MATMUL ? 2 : 1, inputs, 0, NULL));
        CHECK(net_open(&net, b, &options, 1, false, &error) == FID_INVALID);
        CHECK_THAT(strstr(error.text, cases[i].says) != NULL, "%s", error.text);
        net_close(&net);
        fid_builder_close(&b);
    }
}

/* Two values of one shape; the same value twice is allowed as well. */
static void of_two(uint32_t op, uint32_t activation, bool twice)
{
    struct fid_builder *b = fid_builder_open();
    const struct size s = begin(b);
    const uint32_t other = second_value(b, s.c, s.c);
    const uint32_t inputs[] = {twice ? other : 0, other};
    uint32_t tensors[3];
    fid_builder_output(b, net_node(b, (struct fid_file_node){.op = (uint16_t)op}, activation, s.c,
                                   2, inputs, 0, tensors));
    verify(b);
}

static void add(void)
{
    for (uint32_t i = 0; i < ROUNDS && !check_failed(); i++)
        of_two(FID_OP_ADD, i % FID_ACT_END, i % 8 == 7);
}

static void multiply(void)
{
    for (uint32_t i = 0; i < ROUNDS && !check_failed(); i++)
        of_two(FID_OP_MULTIPLY, i % FID_ACT_END, i % 8 == 7);
}

static void multiply_by_channel(void)
{
    for (uint32_t i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const uint32_t input = 0;
        uint32_t tensors[3];
        const uint32_t factors =
            net_node(b, (struct fid_file_node){.op = FID_OP_GLOBAL_AVERAGE_POOL}, FID_ACT_NONE, s.c,
                     1, &input, 0, NULL);
        const uint32_t inputs[] = {0, factors};
        fid_builder_output(b, net_node(b, (struct fid_file_node){.op = FID_OP_MULTIPLY},
                                       i % FID_ACT_END, s.c, 2, inputs, 0, tensors));
        verify(b);
    }
}

static void concat_channels(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const uint32_t inputs[] = {second_value(b, s.c, 1 + check_random_below(9)), 0,
                                   second_value(b, s.c, 1 + check_random_below(9))};
        const struct fid_file_node f = {.op = FID_OP_CONCAT, .axis = 3};
        fid_builder_output(b, net_node(b, f, FID_ACT_NONE, s.c, 3, inputs, 0, NULL));
        verify(b);
    }
}

static void concat_rows_and_columns(void)
{
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const struct size s = begin(b);
        const uint32_t input = 0;
        const struct fid_file_node twice = {.op = FID_OP_RESIZE_NEAREST, .scale = 2};
        const uint32_t big = net_node(b, twice, FID_ACT_NONE, s.c, 1, &input, 0, NULL);
        const uint32_t inputs[] = {big, big};
        const struct fid_file_node f = {.op = FID_OP_CONCAT, .axis = 1 + i % 2};
        fid_builder_output(b, net_node(b, f, FID_ACT_NONE, s.c, 2, inputs, 0, NULL));
        verify(b);
    }
}

CHECK_MAIN(CHECK_CASE(max_pool), CHECK_CASE(average_pool), CHECK_CASE(global_average_pool),
           CHECK_CASE(activation), CHECK_CASE(softmax), CHECK_CASE(resize_nearest),
           CHECK_CASE(transpose), CHECK_CASE(reshape), CHECK_CASE(fully_connected),
           CHECK_CASE(affine), CHECK_CASE(affine_by_number), CHECK_CASE(layer_norm),
           CHECK_CASE(l2_normalize), CHECK_CASE(matmul), CHECK_CASE(resize_bilinear),
           CHECK_CASE(slice), CHECK_CASE(shapes_that_do_not_fit), CHECK_CASE(add),
           CHECK_CASE(multiply), CHECK_CASE(multiply_by_channel), CHECK_CASE(concat_channels),
           CHECK_CASE(concat_rows_and_columns))
