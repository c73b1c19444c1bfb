/* test_nn_bytes.c - layers of bytes against their definition in whole numbers, bit for bit:
 * every way to compute a convolution with all that can be set, on every table of this CPU,
 * and the other kinds. */
#include "tests/check/check.h"
#include "tests/check/net_bytes.h"

#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 40 };

/* The i-th table that this CPU has; NULL past the last. */
static const char *usable_table(size_t i)
{
    int usable;
    for (size_t t = 0; fid_kernels_at(t, &usable) != NULL; t++)
        if (usable && i-- == 0)
            return fid_kernels_at(t, &usable)->name;
    return NULL;
}

/* ---- convolutions ---- */

struct geometry {
    struct fid_file_node fields;
    uint32_t h, w, c_in, c_out, activation;
    int n;
    bool residual, f32, scales, fits; /* scales: one for each channel where that may be */
};

static bool is_depthwise(const struct geometry *g)
{
    return g->fields.groups > 1;
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

static struct geometry choose_geometry(bool depthwise)
{
    const uint32_t kernel_limit = check_random_below(2) ? 1 : 5;
    struct geometry g = {.h = 1 + check_random_below(13),
                         .w = 1 + check_random_below(13),
                         .c_in = check_random_below(3) ? 1 + check_random_below(90) : 3,
                         .c_out = 1 + check_random_below(70),
                         .n = 1 + (int)check_random_below(3),
                         .residual = check_random_below(2),
                         .f32 = check_random_below(3) == 0,
                         .scales = check_random_below(2)};
    struct fid_file_node *f = &g.fields;
    int before;
    f->kernel_h = (int32_t)(1 + check_random_below(kernel_limit));
    f->kernel_w = (int32_t)(1 + check_random_below(kernel_limit));
    f->stride_h = (int32_t)(1 + check_random_below(3));
    f->stride_w = (int32_t)(1 + check_random_below(3));
    f->dilation_h = (int32_t)(1 + check_random_below(3));
    f->dilation_w = (int32_t)(1 + check_random_below(3));
    f->groups = 1;
    if (depthwise) {
        g.c_in += 1; /* one channel is no depthwise convolution */
        g.c_out = g.c_in;
        f->groups = (int32_t)g.c_in;
    }
    if (kernel_limit > 1 || check_random_below(3) == 0)
        choose_pads(&g);
    g.activation = check_random_below(g.f32 ? FID_ACT_END : FID_ACT_PRELU + 1);
    g.fits = net_window_size((int)g.h, f->kernel_h, f->stride_h, f->dilation_h, f->pad_top,
                             f->pad_bottom, f->pad_mode, &before) > 0 &&
             net_window_size((int)g.w, f->kernel_w, f->stride_w, f->dilation_w, f->pad_left,
                             f->pad_right, f->pad_mode, &before) > 0;
    return g;
}

/* Steps that hold most sums of the products of a convolution of numbers in -1..1. */
static float sum_step(const struct geometry *g)
{
    const float products =
        (float)(g->fields.kernel_h * g->fields.kernel_w) * (float)g->c_in / (float)g->fields.groups;
    return sqrtf(products + 1) * 0.006f;
}

static uint32_t scale_count(const struct geometry *g, uint32_t channels)
{
    return g->scales ? channels : 1;
}

/* A convert, the convolution and a convert back; with a residual, a second one of the same
 * geometry makes that. */
static struct fid_builder *build(const struct geometry *g)
{
    struct fid_builder *b = fid_builder_open();
    fid_builder_graph(b, "net", g->h, g->w, g->c_in);
    const uint32_t steps = net_steps(b, is_depthwise(g) ? scale_count(g, g->c_in) : 1, 0.01f);
    uint32_t inputs[] = {net_convert(b, 0, steps), 0};
    if (g->residual) {
        inputs[1] = net_conv_s8(b, g->fields, FID_ACT_NONE, g->c_in, g->c_out, 1, inputs);
        net_make_bytes(b, inputs[1], 1, sum_step(g));
    }
    uint32_t v =
        net_conv_s8(b, g->fields, g->activation, g->c_in, g->c_out, 1 + g->residual, inputs);
    if (!g->f32)
        v = net_convert(b, net_make_bytes(b, v, scale_count(g, g->c_out), sum_step(g)), UINT32_MAX);
    fid_builder_output(b, v);
    return b;
}

static bool is_plain_1x1(const struct geometry *g)
{
    const struct fid_file_node *f = &g->fields;
    return f->kernel_h == 1 && f->kernel_w == 1 && !f->pad_top && !f->pad_left && !f->pad_bottom &&
           !f->pad_right;
}

static bool applies(const char *method, const struct geometry *g)
{
    if (strcmp(method, "depthwise") == 0 || is_depthwise(g))
        return strcmp(method, "depthwise") == 0 && is_depthwise(g);
    if (strcmp(method, "rows_gemm") == 0)
        return g->fields.dilation_w == 1;
    return strcmp(method, "gemm_1x1") != 0 || is_plain_1x1(g);
}

/* How often a byte was neither end of its range: of all that were saturated nobody sees a fault. */
struct spread {
    size_t inner, all;
};

static void count_bytes(const struct net *net, struct spread *spread)
{
    struct fid_value v;
    for (size_t i = 0; fid_session_value(net->session, i, &v); i++) {
        const size_t count = (size_t)v.n * (size_t)v.h * (size_t)v.w * (size_t)v.c;
        spread->all += v.bytes != NULL ? count : 0;
        for (size_t j = 0; v.bytes != NULL && j < count; j++)
            spread->inner += v.bytes[j] > 0 && v.bytes[j] < 255;
    }
}

/* Verifies one geometry; returns whether the method was used. */
static bool try_geometry(const char *method, const char *isa, const struct geometry *g,
                         struct spread *spread)
{
    const struct fid_options options = {.threads = 2, .isa = isa, .method = method};
    struct fid_builder *b = build(g);
    struct fid_error error = {0};
    struct fid_step_info step;
    struct net net;
    bool used = false;
    const enum fid_status status = net_open(&net, b, &options, g->n, true, &error);
    CHECK_THAT((status == FID_OK) == g->fits, "%s", error.text);
    if (status == FID_OK) {
        char kernel[64];
        net_run(&net);
        net_verify(&net);
        count_bytes(&net, spread);
        CHECK(fid_session_step(net.session, 1 + g->residual, &step));
        used = strcmp(step.method, method) == 0;
        CHECK_THAT(used || !applies(method, g), "%s was computed by %s", method, step.method);
        snprintf(kernel, sizeof kernel, "%s %s", is_depthwise(g) ? "depthwise_s8" : "gemm_s8", isa);
        CHECK_THAT(strcmp(step.kernel, kernel) == 0, "%s is not %s", step.kernel, kernel);
    }
    net_close(&net);
    fid_builder_close(&b);
    return used;
}

static void method_is_exact(const char *method)
{
    const char *isa;
    struct spread spread = {0, 0};
    int used = 0, tried = 0;
    for (size_t t = 0; (isa = usable_table(t)) != NULL; t++)
        for (int i = 0; i < ROUNDS && !check_failed(); i++, tried++) {
            const struct geometry g = choose_geometry(strcmp(method, "depthwise") == 0);
            used += try_geometry(method, isa, &g, &spread);
        }
    CHECK_THAT(check_failed() || used >= tried / 12, "%s was used only %d times", method, used);
    CHECK_THAT(check_failed() || spread.inner > spread.all / 2, "%zu of %zu bytes say something",
               spread.inner, spread.all);
}

#define METHOD_CASE(method)          \
    static void method##_bytes(void) \
    {                                \
        method_is_exact(#method);    \
    }

METHOD_CASE(gemm_1x1)
METHOD_CASE(im2col_gemm)
METHOD_CASE(indirect_gemm)
METHOD_CASE(rows_gemm)
METHOD_CASE(depthwise)

/* Methods that have no bytes are not forced upon them. */
static void other_methods_do_not_apply(void)
{
    static const char *const methods[] = {"direct", "winograd_2x2", "winograd_4x4"};
    struct geometry g = {.h = 9, .w = 9, .c_in = 20, .c_out = 24, .n = 1, .fits = true};
    g.fields = (struct fid_file_node){.kernel_h = 3,
                                      .kernel_w = 3,
                                      .stride_h = 1,
                                      .stride_w = 1,
                                      .dilation_h = 1,
                                      .dilation_w = 1,
                                      .groups = 1,
                                      .pad_mode = FID_PAD_SAME};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct fid_builder *b = build(&g);
        struct fid_error error = {0};
        struct fid_step_info step;
        struct net net;
        const struct fid_options options = {.threads = 1, .method = methods[i]};
        REQUIRE(net_open(&net, b, &options, 1, true, &error) == FID_OK);
        net_run(&net);
        net_verify(&net);
        CHECK(fid_session_step(net.session, 1, &step));
        CHECK_THAT(strcmp(step.method, "indirect_gemm") == 0, "%s", step.method);
        net_close(&net);
        fid_builder_close(&b);
    }
}

/* ---- the other kinds ---- */

/* Opens, runs and verifies what was built, on every table with 1 and 3 pictures; closes it. */
static void verify_built(struct fid_builder *b, uint32_t output, struct spread *spread)
{
    const char *isa;
    fid_builder_output(b, output);
    for (size_t t = 0; (isa = usable_table(t)) != NULL; t++)
        for (int n = 1; n <= 3; n += 2) {
            struct net net;
            struct fid_error error = {0};
            const struct fid_options options = {.threads = 2, .isa = isa};
            const enum fid_status status = net_open(&net, b, &options, n, true, &error);
            CHECK_THAT(status == FID_OK, "%s", error.text);
            if (status == FID_OK) {
                net_run(&net);
                net_verify(&net);
                count_bytes(&net, spread);
            }
            net_close(&net);
        }
    fid_builder_close(&b);
}

static uint32_t random_side(void)
{
    return 1 + check_random_below(9);
}

static uint32_t random_channels(void)
{
    return 1 + check_random_below(100);
}

/* convert there and back, with one scale and with many. */
static void converts_are_exact(void)
{
    struct spread spread = {0, 0};
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const uint32_t c = random_channels(), h = random_side(), w = random_side();
        fid_builder_graph(b, "net", h, w, c);
        const uint32_t bytes = net_convert(b, 0, net_steps(b, i % 2 ? c : 1, 0.01f));
        verify_built(b, net_convert(b, bytes, UINT32_MAX), &spread);
    }
    CHECK(check_failed() || spread.inner > spread.all / 2);
}

