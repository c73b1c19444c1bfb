/* test_nn_session.c - what a session promises: no allocation in a run, no leak when memory ends,
 * the same answer again, sizes and names that it refuses. */
#include "engine/base/float_mode.h"
#include "engine/base/cache.h"
#include "engine/base/memory.h"
#include "engine/nn/runtime.h"
#include "tests/check/check.h"
#include "tests/check/net.h"

#include <stdio.h>
#include <string.h>

static const struct fid_file_node plain = {.kernel_h = 3,
                                           .kernel_w = 3,
                                           .stride_h = 1,
                                           .stride_w = 1,
                                           .dilation_h = 1,
                                           .dilation_w = 1,
                                           .groups = 1,
                                           .pad_mode = FID_PAD_SAME};

/* A layer of every family: convolutions of three kinds, pool, add, activation, softmax. */
static struct fid_builder *build_sample(void)
{
    struct fid_builder *b = fid_builder_open();
    struct fid_file_node depthwise = plain, grouped = plain;
    struct fid_file_node pool = {
        .op = FID_OP_MAX_POOL, .kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2};
    uint32_t v[] = {0, 0}, tensors[3];
    depthwise.groups = 24;
    grouped.groups = 3;
    fid_builder_graph(b, "sample", 16, 20, 5);
    v[0] = net_conv(b, plain, FID_ACT_CLAMP, 5, 24, 1, v);
    v[1] = net_conv(b, depthwise, FID_ACT_PRELU, 24, 24, 1, v);
    v[0] = net_conv(b, grouped, FID_ACT_SIGMOID, 24, 24, 2, v);
    v[0] =
        net_node(b, (struct fid_file_node){.op = FID_OP_ADD}, FID_ACT_CLAMP, 24, 2, v, 0, tensors);
    v[0] = net_node(b, pool, FID_ACT_NONE, 24, 1, v, 0, tensors);
    v[0] = net_node(b, (struct fid_file_node){.op = FID_OP_SOFTMAX, .axis = 3}, FID_ACT_NONE, 24, 1,
                    v, 0, tensors);
    fid_builder_output(b, v[0]);
    return b;
}

static void run_allocates_nothing(void)
{
    static const char *const methods[] = {NULL, "im2col_gemm", "indirect_gemm", "direct"};
    for (int i = 0; i < 4; i++) {
        struct fid_builder *b = build_sample();
        const struct fid_options options = {.threads = 3, .method = methods[i]};
        struct net net;
        struct fid_error error;
        REQUIRE(net_open(&net, b, &options, 2, false, &error) == FID_OK);
        net_fill(&net);
        const unsigned long before = fid_allocation_count();
        for (int n = 1; n <= 2; n++)
            fid_session_run(net.session, n);
        CHECK(fid_allocation_count() == before);
        net_close(&net);
        fid_builder_close(&b);
    }
}

/* Under AddressSanitizer a leak of a half-built session ends the program with an error. */
static void every_allocation_may_fail(void)
{
    struct fid_builder *b = build_sample();
    const struct fid_session_options options = {.profile = true};
    struct net net;
    struct fid_session *session = NULL;
    struct fid_error error;
    unsigned long n = 1;
    REQUIRE(net_open(&net, b, NULL, 1, false, &error) == FID_OK);
    for (;; n++) {
        fid_allocation_fail_at(n);
        const enum fid_status status =
            fid_session_open(net.runtime, net.model, NULL, 1, 0, 0, &options, &session, &error);
        fid_allocation_fail_at(0);
        if (status == FID_OK)
            break;
        REQUIRE(status == FID_NO_MEMORY && session == NULL);
        CHECK(error.status == FID_NO_MEMORY && strstr(error.text, "memory") != NULL);
    }
    CHECK_THAT(n > 8, "only %lu allocations were tried", n);
    fid_session_close(&session);
    net_close(&net);
    fid_builder_close(&b);
}

static void model_and_runtime_survive_lack_of_memory(void)
{
    struct fid_builder *b = build_sample();
    for (unsigned long n = 1;; n++) {
        struct net net;
        struct fid_error error;
        fid_allocation_fail_at(n);
        const enum fid_status status = net_open(&net, b, NULL, 1, false, &error);
        fid_allocation_fail_at(0);
        net_close(&net);
        if (status == FID_OK)
            break;
        REQUIRE(status == FID_NO_MEMORY);
    }
    fid_builder_close(&b);
}

