/* test_nn_packed.c - files with packed weights: the same bits as without, on every table of this
 * CPU; another table, method or version packs anew; and no byte is used that was not checked. */
#include "engine/base/memory.h"
#include "engine/nn/model.h"
#include "tests/check/check.h"
#include "tests/check/net.h"

#include "kernels/kernels.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a network with something of everything that is packed or not ---- */

enum { SIDE = 9, CHANNELS = 20 };

static const struct fid_file_node window = {.stride_h = 1,
                                            .stride_w = 1,
                                            .dilation_h = 1,
                                            .dilation_w = 1,
                                            .groups = 1,
                                            .pad_mode = FID_PAD_SAME};

static uint32_t conv(struct fid_builder *b, int32_t kernel, int32_t groups, uint32_t activation,
                     uint32_t c_in, uint32_t input)
{
    struct fid_file_node fields = window;
    fields.kernel_h = fields.kernel_w = kernel;
    fields.groups = groups;
    return net_conv(b, fields, activation, c_in, CHANNELS, 1, &input);
}

static struct fid_builder *build(void)
{
    const uint32_t c = CHANNELS, vector = 7, filter[] = {vector, SIDE * SIDE * CHANNELS};
    uint32_t tensors[3];
    struct fid_builder *b = fid_builder_open();
    fid_builder_graph(b, "net", SIDE, SIDE, 3);
    uint32_t v = conv(b, 3, 1, FID_ACT_CLAMP, 3, 0);
    v = conv(b, 3, 1, FID_ACT_PRELU, c, v);
    v = conv(b, 3, CHANNELS, FID_ACT_CLAMP, c, v); /* depthwise */
    v = conv(b, 1, 1, FID_ACT_NONE, c, v);
    v = conv(b, 3, 4, FID_ACT_PRELU, c, v); /* grouped: its filter is read in the file */
    tensors[0] = net_random_tensor(b, 1, &c);
    tensors[1] = net_random_tensor(b, 1, &c);
    v = net_node(b, (struct fid_file_node){.op = FID_OP_AFFINE}, FID_ACT_CLAMP, c, 1, &v, 2,
                 tensors);
    tensors[0] = net_random_tensor(b, 2, filter);
    tensors[1] = net_random_tensor(b, 1, &vector);
    v = net_node(b, (struct fid_file_node){.op = FID_OP_FULLY_CONNECTED}, FID_ACT_NONE, vector, 1,
                 &v, 2, tensors);
    fid_builder_output(b, v);
    return b;
}

/* The path of a file in the temporary folder; one buffer for each of the names. */
static const char *path_of(const char *name)
{
    static char paths[2][4096];
    char *path = paths[strcmp(name, "packed.fid") == 0];
    snprintf(path, sizeof paths[0], "%s/%s", check_temp_folder(), name);
    return path;
}

static const char *plain_file(void)
{
    const char *path = path_of("plain.fid");
    struct fid_builder *b = build();
    if (fid_builder_write(b, path) != 0)
        check_fail(__FILE__, __LINE__, "cannot write %s", path);
    fid_builder_close(&b);
    return path;
}

/* Packs the plain file to path for the options. */
static enum fid_status pack(const char *plain, const char *path, const struct fid_options *options,
                            struct fid_error *error)
{
    struct fid_runtime *runtime;
    struct fid_model *model = NULL;
    enum fid_status status = fid_runtime_open(&runtime, options, error);
    if (status == FID_OK)
        status = fid_model_open(runtime, plain, &model, error);
    if (status == FID_OK)
        status = fid_model_pack(runtime, model, NULL, 0, 0, path, error);
    fid_model_close(&model);
    fid_runtime_close(&runtime);
    return status;
}

/* ---- what the log says of a session ---- */

struct notes {
    bool in_place;
    char refused[512]; /* "" or why the packed weights were not used */
};

static void note(void *ctx, const char *line)
{
    struct notes *notes = ctx;
    notes->in_place = notes->in_place || strstr(line, "in place in the file") != NULL;
    if (strstr(line, "packed weights are not used") != NULL)
        snprintf(notes->refused, sizeof notes->refused, "%s", line);
}

/* Opens the file for the options, runs it, and FILLS notes. */
static enum fid_status open_and_run(struct net *net, const char *path, struct fid_options options,
                                    struct notes *notes, struct fid_error *error)
{
    *notes = (struct notes){0};
    options.log = note;
    options.log_ctx = notes;
    const enum fid_status status = net_open_file(net, path, &options, 2, false, error);
    if (status == FID_OK)
        net_run(net);
    return status;
}

