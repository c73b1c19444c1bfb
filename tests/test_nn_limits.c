/* test_nn_limits.c - what a file of few bytes may ask for: opening, checking and planning take work
 * by the file's size, and more work or memory than the limits is refused. */
#include "engine/nn/memory_plan.h"
#include "tests/check/check.h"
#include "tests/check/net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Of CPU time: 3 to 7 on the machine of this figure. By the square of the nodes
 * it would be minutes. */
enum { NODES = 20000, SECONDS = 60 };

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_utime.tv_sec + 1e-6 * (double)used.ru_utime.tv_usec;
}

static uint32_t node(struct fid_builder *b, struct fid_file_node fields, size_t count,
                     const uint32_t *inputs)
{
    static int number;
    char name[32];
    snprintf(name, sizeof name, "n%d", number++);
    return fid_builder_node(b, name, &fields, count, inputs, 0, NULL);
}

static const struct fid_file_node relu = {
    .op = FID_OP_ACTIVATION, .activation = FID_ACT_CLAMP, .act_max = INFINITY};
static const struct fid_file_node pool = {
    .op = FID_OP_MAX_POOL, .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1};
static const struct fid_file_node twice = {.op = FID_OP_CONCAT, .axis = 3};
static const struct fid_file_node alias = {.op = FID_OP_RESHAPE, .shape = {0, 1, 1, -1}};

/* Opens, plans for n pictures, closes; within the time. */
static enum fid_status plan(struct fid_builder *b, int n, struct fid_error *error)
{
    struct net net;
    const double before = cpu_seconds();
    const enum fid_status status = net_open(&net, b, NULL, n, false, error);
    net_close(&net);
    CHECK_THAT(cpu_seconds() - before < SECONDS, "%.1f s", cpu_seconds() - before);
    fid_builder_close(&b);
    return status;
}

static void values_that_all_stay(void)
{
    struct fid_error error = {0};
    struct fid_builder *b = fid_builder_open();
    uint32_t v = 0;
    fid_builder_graph(b, "net", 1, 1, 3);
    for (int i = 0; i < NODES; i++) {
        v = node(b, relu, 1, &v);
        fid_builder_output(b, v);
    }
    CHECK_THAT(plan(b, 1, &error) == FID_OK, "%s", error.text);
}

/* Small values that stay between large ones that go: no gap ever takes the next large one. */
static void gaps_that_never_fit(void)
{
    struct fid_error error = {0};
    struct fid_builder *b = fid_builder_open();
    const uint32_t in = 0;
    uint32_t v = 0;
    fid_builder_graph(b, "net", 1, 1, 3);
    for (int i = 0; i < NODES / 2; i++) {
        const uint32_t kept = node(b, relu, 1, &in), both[] = {kept, kept};
        fid_builder_output(b, kept);
        v = node(b, twice, 2, both);
    }
    fid_builder_output(b, v);
    CHECK_THAT(plan(b, 1, &error) == FID_OK, "%s", error.text);
}

/* For two pictures: the steps before a large value go picture by picture, and what the chain's last
 * value says holds for all of it. */
static void aliases_of_aliases(void)
{
    struct fid_error error = {0};
    struct fid_builder *b = fid_builder_open();
    uint32_t v = 0;
    fid_builder_graph(b, "net", 1024, 1024, 3);
    v = node(b, relu, 1, &v);
    for (int i = 0; i < NODES; i++)
        v = node(b, alias, 1, &v);
    fid_builder_output(b, v);
    CHECK_THAT(plan(b, 2, &error) == FID_OK, "%s", error.text);
}

static void windows_over_a_long_map(void)
{
    struct fid_error error = {0};
    struct fid_builder *b = fid_builder_open();
    const uint32_t in = 0;
    uint32_t v = 0;
    fid_builder_graph(b, "net", 1 << 24, 1, 1);
    for (int i = 0; i < NODES; i++)
        v = node(b, pool, 1, &in);
    fid_builder_output(b, v);
    struct fid_runtime *runtime;
    struct fid_model *model;
    char path[4096];
    snprintf(path, sizeof path, "%s/long.fid", check_temp_folder());
    CHECK(fid_builder_write(b, path) == 0);
    REQUIRE(fid_runtime_open(&runtime, NULL, &error) == FID_OK);
    const double before = cpu_seconds();
    CHECK_THAT(fid_model_open(runtime, path, &model, &error) == FID_OK, "%s", error.text);
    CHECK_THAT(cpu_seconds() - before < SECONDS, "%.1f s", cpu_seconds() - before);
    fid_model_close(&model);
    fid_runtime_close(&runtime);
    fid_builder_close(&b);
}

static void refuses(struct fid_builder *b, const char *words)
{
    struct fid_error error = {0};
    CHECK(plan(b, 1, &error) == FID_UNSUPPORTED);
    CHECK_THAT(strstr(error.text, words) != NULL, "%s", error.text);
}

static void a_side_has_a_limit(void)
{
    const struct fid_file_node rows = {.op = FID_OP_RESHAPE, .shape = {0, -1, 1, 1}};
    const uint32_t in = 0;
    struct fid_builder *b = fid_builder_open();
    fid_builder_graph(b, "net", 1 << 24, 2, 1);
    fid_builder_output(b, node(b, rows, 1, &in));
    refuses(b, "33554432 x 1 x 1 are too large");
}

/* Windows of 255 × 255 over a large map, again and again: hours of work in a few kilobytes. */
static void work_has_a_limit(void)
{
    struct fid_file_node wide = pool;
    struct fid_builder *b = fid_builder_open();
    uint32_t v = 0;
    wide.kernel_h = wide.kernel_w = 255;
    wide.pad_mode = FID_PAD_SAME;
    fid_builder_graph(b, "net", 8192, 8192, 1);
    v = node(b, wide, 1, &v);
    v = node(b, wide, 1, &v);
    fid_builder_output(b, v);
    refuses(b, "work for one picture");
}

/* More blocks than places are looked for lie one behind the other. */
static void many_blocks_lie_apart(void)
{
    enum { COUNT = FID_MEMORY_BLOCKS + 1 };
    static struct fid_block blocks[COUNT];
    static uint64_t scratch[3 * COUNT];
    for (size_t count = COUNT - 1; count <= COUNT; count++) {
        for (size_t i = 0; i < count; i++)
            blocks[i] = (struct fid_block){.bytes = 64, .first = i, .last = i + 1};
        CHECK(fid_memory_plan(blocks, count, scratch) == (count < COUNT ? 128 : 64 * count));
        for (size_t i = 1; i < count; i++)
            CHECK(blocks[i].offset != blocks[i - 1].offset);
    }
}

CHECK_MAIN(CHECK_CASE(values_that_all_stay), CHECK_CASE(gaps_that_never_fit),
           CHECK_CASE(aliases_of_aliases), CHECK_CASE(windows_over_a_long_map),
           CHECK_CASE(a_side_has_a_limit), CHECK_CASE(work_has_a_limit),
           CHECK_CASE(many_blocks_lie_apart))