static void same_answer_again_and_for_part_of_the_batch(void)
{
    struct fid_builder *b = build_sample();
    struct net whole, part;
    struct fid_error error;
    REQUIRE(net_open(&whole, b, NULL, 4, false, &error) == FID_OK);
    REQUIRE(net_open(&part, b, NULL, 4, false, &error) == FID_OK);
    net_run(&whole);
    for (int n = 1; n <= 4; n++) {
        net_fill(&part);
        fid_session_run(part.session, n);
        CHECK_THAT(net_same_bits(&whole, &part, n), "%d of 4", n);
    }
    net_close(&whole);
    net_close(&part);
    fid_builder_close(&b);
}

/* Maps of 96 x 96 x 16 are too large for a batch of 8, the pooled ones are not: two branches that
 * are joined early and again late, one of them an output, one seen through a reshape. */
static struct fid_builder *build_early(void)
{
    const struct fid_file_node pool = {
        .op = FID_OP_MAX_POOL, .kernel_h = 8, .kernel_w = 8, .stride_h = 8, .stride_w = 8};
    const struct fid_file_node add = {.op = FID_OP_ADD};
    const struct fid_file_node reshape = {.op = FID_OP_RESHAPE, .shape = {0, 12, 12, 16}};
    struct fid_builder *b = fid_builder_open();
    uint32_t tensors[3], v[] = {0, 0};
    fid_builder_graph(b, "early", 96, 96, 3);
    const uint32_t first = net_conv(b, plain, FID_ACT_CLAMP, 3, 16, 1, v);
    v[0] = net_conv(b, plain, FID_ACT_PRELU, 16, 16, 1, &first);
    v[1] = first;
    v[0] = net_conv(b, plain, FID_ACT_CLAMP, 16, 16, 2, v);
    const uint32_t pooled = net_node(b, pool, FID_ACT_NONE, 16, 1, &first, 0, tensors);
    const uint32_t seen = net_node(b, reshape, FID_ACT_NONE, 16, 1, &pooled, 0, tensors);
    const uint32_t early = net_node(b, pool, FID_ACT_NONE, 16, 1, v, 0, tensors);
    const uint32_t large = net_conv(b, plain, FID_ACT_NONE, 16, 16, 1, v);
    fid_builder_output(b, net_node(b, pool, FID_ACT_NONE, 16, 1, &large, 0, tensors));
    v[0] = early;
    v[1] = seen;
    v[0] = net_node(b, add, FID_ACT_NONE, 16, 2, v, 0, tensors);
    v[1] = early;
    fid_builder_output(b, net_conv(b, plain, FID_ACT_CLAMP, 16, 16, 2, v));
    fid_builder_output(b, pooled);
    return b;
}

/* Picture i of the batch against the same picture alone, every output. */
static void compare_picture(const struct net *batch, const struct net *alone, int i)
{
    static const size_t outputs = 3;
    struct fid_value all, one;
    fid_session_input(batch->session, &all);
    fid_session_input(alone->session, &one);
    const size_t numbers = (size_t)one.h * (size_t)one.w * (size_t)one.c;
    memcpy(one.data, all.data + (size_t)i * numbers, numbers * sizeof *one.data);
    fid_session_run(alone->session, 1);
    size_t compared = 0;
    for (size_t j = 0; fid_session_value(alone->session, j, &one); j++) {
        if (j == 0 || one.data == NULL)
            continue;
        REQUIRE(fid_session_value(batch->session, j, &all) && all.data != NULL);
        const size_t count = (size_t)one.h * (size_t)one.w * (size_t)one.c;
        CHECK_THAT(memcmp(one.data, all.data + (size_t)i * count, count * sizeof(float)) == 0,
                   "%s of picture %d", one.name, i);
        compared++;
    }
    CHECK(compared >= outputs);
}