/* The packed file must give the plain one's bits; in place, or packed anew because of the words. */
static void expect_same(const char *plain, const char *packed, struct fid_options options,
                        const char *words)
{
    struct net one, other;
    struct notes notes, others;
    struct fid_error error = {0};
    REQUIRE(open_and_run(&one, plain, options, &notes, &error) == FID_OK);
    CHECK(!notes.in_place && notes.refused[0] == '\0');
    enum fid_status status = open_and_run(&other, packed, options, &others, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    if (status == FID_OK) {
        CHECK_THAT(net_same_bits(&one, &other, 2), "other bits: %s", words);
        CHECK_THAT(others.in_place == (words[0] == '\0'), "in place: %d (%s) %s", others.in_place,
                   words, others.refused);
        CHECK_THAT(strstr(others.refused, words) != NULL, "'%s' does not say '%s'", others.refused,
                   words);
    }
    net_close(&one);
    net_close(&other);
}

/* ---- the cases ---- */

/* The i-th table that this CPU has; NULL past the last. */
static const char *usable_table(size_t i)
{
    int usable;
    for (size_t t = 0; fid_kernels_at(t, &usable) != NULL; t++)
        if (usable && i-- == 0)
            return fid_kernels_at(t, &usable)->name;
    return NULL;
}

/* Two levels of one instruction set, which differ in products of bytes alone. */
static bool lay_out_alike(const char *a, const char *b)
{
    const struct fid_kernels *one = fid_kernels_named(a), *other = fid_kernels_named(b);
    return one->tile.gemm_nr == other->tile.gemm_nr &&
           one->tile.depthwise_cr == other->tile.depthwise_cr;
}

static void every_table_gives_the_same_bits(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid"), *table, *other;
    struct fid_error error;
    char words[128];
    for (size_t i = 0; (table = usable_table(i)) != NULL; i++) {
        REQUIRE(pack(plain, packed, &(struct fid_options){.isa = table}, &error) == FID_OK);
        for (size_t j = 0; (other = usable_table(j)) != NULL; j++) {
            snprintf(words, sizeof words, "they are for the kernels %s, not %s", table, other);
            expect_same(plain, packed, (struct fid_options){.isa = other, .threads = 2},
                        lay_out_alike(table, other) ? "" : words);
        }
    }
}

static void another_method_packs_anew(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid");
    struct fid_error error;
    REQUIRE(pack(plain, packed, NULL, &error) == FID_OK);
    expect_same(plain, packed, (struct fid_options){.method = "direct"}, "planned is direct in 0");
    expect_same(plain, packed, (struct fid_options){.method = "indirect_gemm"},
                "planned is indirect_gemm");
    REQUIRE(pack(plain, packed, &(struct fid_options){.method = "indirect_gemm"}, &error) ==
            FID_OK);
    expect_same(plain, packed, (struct fid_options){.method = "indirect_gemm"}, "");
    expect_same(plain, packed, (struct fid_options){0}, "is packed for indirect_gemm");
}

/* A file in memory that is changed and written back. */
struct content {
    uint8_t *bytes;
    size_t size;
};

static struct content load(const char *path)
{
    struct content content = {NULL, 0};
    FILE *in = fopen(path, "rb");
    if (in == NULL || fseek(in, 0, SEEK_END) != 0)
        abort();
    content.size = (size_t)ftell(in);
    rewind(in);
    if ((content.bytes = malloc(content.size)) == NULL ||
        fread(content.bytes, 1, content.size, in) != content.size)
        abort();
    fclose(in);
    return content;
}

static void store(const char *path, const struct content *content)
{
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(content->bytes, 1, content->size, out) != content->size ||
        fclose(out) != 0)
        abort();
}

static uint8_t *section(const struct content *content, enum fid_section number)
{
    const struct fid_file_section *table =
        (const void *)(content->bytes + sizeof(struct fid_file_header));
    return content->bytes + table[number].offset;
}