static void fully_connected_is_exact(void)
{
    struct spread spread = {0, 0};
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const uint32_t c = random_channels(), h = random_side(), w = random_side();
        const uint32_t out = random_channels(), filter[] = {out, h * w * c};
        uint32_t tensors[3];
        fid_builder_graph(b, "net", h, w, c);
        const uint32_t bytes = net_convert(b, 0, net_steps(b, 1, 0.01f));
        const bool f32 = i % 2;
        const uint32_t activation = check_random_below(f32 ? FID_ACT_END : FID_ACT_PRELU + 1);
        tensors[0] = net_filter_s8(b, 2, filter);
        tensors[1] = net_random_tensor(b, 1, &out);
        uint32_t v = net_node(b, (struct fid_file_node){.op = FID_OP_FULLY_CONNECTED}, activation,
                              out, 1, &bytes, 2, tensors);
        if (!f32)
            v = net_convert(b,
                            net_make_bytes(b, v, check_random_below(2) ? out : 1,
                                           sqrtf((float)filter[1]) * 0.006f),
                            UINT32_MAX);
        verify_built(b, v, &spread);
    }
    CHECK(check_failed() || spread.inner > spread.all / 2);
}

static void sums_are_exact(void)
{
    struct spread spread = {0, 0};
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const uint32_t c = random_channels(), h = random_side(), w = random_side();
        uint32_t tensors[3], inputs[2];
        fid_builder_graph(b, "net", h, w, c);
        inputs[0] = net_convert(b, 0, net_steps(b, 1, 0.01f));
        inputs[1] = i % 4 == 0 ? inputs[0] : net_convert(b, 0, net_steps(b, 1, 0.01f));
        const uint32_t v =
            net_node(b, (struct fid_file_node){.op = FID_OP_ADD},
                     check_random_below(FID_ACT_PRELU + 1), c, 2, inputs, 0, tensors);
        net_make_bytes(b, v, i % 2 ? c : 1, 0.015f);
        verify_built(b, net_convert(b, v, UINT32_MAX), &spread);
    }
    CHECK(check_failed() || spread.inner > spread.all / 2);
}

