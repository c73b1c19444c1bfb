/* test_nn_conv.c - every way to compute a convolution against its definition in double
 * precision, with all that can be set: sizes, strides, dilation, padding modes, groups,
 * activations, residual. */
#include "tests/check/check.h"
#include "tests/check/net.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 120 };

struct geometry {
    struct fid_file_node fields;
    uint32_t h, w, c_in, c_out, activation;
    int n;
    bool residual, fits;
};

static void choose_groups(struct geometry *g)
{
    g->fields.groups = 1;
    switch (check_random_below(4)) {
    case 0: /* depthwise */
        g->c_out = g->c_in;
        g->fields.groups = (int32_t)g->c_in;
        break;
    case 1: /* grouped */
        g->fields.groups = (int32_t)(1 + check_random_below(4));
        g->c_in = (1 + check_random_below(6)) * (uint32_t)g->fields.groups;
        g->c_out = (1 + check_random_below(6)) * (uint32_t)g->fields.groups;
        break;
    default:
        break;
    }
}

static void choose_pads(struct geometry *g)
{
    g->fields.pad_mode = (int32_t)check_random_below(FID_PAD_END);
    if (g->fields.pad_mode == FID_PAD_SAME)
        return;
    g->fields.pad_top = (int32_t)check_random_below(4);
    g->fields.pad_left = (int32_t)check_random_below(4);
    g->fields.pad_bottom = (int32_t)check_random_below(4);
    g->fields.pad_right = (int32_t)check_random_below(4);
}

/* winograd: 3 × 3 at stride 1, which chance would hardly ever choose. */
static struct geometry choose_geometry(bool winograd)
{
    struct geometry g = {.h = 1 + check_random_below(13),
                         .w = 1 + check_random_below(13),
                         .c_in = 1 + check_random_below(40),
                         .c_out = 1 + check_random_below(70),
                         .activation = check_random_below(FID_ACT_END),
                         .n = 1 + (int)check_random_below(3),
                         .residual = check_random_below(2)};
    struct fid_file_node *f = &g.fields;
    const uint32_t kernel_limit = check_random_below(2) ? 1 : 5;
    int before;
    f->kernel_h = (int32_t)(1 + check_random_below(kernel_limit));
    f->kernel_w = (int32_t)(1 + check_random_below(kernel_limit));
    f->stride_h = (int32_t)(1 + check_random_below(3));
    f->stride_w = (int32_t)(1 + check_random_below(3));
    f->dilation_h = (int32_t)(1 + check_random_below(3));
    f->dilation_w = (int32_t)(1 + check_random_below(3));
    choose_groups(&g);
    if (winograd) {
        f->kernel_h = f->kernel_w = 3;
        f->stride_h = f->stride_w = f->dilation_h = f->dilation_w = 1;
    }
    if (kernel_limit > 1 || check_random_below(3) == 0)
        choose_pads(&g);
    g.fits = net_window_size((int)g.h, f->kernel_h, f->stride_h, f->dilation_h, f->pad_top,
                             f->pad_bottom, f->pad_mode, &before) > 0 &&
             net_window_size((int)g.w, f->kernel_w, f->stride_w, f->dilation_w, f->pad_left,
                             f->pad_right, f->pad_mode, &before) > 0;
    return g;
}

/* The convolution; with a residual, a second one of the same geometry makes that. */
static struct fid_builder *build(const struct geometry *g)
{
    struct fid_builder *b = fid_builder_open();
    uint32_t inputs[] = {0, 0};
    fid_builder_graph(b, "net", g->h, g->w, g->c_in);
    if (g->residual)
        inputs[1] = net_conv(b, g->fields, FID_ACT_NONE, g->c_in, g->c_out, 1, inputs);
    fid_builder_output(
        b, net_conv(b, g->fields, g->activation, g->c_in, g->c_out, g->residual ? 2 : 1, inputs));
    return b;
}

static bool is_plain_1x1(const struct geometry *g)
{
    const struct fid_file_node *f = &g->fields;
    return f->kernel_h == 1 && f->kernel_w == 1 && !f->pad_top && !f->pad_left && !f->pad_bottom &&
           !f->pad_right;
}