static void another_version_packs_anew(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid");
    struct fid_error error;
    REQUIRE(pack(plain, packed, NULL, &error) == FID_OK);
    struct content content = load(packed);
    struct fid_file_plan *plan = (void *)section(&content, FID_SECTION_PLAN);
    char words[64];
    snprintf(words, sizeof words, "they are of pack version %d, not %d", FID_PACK_VERSION + 1,
             FID_PACK_VERSION);
    plan->pack_version = FID_PACK_VERSION + 1;
    fid_builder_seal(content.bytes, content.size);
    store(packed, &content);
    expect_same(plain, packed, (struct fid_options){0}, words);
    plan->pack_version = FID_PACK_VERSION;
    struct fid_file_step *steps = (void *)section(&content, FID_SECTION_STEP);
    memset(steps[1].method, 0, sizeof steps[1].method);
    strcpy(steps[1].method, "unheard_of");
    fid_builder_seal(content.bytes, content.size);
    store(packed, &content);
    expect_same(plain, packed, (struct fid_options){0}, "is packed for unheard_of");
    free(content.bytes);
}

static void packing_is_deterministic(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid");
    struct fid_error error;
    REQUIRE(pack(plain, packed, &(struct fid_options){.threads = 1}, &error) == FID_OK);
    struct content first = load(packed);
    REQUIRE(pack(plain, packed, &(struct fid_options){.threads = 3}, &error) == FID_OK);
    struct content second = load(packed);
    CHECK(first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0);
    free(first.bytes);
    free(second.bytes);
    CHECK(pack(packed, path_of("plain.fid"), NULL, &error) == FID_EXISTS);
    CHECK_THAT(strstr(error.text, "is packed already for graph 'net' at 9 x 9 and the kernels") !=
                   NULL,
               "%s", error.text);
}

static void nothing_to_pack_is_refused(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid");
    struct fid_builder *b = fid_builder_open();
    const uint32_t input = 0;
    struct fid_error error;
    fid_builder_graph(b, "net", 4, 4, 3);
    fid_builder_output(b, net_node(b, (struct fid_file_node){.op = FID_OP_ACTIVATION},
                                   FID_ACT_CLAMP, 3, 1, &input, 0, NULL));
    REQUIRE(fid_builder_write(b, plain) == 0);
    fid_builder_close(&b);
    remove(packed);
    CHECK(pack(plain, packed, NULL, &error) == FID_UNSUPPORTED && access(packed, F_OK) != 0);
    CHECK_THAT(strstr(error.text, "no layer of graph 'net' has packed weights") != NULL, "%s",
               error.text);
}

/* ---- damage ---- */

/* Flips a bit and opens a session: is the damage told of, in the file of that name? */
static enum fid_status open_flipped(const char *path, struct content *content, size_t at,
                                    struct fid_options options, struct fid_error *error)
{
    struct net net;
    struct notes notes;
    const uint8_t bit = (uint8_t)(1u << check_random_below(8));
    content->bytes[at] ^= bit;
    store(path, content);
    content->bytes[at] ^= bit;
    const enum fid_status status = open_and_run(&net, path, options, &notes, error);
    CHECK(net.session != NULL || strncmp(error->text, path, strlen(path)) == 0);
    net_close(&net);
    return status;
}

/* Which bytes of DATA a session in place uses: those of tensors that are no packed filter. The
 * others may be damaged, and packing refuses them. */
static void damage_is_refused_where_it_is_used(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid");
    struct fid_error error;
    REQUIRE(pack(plain, packed, NULL, &error) == FID_OK);
    struct content content = load(packed);
    const struct fid_options in_place = {0}, anew = {.method = "im2col_gemm"};
    const struct fid_file_section *table =
        (const void *)(content.bytes + sizeof(struct fid_file_header));
    const struct fid_file_tensor *tensors = (const void *)section(&content, FID_SECTION_TENS);
    const struct fid_file_step *steps = (const void *)section(&content, FID_SECTION_STEP);
    const struct fid_file_node *nodes = (const void *)section(&content, FID_SECTION_NODE);
    const uint32_t *index = (const void *)section(&content, FID_SECTION_INDX);
    int used = 0, unused = 0;
    for (size_t i = 0; i < table[FID_SECTION_STEP].bytes / sizeof *steps; i++)
        for (uint32_t j = 0; j < nodes[i].tensor_count; j++) {
            const struct fid_file_tensor *tensor = &tensors[index[nodes[i].first_tensor + j]];
            const size_t at = (size_t)(table[FID_SECTION_DATA].offset + tensor->offset) +
                              check_random_below((uint32_t)tensor->bytes);
            const bool skipped = j == 0 && steps[i].bytes > 0;
            const enum fid_status status = open_flipped(packed, &content, at, in_place, &error);
            CHECK_THAT(status == (skipped ? FID_OK : FID_CORRUPT), "node %zu tensor %u: %d", i, j,
                       (int)status);
            CHECK(skipped || strstr(error.text, ": offset ") != NULL);
            CHECK(open_flipped(packed, &content, at, anew, &error) == FID_CORRUPT);
            *(skipped ? &unused : &used) += 1;
        }
    CHECK(used > 5 && unused > 3);
    for (int i = 0; i < 200; i++) {
        const size_t at = (size_t)table[FID_SECTION_PACK].offset +
                          check_random_below((uint32_t)table[FID_SECTION_PACK].bytes);
        CHECK(open_flipped(packed, &content, at, in_place, &error) == FID_CORRUPT);
        CHECK_THAT(strstr(error.text, "section PACK is damaged") != NULL, "%s", error.text);
        CHECK(open_flipped(packed, &content, at, anew, &error) == FID_OK);
    }
    free(content.bytes);
}

