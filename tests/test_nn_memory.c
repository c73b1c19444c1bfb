/* test_nn_memory.c - the memory planner by brute force, and whole networks whose answers must not
 * depend on whether memory is reused. */
#include "engine/nn/memory_plan.h"
#include "tests/check/check.h"
#include "tests/check/net.h"

#include <inttypes.h>
#include <string.h>

enum { BLOCKS_MAX = 60 };

static void check_no_overlap(const struct fid_block *blocks, size_t count, uint64_t arena)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(blocks[i].offset + blocks[i].bytes <= arena);
        for (size_t j = 0; j < i; j++) {
            const bool together =
                blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
            const bool apart = blocks[i].offset + blocks[i].bytes <= blocks[j].offset ||
                               blocks[j].offset + blocks[j].bytes <= blocks[i].offset;
            CHECK_THAT(!together || apart, "blocks %zu and %zu overlap", i, j);
        }
    }
}

static void no_two_live_blocks_overlap(void)
{
    struct fid_block blocks[BLOCKS_MAX];
    uint64_t scratch[3 * BLOCKS_MAX];
    for (int round = 0; round < 500; round++) {
        const size_t count = 1 + check_random_below(BLOCKS_MAX);
        for (size_t i = 0; i < count; i++) {
            const size_t first = check_random_below(40);
            blocks[i] = (struct fid_block){.bytes = 64 * (1 + check_random_below(50)),
                                           .first = first,
                                           .last = first + check_random_below(10)};
        }
        const uint64_t arena = fid_memory_plan(blocks, count, scratch);
        check_no_overlap(blocks, count, arena);
        CHECK(arena >= fid_memory_bound(blocks, count));
    }
}

/* Value i lives from step i to step i + 1: what a plain chain of layers needs is its worst pair. */
static void chain_needs_its_worst_pair(void)
{
    struct fid_block blocks[BLOCKS_MAX];
    uint64_t scratch[3 * BLOCKS_MAX];
    for (int round = 0; round < 500; round++) {
        const size_t count = 2 + check_random_below(BLOCKS_MAX - 1);
        uint64_t worst = 0;
        for (size_t i = 0; i < count; i++) {
            blocks[i] = (struct fid_block){
                .bytes = 64 * (1 + check_random_below(500)), .first = i, .last = i + 1};
            if (i > 0 && blocks[i].bytes + blocks[i - 1].bytes > worst)
                worst = blocks[i].bytes + blocks[i - 1].bytes;
        }
        const uint64_t arena = fid_memory_plan(blocks, count, scratch);
        check_no_overlap(blocks, count, arena);
        CHECK_THAT(arena == worst, "%" PRIu64 " bytes, %" PRIu64 " suffice", arena, worst);
    }
}

/* Where a size_t has 32 bits too: else the session would be refused less than it writes. */
static void arenas_of_any_size_are_counted(void)
{
    const uint64_t large = (uint64_t)3 << 30;
    struct fid_block blocks[] = {{large, 0, 1, 0}, {large, 1, 2, 0}, {large, 2, 3, 0}};
    uint64_t scratch[9];
    CHECK(fid_memory_bound(blocks, 3) == 2 * large);
    CHECK(fid_memory_plan(blocks, 3, scratch) == 2 * large);
    check_no_overlap(blocks, 3, 2 * large);
}

/* A random network of layers that work in place, alias, branch and join. All values have c
 * channels and the input's size. */