static bool is_plain_3x3(const struct geometry *g)
{
    const struct fid_file_node *f = &g->fields;
    return f->kernel_h == 3 && f->kernel_w == 3 && f->stride_h == 1 && f->stride_w == 1 &&
           f->dilation_h == 1 && f->dilation_w == 1;
}

static bool is_winograd(const char *method)
{
    return strncmp(method, "winograd_", strlen("winograd_")) == 0;
}

static bool applies(const char *method, const struct geometry *g)
{
    const int groups = g->fields.groups;
    if (strcmp(method, "direct") == 0)
        return true;
    if (strcmp(method, "depthwise") == 0)
        return groups > 1 && (uint32_t)groups == g->c_in && g->c_in == g->c_out;
    if (is_winograd(method))
        return groups == 1 && is_plain_3x3(g);
    if (strcmp(method, "rows_gemm") == 0)
        return groups == 1 && g->fields.dilation_w == 1;
    return groups == 1 && (strcmp(method, "gemm_1x1") != 0 || is_plain_1x1(g));
}

/* Verifies one geometry; returns whether the method was used. */
static bool try_geometry(const char *method, const char *isa, const struct geometry *g)
{
    const struct fid_options options = {.threads = 2, .isa = isa, .method = method};
    struct fid_builder *b = build(g);
    struct fid_error error = {0};
    struct fid_step_info step;
    struct net net;
    bool used = false;
    const enum fid_status status = net_open(&net, b, &options, g->n, true, &error);
    CHECK_THAT((status == FID_OK) == g->fits, "%s", error.text);
    if (!g->fits)
        CHECK_THAT(strstr(error.text, "does not fit into the padded input") != NULL, "%s",
                   error.text);
    if (status == FID_OK) {
        net_run(&net);
        net_verify(&net);
        CHECK(fid_session_step(net.session, g->residual, &step));
        used = strcmp(step.method, method) == 0;
        CHECK_THAT(used || !applies(method, g), "%s was computed by %s", method, step.method);
    }
    net_close(&net);
    fid_builder_close(&b);
    return used;
}

static void method_is_right(const char *method, const char *isa)
{
    const struct fid_options options = {.threads = 1, .method = method};
    struct fid_runtime *runtime;
    struct fid_error error;
    const enum fid_status status = fid_runtime_open(&runtime, &options, &error);
    if (status == FID_UNSUPPORTED) {
        check_skip("%s", error.text);
        return;
    }
    REQUIRE(status == FID_OK);
    fid_runtime_close(&runtime);
    int used = 0;
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        const struct geometry g = choose_geometry(is_winograd(method));
        used += try_geometry(method, isa, &g);
    }
    CHECK_THAT(check_failed() || used >= ROUNDS / 12, "%s was used only %d times", method, used);
}