static void early_steps_go_picture_by_picture(void)
{
    enum { N = 8, BIG = 96 * 96 * 16 };
    struct fid_builder *b = build_early();
    const struct fid_options options = {.threads = 2};
    struct fid_session_memory memory;
    struct fid_error error;
    struct net batch, alone;
    REQUIRE(net_open(&batch, b, &options, N, false, &error) == FID_OK);
    REQUIRE(net_open(&alone, b, &options, 1, false, &error) == FID_OK);
    fid_session_memory(batch.session, &memory);
    CHECK_THAT(memory.arena_bytes < N * BIG * sizeof(float), "%zu bytes hold a map of the batch",
               memory.arena_bytes);
    net_fill(&batch);
    for (int n = 3; n <= N; n += N - 3) {
        fid_session_run(batch.session, n);
        for (int i = 0; i < n && !check_failed(); i++)
            compare_picture(&batch, &alone, i);
    }
    net_close(&batch);
    net_close(&alone);
    fid_builder_close(&b);
}

static void steps_tell_what_they_are(void)
{
    struct fid_builder *b = build_sample();
    const struct fid_session_options options = {.profile = true};
    struct net net;
    struct fid_session *session;
    struct fid_step_info step;
    struct fid_session_memory memory;
    struct fid_error error;
    REQUIRE(net_open(&net, b, &(struct fid_options){.isa = "ref"}, 1, false, &error) == FID_OK);
    CHECK(fid_session_step(net.session, 0, &step) && step.run_count == 0);
    REQUIRE(fid_session_open(net.runtime, net.model, "sample", 1, 0, 0, &options, &session,
                             &error) == FID_OK);
    fid_session_run(session, 1);
    fid_session_run(session, 1);
    CHECK(fid_session_step(session, 0, &step));
    CHECK(strcmp(step.op, "conv") == 0 && strcmp(step.method, "rows_gemm") == 0);
    CHECK(strcmp(step.kernel, "gemm_f32 ref") == 0);
    CHECK(step.h == 16 && step.w == 20 && step.c == 24);
    CHECK(step.macs == 16 * 20 * 24 * 9 * 5);
    CHECK(step.bytes == 4 * (16 * 20 * (5 + 24) + 24 * 9 * 5 + 24));
    CHECK(step.run_count == 2 && step.min_ns > 0 && step.total_ns >= step.min_ns + step.last_ns);
    CHECK(fid_session_step(session, 1, &step) && strcmp(step.method, "depthwise") == 0);
    CHECK(fid_session_step(session, 2, &step) && strcmp(step.method, "direct") == 0);
    CHECK(!fid_session_step(session, 6, &step));
    fid_session_memory(session, &memory);
    CHECK(memory.arena_bytes > 0 && memory.packed_bytes > 0 && memory.scratch_bytes > 0);
    fid_session_close(&session);
    net_close(&net);
    fid_builder_close(&b);
}

/* ---- refusals ---- */

static void expect_refusal(const struct net *net, const char *graph, int n, int h, int w,
                           enum fid_status status, const char *words)
{
    struct fid_session *session;
    struct fid_error error = {0};
    CHECK(fid_session_open(net->runtime, net->model, graph, n, h, w, NULL, &session, &error) ==
          status);
    CHECK(session == NULL);
    CHECK_THAT(strstr(error.text, words) != NULL, "'%s' is not in '%s'", words, error.text);
}

static void sizes_and_names_are_checked(void)
{
    struct fid_builder *b = build_sample();
    struct fid_error error;
    struct fid_value value;
    struct net net;
    REQUIRE(net_open(&net, b, NULL, 1, false, &error) == FID_OK);
    expect_refusal(&net, "other", 1, 0, 0, FID_NOT_FOUND, "there is no graph 'other'");
    expect_refusal(&net, NULL, 0, 0, 0, FID_INVALID, "a batch of 0");
    expect_refusal(&net, NULL, 1, 16, 24, FID_INVALID, "takes 16 x 20, not 16 x 24");
    expect_refusal(&net, NULL, 1, -1, 20, FID_INVALID, "an input of -1 x 20");
    expect_refusal(&net, NULL, 2000000000, 0, 0, FID_UNSUPPORTED, "too large");
    CHECK(!fid_session_output(net.session, "nothing", &value));
    net_close(&net);
    fid_builder_close(&b);
}

