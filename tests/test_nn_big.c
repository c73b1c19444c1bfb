/* test_nn_big.c - the promises of a session on a network of ResNet50's shape and size, 94 MB of
 * random weights: memory, allocations, and the same bits for any number of threads. */
#include "engine/base/memory.h"
#include "tests/check/check.h"
#include "tests/check/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

/* What a process may need at most: the weights once, packed (3 × 3 filters in Winograd's domain are
 * up to four times as large), activations, program and libraries. */
#define LIMIT_BYTES 200000000L
/* ... with fid_options.low_memory. */
#define LOW_LIMIT_BYTES 140000000L

/* ... beside the packed weights, however they were chosen: less than the filters once more. */
#define ROOM_BYTES 48000000L

/* ---- the network ---- */

static uint32_t tensor(struct fid_builder *b, const char *name, uint32_t rank, const uint32_t *dims,
                       float limit)
{
    size_t count = 1;
    for (uint32_t i = 0; i < rank; i++)
        count *= dims[i];
    float *data = malloc(count * sizeof *data);
    if (data == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        data[i] = check_random_float(-limit, limit);
    const uint32_t number = fid_builder_tensor(b, name, rank, dims, data);
    free(data);
    return number;
}

struct conv {
    uint32_t in, c_in, c_out;
    int32_t side, stride;
    const uint32_t *residual; /* or NULL */
};

/* Uniform weights of variance 2 / fan-in keep the numbers near 1 through all layers (He et al.,
 * 2015), so that they neither overflow nor saturate. */
static uint32_t conv(struct fid_builder *b, const struct conv *c)
{
    static int number;
    char name[32];
    const struct fid_file_node fields = {.op = FID_OP_CONV,
                                         .activation = FID_ACT_CLAMP,
                                         .act_max = INFINITY,
                                         .kernel_h = c->side,
                                         .kernel_w = c->side,
                                         .stride_h = c->stride,
                                         .stride_w = c->stride,
                                         .dilation_h = 1,
                                         .dilation_w = 1,
                                         .groups = 1,
                                         .pad_mode = FID_PAD_SAME};
    const uint32_t side = (uint32_t)c->side;
    const uint32_t dims[] = {c->c_out, side, side, c->c_in};
    const uint32_t inputs[] = {c->in, c->residual != NULL ? *c->residual : 0};
    uint32_t tensors[2];
    snprintf(name, sizeof name, "conv%d", number++);
    char filter[48], bias[48];
    snprintf(filter, sizeof filter, "%s.filter", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    tensors[0] = tensor(b, filter, 4, dims, sqrtf(6.0f / (float)(side * side * c->c_in)));
    tensors[1] = tensor(b, bias, 1, &c->c_out, 0.1f);
    return fid_builder_node(b, name, &fields, c->residual != NULL ? 2 : 1, inputs, 2, tensors);
}

/* 1 × 1 down, 3 × 3, 1 × 1 up, and the input added, itself projected where the shape changes. */
static uint32_t bottleneck(struct fid_builder *b, uint32_t in, uint32_t c_in, uint32_t width,
                           int32_t stride)
{
    const uint32_t c_out = 4 * width;
    uint32_t shortcut = in;
    if (c_in != c_out)
        shortcut = conv(b, &(struct conv){in, c_in, c_out, 1, stride, NULL});
    uint32_t v = conv(b, &(struct conv){in, c_in, width, 1, stride, NULL});
    v = conv(b, &(struct conv){v, width, width, 3, 1, NULL});
    return conv(b, &(struct conv){v, width, c_out, 1, 1, &shortcut});
}

static void build(struct fid_builder *b)
{
    static const int blocks[] = {3, 4, 6, 3};
    const struct fid_file_node pool = {.op = FID_OP_MAX_POOL,
                                       .kernel_h = 3,
                                       .kernel_w = 3,
                                       .stride_h = 2,
                                       .stride_w = 2,
                                       .pad_mode = FID_PAD_SAME};
    fid_builder_graph(b, "big", 224, 224, 3);
    uint32_t v = conv(b, &(struct conv){0, 3, 64, 7, 2, NULL});
    v = fid_builder_node(b, "pool", &pool, 1, &v, 0, NULL);
    uint32_t c = 64;
    for (int stage = 0; stage < 4; stage++)
        for (int i = 0; i < blocks[stage]; i++) {
            const uint32_t width = 64u << stage;
            v = bottleneck(b, v, c, width, stage > 0 && i == 0 ? 2 : 1);
            c = 4 * width;
        }
    fid_builder_output(b, v);
}

/* Path of the file, made by the first case that wants it and removed with the temporary folder;
 * NULL, and the case has failed, when it cannot be written. */
static const char *big_file(void)
{
    static char path[4096];
    if (path[0] != '\0')
        return path;
    struct fid_builder *b = fid_builder_open();
    build(b);
    snprintf(path, sizeof path, "%s/big.fid", check_temp_folder());
    if (fid_builder_write(b, path) != 0) {
        check_fail(__FILE__, __LINE__, "cannot write %s", path);
        path[0] = '\0';
    }
    fid_builder_close(&b);
    return path[0] != '\0' ? path : NULL;
}

/* The same with its weights packed. */
static const char *packed_file(const char *path)
{
    static char packed[4096];
    struct fid_runtime *runtime;
    struct fid_model *model = NULL;
    struct fid_error error = {0};
    snprintf(packed, sizeof packed, "%s/packed.fid", check_temp_folder());
    enum fid_status status = fid_runtime_open(&runtime, NULL, &error);
    if (status == FID_OK)
        status = fid_model_open(runtime, path, &model, &error);
    if (status == FID_OK)
        status = fid_model_pack(runtime, model, NULL, 0, 0, packed, &error);
    fid_model_close(&model);
    fid_runtime_close(&runtime);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    return status == FID_OK ? packed : NULL;
}

/* ---- the cases ---- */

static void open_and_run(const char *path, bool low_memory)
{
    const struct fid_options options = {.low_memory = low_memory};
    struct net net;
    struct fid_error error;
    struct fid_session_memory memory;
    struct rusage usage;
    REQUIRE(net_open_file(&net, path, &options, 1, false, &error) == FID_OK);
    net_fill(&net);
    const unsigned long before = fid_allocation_count();
    fid_session_run(net.session, 1);
    fid_session_run(net.session, 1);
    CHECK(fid_allocation_count() == before);
    fid_session_memory(net.session, &memory);
    net_close(&net);
    getrusage(RUSAGE_SELF, &usage);
    long limit = (long)memory.packed_bytes + ROOM_BYTES;
    const long most = low_memory ? LOW_LIMIT_BYTES : LIMIT_BYTES;
    limit = limit < most ? limit : most;
    CHECK_THAT(usage.ru_maxrss <= limit / 1024, "%ld KB in memory, at most %ld allowed",
               usage.ru_maxrss, limit / 1024);
}

/* In a child, so that its largest size is not that of the builder here. */
static void run_in_child(const char *path, bool low_memory)
{
    int status;
    fflush(stdout);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        open_and_run(path, low_memory);
        fflush(stdout);
        _exit(check_failed());
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK_THAT(status == 0, "the child ended with status %#x", (unsigned)status);
}

static void runs_in_little_memory_without_allocating(void)
{
    if (WITH_ASAN) {
        check_skip("AddressSanitizer's own memory would be counted");
        return;
    }
    struct stat file;
    const char *path = big_file();
    REQUIRE(path != NULL && stat(path, &file) == 0);
    CHECK_THAT(file.st_size > 90000000, "%ld bytes are no big file", (long)file.st_size);
    run_in_child(path, false);
    run_in_child(path, true);
    const char *packed = packed_file(path);
    REQUIRE(packed != NULL);
    run_in_child(packed, false);
    unlink(packed);
}

static void same_bits_for_any_number_of_threads(void)
{
    const char *path = big_file();
    struct fid_error error;
    struct fid_value output;
    struct net one, many;
    REQUIRE(path != NULL);
    REQUIRE(net_open_file(&one, path, &(struct fid_options){.threads = 1}, 1, false, &error) ==
            FID_OK);
    net_run(&one);
    REQUIRE(fid_session_output(one.session, NULL, &output));
    CHECK(output.h == 7 && output.w == 7 && output.c == 2048);
    for (int i = 0; i < output.h * output.w * output.c; i++)
        REQUIRE(isfinite(output.data[i]));
    static const int counts[] = {2, 3, 8};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const int threads = counts[i];
        const struct fid_options options = {.threads = threads};
        REQUIRE(net_open_file(&many, path, &options, 1, false, &error) == FID_OK);
        net_run(&many);
        CHECK_THAT(net_same_bits(&one, &many, 1), "1 and %d threads", threads);
        net_close(&many);
    }
    net_close(&one);
}

/* A batch whose early layers run picture by picture, as copies of the steps. */
static void packed_batch_gives_the_same_bits(void)
{
    const char *path = big_file(), *packed = path != NULL ? packed_file(path) : NULL;
    struct fid_error error;
    struct net plain, other;
    REQUIRE(packed != NULL);
    REQUIRE(net_open_file(&plain, path, NULL, 3, false, &error) == FID_OK);
    REQUIRE(net_open_file(&other, packed, NULL, 3, false, &error) == FID_OK);
    net_run(&plain);
    net_run(&other);
    CHECK(net_same_bits(&plain, &other, 3));
    net_close(&plain);
    net_close(&other);
    unlink(packed);
}

CHECK_MAIN(CHECK_CASE(runs_in_little_memory_without_allocating),
           CHECK_CASE(same_bits_for_any_number_of_threads),
           CHECK_CASE(packed_batch_gives_the_same_bits))