#define METHOD_CASE(method)              \
    static void method##_best(void)      \
    {                                    \
        method_is_right(#method, NULL);  \
    }                                    \
    static void method##_ref(void)       \
    {                                    \
        method_is_right(#method, "ref"); \
    }

METHOD_CASE(gemm_1x1)
METHOD_CASE(im2col_gemm)
METHOD_CASE(indirect_gemm)
METHOD_CASE(rows_gemm)
METHOD_CASE(winograd_2x2)
METHOD_CASE(winograd_4x4)
METHOD_CASE(im2col_openblas)
METHOD_CASE(depthwise)
METHOD_CASE(direct)

/* The published networks' own corners: Keras' conv1 and Caffe's, both pool-free. */
static void first_layers_of_resnet50(void)
{
    struct geometry keras = {.h = 30, .w = 32, .c_in = 3, .c_out = 64, .n = 1, .fits = true};
    keras.fields = (struct fid_file_node){.kernel_h = 7,
                                          .kernel_w = 7,
                                          .stride_h = 2,
                                          .stride_w = 2,
                                          .dilation_h = 1,
                                          .dilation_w = 1,
                                          .groups = 1,
                                          .pad_mode = FID_PAD_SAME};
    struct geometry caffe = keras;
    caffe.fields.pad_mode = FID_PAD_EXPLICIT;
    caffe.fields.pad_top = caffe.fields.pad_left = 3;
    caffe.fields.pad_bottom = caffe.fields.pad_right = 3;
    CHECK(try_geometry("im2col_gemm", NULL, &keras));
    CHECK(try_geometry("indirect_gemm", NULL, &keras));
    CHECK(try_geometry("im2col_gemm", NULL, &caffe));
    CHECK(try_geometry("rows_gemm", NULL, &keras));
    CHECK(try_geometry("rows_gemm", NULL, &caffe));
}

/* Runs g on one thread with all pictures, and again with 2 and 3 threads and with one picture. */
static void same_bits(const char *method, const struct geometry *g)
{
    static const struct {
        int threads, n;
    } others[] = {{1, 3}, {2, 3}, {3, 3}, {2, 1}};
    struct fid_builder *b = build(g);
    struct net one, other;
    struct fid_error error = {0};
    struct fid_options options = {.threads = 1, .method = method};
    REQUIRE(net_open(&one, b, &options, g->n, false, &error) == FID_OK);
    net_run(&one);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        options.threads = others[i].threads;
        REQUIRE(net_open(&other, b, &options, others[i].n, false, &error) == FID_OK);
        net_run(&other);
        CHECK_THAT(net_same_bits(&one, &other, others[i].n), "%s, %d threads, batch %d",
                   method != NULL ? method : "chosen", others[i].threads, others[i].n);
        net_close(&other);
    }
    net_close(&one);
    fid_builder_close(&b);
}

static bool is_there(const char *method)
{
    struct fid_runtime *runtime;
    struct fid_error error;
    const struct fid_options options = {.threads = 1, .method = method};
    const bool there = fid_runtime_open(&runtime, &options, &error) == FID_OK;
    fid_runtime_close(&runtime);
    return there;
}

/* Enough rows and columns for several blocks, and 7 x 7 where only columns can be split. */
static void bits_do_not_depend_on_threads_or_batch(void)
{
    static const struct {
        const char *method;
        int kernel, groups;
    } methods[] = {{"gemm_1x1", 1, 1},        {"im2col_gemm", 3, 1},    {"indirect_gemm", 3, 1},
                   {"winograd_2x2", 3, 1},    {"winograd_4x4", 3, 1},   {"rows_gemm", 3, 1},
                   {"depthwise", 3, 48},      {"direct", 3, 1},         {NULL, 3, 1},
                   {"im2col_openblas", 3, 1}, {"im2col_openblas", 1, 1}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        for (uint32_t side = 7; side <= 42 && is_there(methods[i].method); side += 35) {
            struct geometry g = {.h = side,
                                 .w = side,
                                 .c_in = 48,
                                 .c_out = 48,
                                 .n = 3,
                                 .activation = FID_ACT_CLAMP,
                                 .residual = true};
            g.fields = (struct fid_file_node){.kernel_h = methods[i].kernel,
                                              .kernel_w = methods[i].kernel,
                                              .stride_h = 1,
                                              .stride_w = 1,
                                              .dilation_h = 1,
                                              .dilation_w = 1,
                                              .groups = methods[i].groups,
                                              .pad_mode = FID_PAD_SAME};
            same_bits(methods[i].method, &g);
        }
}

CHECK_MAIN(CHECK_CASE(gemm_1x1_best), CHECK_CASE(gemm_1x1_ref), CHECK_CASE(im2col_gemm_best),
           CHECK_CASE(im2col_gemm_ref), CHECK_CASE(indirect_gemm_best),
           CHECK_CASE(indirect_gemm_ref), CHECK_CASE(rows_gemm_best), CHECK_CASE(rows_gemm_ref),
           CHECK_CASE(winograd_2x2_best), CHECK_CASE(winograd_2x2_ref),
           CHECK_CASE(winograd_4x4_best), CHECK_CASE(winograd_4x4_ref),
           CHECK_CASE(im2col_openblas_best), CHECK_CASE(im2col_openblas_ref),
           CHECK_CASE(depthwise_best), CHECK_CASE(depthwise_ref), CHECK_CASE(direct_best),
           CHECK_CASE(direct_ref), CHECK_CASE(first_layers_of_resnet50),
           CHECK_CASE(bits_do_not_depend_on_threads_or_batch))