/* What keeps the steps: pool, resize, transpose, reshape, slice and concat in one network, and an
 * average at its end. */
static void moves_are_exact(void)
{
    struct spread spread = {0, 0};
    for (int i = 0; i < ROUNDS && !check_failed(); i++) {
        struct fid_builder *b = fid_builder_open();
        const uint32_t c = 1 + random_channels(), h = 2 + random_side(), w = 1 + random_side();
        const int32_t axis = 1 + (int32_t)check_random_below(3);
        const int32_t size = (int32_t)(axis == 1 ? h : axis == 2 ? w : c);
        const int32_t first = (int32_t)check_random_below((uint32_t)size);
        const struct fid_file_node pool = {.op = FID_OP_MAX_POOL,
                                           .kernel_h = 1 + (int32_t)check_random_below(3),
                                           .kernel_w = 1 + (int32_t)check_random_below(3),
                                           .stride_h = 1,
                                           .stride_w = 1,
                                           .pad_mode = FID_PAD_SAME};
        const struct fid_file_node moves[] = {
            pool,
            {.op = FID_OP_SLICE, .axis = axis, .shape = {0, first, size - first, 0}},
            {.op = FID_OP_RESIZE_NEAREST, .scale = 2},
            {.op = FID_OP_TRANSPOSE, .shape = {0, 3, 1, 2}},
            {.op = FID_OP_RESHAPE, .shape = {0, -1, 1, 1}}};
        fid_builder_graph(b, "net", h, w, c);
        const uint32_t steps = net_steps(b, 1, 0.01f);
        uint32_t tensors[3], v = net_convert(b, 0, steps);
        for (size_t k = 0; k < sizeof moves / sizeof moves[0]; k++) {
            const uint32_t before = v;
            v = net_node(b, moves[k], FID_ACT_NONE, 0, 1, &v, 0, tensors);
            fid_builder_quantize(b, v, steps);
            if (k != 1)
                continue;
            const uint32_t both[] = {before, v};
            v = net_node(b, (struct fid_file_node){.op = FID_OP_CONCAT, .axis = axis}, FID_ACT_NONE,
                         0, 2, both, 0, tensors);
            fid_builder_quantize(b, v, steps);
        }
        v = net_node(b, (struct fid_file_node){.op = FID_OP_GLOBAL_AVERAGE_POOL}, FID_ACT_NONE, 0,
                     1, &v, 0, tensors);
        verify_built(b, v, &spread);
    }
    CHECK(check_failed() || spread.inner > spread.all / 2);
}

CHECK_MAIN(CHECK_CASE(gemm_1x1_bytes), CHECK_CASE(im2col_gemm_bytes),
           CHECK_CASE(indirect_gemm_bytes), CHECK_CASE(rows_gemm_bytes),
           CHECK_CASE(depthwise_bytes), CHECK_CASE(other_methods_do_not_apply),
           CHECK_CASE(converts_are_exact), CHECK_CASE(fully_connected_is_exact),
           CHECK_CASE(sums_are_exact), CHECK_CASE(moves_are_exact))