/* ---- memory, threads ---- */

static void every_allocation_may_fail(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid");
    struct fid_error error;
    enum fid_status status = FID_NO_MEMORY;
    unsigned long n;
    for (n = 1; status == FID_NO_MEMORY; n++) {
        remove(packed);
        fid_allocation_fail_at(n);
        status = pack(plain, packed, NULL, &error);
        fid_allocation_fail_at(0);
        CHECK(status == FID_OK || access(packed, F_OK) != 0);
    }
    CHECK_THAT(status == FID_OK && n > 20, "%lu: %s", n, error.text);
    status = FID_NO_MEMORY;
    for (n = 1; status == FID_NO_MEMORY; n++) {
        struct net net;
        fid_allocation_fail_at(n);
        status = net_open_file(&net, packed, NULL, 1, false, &error);
        fid_allocation_fail_at(0);
        net_close(&net);
    }
    CHECK_THAT(status == FID_OK && n > 10, "%lu: %s", n, error.text);
}

struct opener {
    struct fid_runtime *runtime;
    const struct fid_model *model;
    struct net net; /* its session alone */
    enum fid_status status;
    struct fid_error error;
};

static void *open_session(void *argument)
{
    struct opener *opener = argument;
    opener->status = fid_session_open(opener->runtime, opener->model, NULL, 1, 0, 0, NULL,
                                      &opener->net.session, &opener->error);
    if (opener->status == FID_OK)
        net_run(&opener->net);
    return NULL;
}

/* Threads that open sessions of one fresh model at once: who comes first checks its numbers. */
static void threads_share_a_model(void)
{
    enum { OPENERS = 4, ROUNDS = 20 };
    const char *plain = plain_file(), *packed = path_of("packed.fid");
    struct fid_error error;
    struct fid_runtime *runtime;
    REQUIRE(pack(plain, packed, NULL, &error) == FID_OK);
    REQUIRE(fid_runtime_open(&runtime, &(struct fid_options){.threads = 2}, &error) == FID_OK);
    for (int round = 0; round < ROUNDS; round++) {
        struct fid_model *model;
        struct opener openers[OPENERS];
        pthread_t threads[OPENERS];
        REQUIRE(fid_model_open(runtime, round % 2 ? plain : packed, &model, &error) == FID_OK);
        for (int i = 0; i < OPENERS; i++) {
            openers[i] = (struct opener){.runtime = runtime, .model = model};
            REQUIRE(pthread_create(&threads[i], NULL, open_session, &openers[i]) == 0);
        }
        for (int i = 0; i < OPENERS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < OPENERS; i++) {
            CHECK_THAT(openers[i].status == FID_OK, "%s", openers[i].error.text);
            REQUIRE(openers[0].status == FID_OK && openers[i].status == FID_OK);
            CHECK(net_same_bits(&openers[0].net, &openers[i].net, 1));
        }
        for (int i = 0; i < OPENERS; i++)
            fid_session_close(&openers[i].net.session);
        fid_model_close(&model);
    }
    fid_runtime_close(&runtime);
}

CHECK_MAIN(CHECK_CASE(every_table_gives_the_same_bits), CHECK_CASE(another_method_packs_anew),
           CHECK_CASE(another_version_packs_anew), CHECK_CASE(packing_is_deterministic),
           CHECK_CASE(nothing_to_pack_is_refused), CHECK_CASE(damage_is_refused_where_it_is_used),
           CHECK_CASE(every_allocation_may_fail), CHECK_CASE(threads_share_a_model))