static void open_is_unsupported(struct fid_builder *b, bool keep_values, const char *words)
{
    const struct fid_options options = {.threads = 2};
    struct net net;
    struct fid_error error = {0};
    CHECK(net_open(&net, b, &options, 1, keep_values, &error) == FID_UNSUPPORTED);
    CHECK_THAT(strstr(error.text, words) != NULL, "'%s' is not in '%s'", words, error.text);
    net_close(&net);
    fid_builder_close(&b);
}

/* Sizes just above what 32 bits hold: a sum or product that wraps would be a small one. */
static void a_small_file_does_not_get_all_memory(void)
{
    enum { SIDE = 1024, LAYERS = 1030 }; /* of 4 MB, all of one filter */
    const uint32_t dims[] = {SIDE, 1, 1, SIDE}, long_side = 16384;
    struct fid_file_node pointwise = plain;
    const struct fid_file_node whole = {.op = FID_OP_GLOBAL_AVERAGE_POOL};
    pointwise.op = FID_OP_CONV;
    pointwise.kernel_h = pointwise.kernel_w = 1;

    struct fid_builder *b = fid_builder_open();
    uint32_t value = 0, tensors[3];
    fid_builder_graph(b, "wide", long_side, long_side, 1); /* a pointer to each of 2^28 pixels */
    fid_builder_output(b, net_node(b, whole, FID_ACT_NONE, 1, 1, &value, 0, tensors));
    open_is_unsupported(b, false, "bytes of scratch are too much (2 threads");

    b = fid_builder_open();
    fid_builder_graph(b, "deep", 1, 1, SIDE);
    tensors[0] = net_random_tensor(b, 4, dims);
    tensors[1] = net_random_tensor(b, 1, dims);
    for (int i = 0; i < LAYERS; i++)
        value = net_node(b, pointwise, FID_ACT_NONE, SIDE, 1, &value, 2, tensors);
    fid_builder_output(b, value);
    open_is_unsupported(b, false, "bytes of packed weights up to here are too much");

    b = fid_builder_open();
    value = 0;
    fid_builder_graph(b, "large", long_side, long_side, 1);
    for (int i = 0; i < 5; i++)
        value = net_node(b, (struct fid_file_node){.op = FID_OP_ACTIVATION}, FID_ACT_SIGMOID, 1, 1,
                         &value, 0, tensors);
    fid_builder_output(b, value);
    open_is_unsupported(b, true, "bytes of values at a time are too much");
}

static void free_sizes_are_multiples(void)
{
    struct fid_builder *b = fid_builder_open();
    struct fid_error error;
    struct fid_session *session;
    struct fid_value input;
    struct net net;
    const uint32_t first = 0;
    fid_builder_graph(b, "free", 32, 32, 3);
    fid_builder_free_size(b, 32);
    fid_builder_output(b, net_conv(b, plain, FID_ACT_NONE, 3, 4, 1, &first));
    REQUIRE(net_open(&net, b, NULL, 1, false, &error) == FID_OK);
    REQUIRE(fid_session_open(net.runtime, net.model, NULL, 1, 64, 96, NULL, &session, &error) ==
            FID_OK);
    fid_session_input(session, &input);
    CHECK(input.h == 64 && input.w == 96 && input.c == 3);
    fid_session_close(&session);
    expect_refusal(&net, NULL, 1, 64, 65, FID_INVALID, "64 x 65 is no multiple of 32");
    net_close(&net);
    fid_builder_close(&b);
}

/* Numbers that fade away become 0 in a run, whichever worker makes them, and the caller's
 * arithmetic is afterwards what it was. */