static void add_random_node(struct fid_builder *b, uint32_t *values, size_t *count, uint32_t c)
{
    const uint32_t inputs[] = {values[check_random_below((uint32_t)*count)],
                               values[*count - 1 - check_random_below(*count < 3 ? 1 : 3)]};
    const struct fid_file_node conv = {.kernel_h = 3,
                                       .kernel_w = 3,
                                       .stride_h = 1,
                                       .stride_w = 1,
                                       .dilation_h = 1,
                                       .dilation_w = 1,
                                       .groups = 1,
                                       .pad_mode = FID_PAD_SAME};
    const struct fid_file_node reshape = {.op = FID_OP_RESHAPE, .shape = {0, 6, 5, -1}};
    uint32_t tensors[3];
    switch (check_random_below(5)) {
    case 0:
        values[(*count)++] = net_conv(b, conv, FID_ACT_CLAMP, c, c, 1, inputs + 1);
        break;
    case 1:
        values[(*count)++] = net_conv(b, conv, FID_ACT_CLAMP, c, c, 2, inputs);
        break;
    case 2:
        values[(*count)++] = net_node(b, (struct fid_file_node){.op = FID_OP_ADD}, FID_ACT_NONE, c,
                                      2, inputs, 0, tensors);
        break;
    case 3:
        values[(*count)++] = net_node(b, (struct fid_file_node){.op = FID_OP_ACTIVATION},
                                      FID_ACT_PRELU, c, 1, inputs + 1, 0, tensors);
        break;
    default:
        values[(*count)++] = net_node(b, reshape, FID_ACT_NONE, c, 1, inputs + 1, 0, tensors);
        break;
    }
}

static void reuse_changes_no_bit(void)
{
    static const char *const methods[] = {NULL, "direct", "im2col_gemm"};
    for (int round = 0; round < 90 && !check_failed(); round++) {
        struct fid_builder *b = fid_builder_open();
        uint32_t values[32] = {0};
        size_t count = 1;
        const uint32_t c = 1 + check_random_below(20);
        fid_builder_graph(b, "net", 6, 5, c);
        while (count < 2 + (size_t)round % 25)
            add_random_node(b, values, &count, c);
        fid_builder_output(b, values[count - 1]);
        const struct fid_options options = {.threads = 2, .method = methods[round % 3]};
        struct net kept, reused;
        struct fid_error error = {0};
        REQUIRE(net_open(&kept, b, &options, 2, true, &error) == FID_OK);
        REQUIRE(net_open(&reused, b, &options, 2, false, &error) == FID_OK);
        net_run(&kept);
        net_verify(&kept);
        net_run(&reused);
        CHECK(net_same_bits(&kept, &reused, 2));
        struct fid_value input;
        fid_session_input(reused.session, &input);
        fid_session_run(reused.session, 2); /* the input is still there */
        CHECK(net_same_bits(&kept, &reused, 2));
        net_close(&kept);
        net_close(&reused);
        fid_builder_close(&b);
    }
}

static void reused_values_are_not_shown(void)
{
    struct fid_builder *b = fid_builder_open();
    uint32_t values[8] = {0};
    const struct fid_file_node conv = {.kernel_h = 1,
                                       .kernel_w = 1,
                                       .stride_h = 1,
                                       .stride_w = 1,
                                       .dilation_h = 1,
                                       .dilation_w = 1,
                                       .groups = 1};
    fid_builder_graph(b, "net", 6, 5, 4);
    for (int i = 0; i < 4; i++)
        values[i + 1] = net_conv(b, conv, FID_ACT_NONE, 4, 4, 1, &values[i]);
    fid_builder_output(b, values[2]);
    fid_builder_output(b, values[4]);
    struct net net;
    struct fid_error error;
    struct fid_value v;
    REQUIRE(net_open(&net, b, NULL, 1, false, &error) == FID_OK);
    CHECK(fid_session_value(net.session, 1, &v) && v.data == NULL);
    CHECK(fid_session_value(net.session, 2, &v) && v.data != NULL);
    CHECK(fid_session_value(net.session, 3, &v) && v.data == NULL);
    CHECK(fid_session_value(net.session, 4, &v) && v.data != NULL);
    CHECK(!fid_session_value(net.session, 5, &v));
    net_close(&net);
    fid_builder_close(&b);
}

CHECK_MAIN(CHECK_CASE(no_two_live_blocks_overlap), CHECK_CASE(chain_needs_its_worst_pair),
           CHECK_CASE(arenas_of_any_size_are_counted), CHECK_CASE(reuse_changes_no_bit),
           CHECK_CASE(reused_values_are_not_shown))