static void a_run_has_no_subnormal_numbers(void)
{
    struct fid_builder *b = fid_builder_open();
    struct fid_error error = {0};
    struct fid_value input, output;
    struct net net;
    const uint32_t first = 0, dim = 8;
    const float tiny[8] = {0x1p-60f, 0x1p-60f, 0x1p-60f, 0x1p-60f,
                           0x1p-60f, 0x1p-60f, 0x1p-60f, 0x1p-60f};
    const float zeros[8] = {0};
    const uint64_t mode = fid_float_mode();
    if (fid_float_mode_flushing(mode) == mode) {
        check_skip("this CPU has no switch for subnormal numbers");
        fid_builder_close(&b);
        return;
    }
    fid_builder_graph(b, "fading", 64, 64, dim);
    const uint32_t tensors[] = {fid_builder_tensor(b, "scale", 1, &dim, tiny),
                                fid_builder_tensor(b, "shift", 1, &dim, zeros)};
    const struct fid_file_node affine = {.op = FID_OP_AFFINE};
    fid_builder_output(b, fid_builder_node(b, "fade", &affine, 1, &first, 2, tensors));
    REQUIRE(net_open(&net, b, &(struct fid_options){.threads = 3}, 1, false, &error) == FID_OK);
    fid_session_input(net.session, &input);
    for (size_t i = 0; i < 64 * 64 * 8; i++)
        input.data[i] = 0x1p-70f; /* times the scale: 2^-130 */
    fid_session_run(net.session, 1);
    volatile float half = 0x1p-126f;
    half *= 0.5f;
    CHECK_THAT(half > 0, "the caller's arithmetic flushes after a run");
    CHECK(fid_session_output(net.session, NULL, &output));
    for (size_t i = 0; i < 64 * 64 * 8 && !check_failed(); i++)
        CHECK_THAT(output.data[i] == 0, "number %zu is %g", i, (double)output.data[i]);
    net_close(&net);
    fid_builder_close(&b);
}

static void runtime_refuses(const struct fid_options *options, enum fid_status status,
                            const char *words)
{
    struct fid_runtime *runtime;
    struct fid_error error = {0};
    CHECK(fid_runtime_open(&runtime, options, &error) == status);
    CHECK(runtime == NULL);
    CHECK_THAT(strstr(error.text, words) != NULL, "'%s' is not in '%s'", words, error.text);
}

static void runtime_options_are_checked(void)
{
    runtime_refuses(&(struct fid_options){.threads = -1}, FID_INVALID, "threads: -1");
    runtime_refuses(&(struct fid_options){.isa = "mmx"}, FID_UNSUPPORTED, "'mmx'");
    runtime_refuses(&(struct fid_options){.method = "magic"}, FID_INVALID, "'magic'");
#if !FID_OPENBLAS
    runtime_refuses(&(struct fid_options){.method = "im2col_openblas"}, FID_UNSUPPORTED,
                    "libopenblas0-pthread");
#endif
}

/* The size of the cache says how the work is cut, and no sum is. */
static void no_bit_depends_on_the_cache(void)
{
    CHECK(fid_cache_bytes() >= (size_t)128 << 10 && fid_cache_bytes() <= (size_t)2 << 20);
    static const char *const methods[] = {NULL, "winograd_2x2", "winograd_4x4", "im2col_gemm",
                                          "indirect_gemm"};
    static const size_t sizes[] = {1 << 10, 1 << 14, 1 << 17, 1 << 21};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct fid_builder *b = build_sample();
        const struct fid_options options = {.threads = 2, .method = methods[i]};
        struct net net, other;
        struct fid_error error;
        REQUIRE(net_open(&net, b, &options, 2, false, &error) == FID_OK);
        REQUIRE(net_open(&other, b, &options, 2, false, &error) == FID_OK);
        net_run(&net);
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            fid_session_close(&other.session);
            other.runtime->cache_bytes = sizes[j];
            REQUIRE(fid_session_open(other.runtime, other.model, NULL, 2, 0, 0, NULL,
                                     &other.session, &error) == FID_OK);
            net_run(&other);
            CHECK_THAT(net_same_bits(&net, &other, 2), "%s with %zu bytes of cache",
                       methods[i] != NULL ? methods[i] : "chosen", sizes[j]);
        }
        net_close(&other);
        net_close(&net);
        fid_builder_close(&b);
    }
}

CHECK_MAIN(CHECK_CASE(no_bit_depends_on_the_cache), CHECK_CASE(run_allocates_nothing),
           CHECK_CASE(every_allocation_may_fail),
           CHECK_CASE(model_and_runtime_survive_lack_of_memory),
           CHECK_CASE(same_answer_again_and_for_part_of_the_batch),
           CHECK_CASE(early_steps_go_picture_by_picture), CHECK_CASE(steps_tell_what_they_are),
           CHECK_CASE(sizes_and_names_are_checked),
           CHECK_CASE(a_small_file_does_not_get_all_memory), CHECK_CASE(free_sizes_are_multiples),
           CHECK_CASE(a_run_has_no_subnormal_numbers), CHECK_CASE(runtime_options_are_checked))
