/* test_nn_bytes_net.c - a whole network of bytes: the same bits on every table of this CPU, with
 * any number of threads, in batches whose first layers go picture by picture, from packed weights
 * and in little memory; and nothing is allocated while it runs. */
#include "engine/base/memory.h"
#include "engine/nn/model.h"
#include "tests/check/check.h"
#include "tests/check/net_bytes.h"
#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A batch's first values are too large for a cache: 6 · 61 · 61 · 200 bytes are more than 4 MiB. */
enum { SIDE = 61, WIDE = 200, NARROW = 37, VECTOR = 19, BATCH = 6 };

static const char *usable_table(size_t i)
{
    int usable;
    for (size_t t = 0; fid_kernels_at(t, &usable) != NULL; t++)
        if (usable && i-- == 0)
            return fid_kernels_at(t, &usable)->name;
    return NULL;
}

/* ---- the network ---- */

static uint32_t conv(struct fid_builder *b, int32_t kernel, int32_t stride, int32_t groups,
                     uint32_t activation, uint32_t c_in, uint32_t c_out, size_t count,
                     const uint32_t *inputs)
{
    const struct fid_file_node fields = {.kernel_h = kernel,
                                         .kernel_w = kernel,
                                         .stride_h = stride,
                                         .stride_w = stride,
                                         .dilation_h = 1,
                                         .dilation_w = 1,
                                         .groups = groups,
                                         .pad_mode = FID_PAD_SAME};
    return net_conv_s8(b, fields, activation, c_in, c_out, count, inputs);
}

/* Every kind that takes bytes; the input is converted first, and floats come out of the last sum
 * alone: nothing in it depends on the CPU. */
static struct fid_builder *build(void)
{
    const struct fid_file_node pool = {.op = FID_OP_MAX_POOL,
                                       .kernel_h = 3,
                                       .kernel_w = 3,
                                       .stride_h = 2,
                                       .stride_w = 2,
                                       .pad_mode = FID_PAD_SAME};
    const uint32_t vector = VECTOR, side = (SIDE + 3) / 4;
    const uint32_t filter[] = {vector, side * side * 2 * NARROW};
    uint32_t tensors[3], v[] = {0, 0};
    struct fid_builder *b = fid_builder_open();
    fid_builder_graph(b, "net", SIDE, SIDE, 3);
    v[0] = net_convert(b, 0, net_steps(b, 1, 0.01f));
    v[0] = net_make_bytes(b, conv(b, 3, 1, 1, FID_ACT_PRELU, 3, WIDE, 1, v), WIDE, 0.03f);
    v[0] = net_make_bytes(b, conv(b, 3, 2, WIDE, FID_ACT_CLAMP, WIDE, WIDE, 1, v), 1, 0.02f);
    v[0] = net_make_bytes(b, conv(b, 1, 1, 1, FID_ACT_NONE, WIDE, NARROW, 1, v), 1, 0.1f);
    v[1] = net_make_bytes(b, conv(b, 3, 1, 1, FID_ACT_CLAMP, NARROW, NARROW, 1, v), 1, 0.1f);
    const uint32_t sum = conv(b, 3, 1, 1, FID_ACT_PRELU, NARROW, NARROW, 2, v);
    v[0] = net_make_bytes(b, sum, 1, 0.1f);
    const uint32_t steps = net_steps(b, 1, 0.1f);
    v[0] = net_node(b, (struct fid_file_node){.op = FID_OP_ADD}, FID_ACT_CLAMP, NARROW, 2, v, 0,
                    tensors);
    fid_builder_quantize(b, v[0], steps);
    v[0] = net_node(b, pool, FID_ACT_NONE, NARROW, 1, v, 0, tensors);
    fid_builder_quantize(b, v[0], steps);
    v[1] = conv(b, 3, 2, 1, FID_ACT_NONE, NARROW, NARROW, 1, (const uint32_t[]){sum});
    fid_builder_quantize(b, v[1], steps);
    v[0] = net_node(b, (struct fid_file_node){.op = FID_OP_CONCAT, .axis = 3}, FID_ACT_NONE, 0, 2,
                    v, 0, tensors);
    fid_builder_quantize(b, v[0], steps);
    tensors[0] = net_filter_s8(b, 2, filter);
    tensors[1] = net_random_tensor(b, 1, &vector);
    v[0] = net_node(b, (struct fid_file_node){.op = FID_OP_FULLY_CONNECTED}, FID_ACT_NONE, vector,
                    1, v, 2, tensors);
    fid_builder_output(b, v[0]);
    return b;
}

/* A path in the temporary folder where the network stands; a buffer for each of the names. */
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

/* Does the output tell of the input? Else all would be the same for nothing. */
static void check_output_varies(const struct net *net)
{
    struct fid_value v;
    int distinct = 0;
    REQUIRE(fid_session_output(net->session, NULL, &v));
    for (int i = 1; i < v.n * v.c; i++)
        distinct += v.data[i] != v.data[i - 1] ? 1 : 0;
    CHECK(distinct > v.n * v.c / 2);
}

/* ---- the cases ---- */

/* Opened once on the reference with one thread, a picture at a time as many as it wants. */
static bool open_reference(struct net *net, const char *path, struct fid_error *error)
{
    const struct fid_options options = {.threads = 1, .isa = "ref"};
    const enum fid_status status = net_open_file(net, path, &options, BATCH, false, error);
    CHECK_THAT(status == FID_OK, "%s", error->text);
    if (status == FID_OK)
        net_run(net);
    return status == FID_OK;
}

static void verified_value_by_value(void)
{
    struct net net;
    struct fid_error error = {0};
    const struct fid_options options = {.threads = 2};
    REQUIRE(net_open_file(&net, plain_file(), &options, 1, true, &error) == FID_OK);
    net_run(&net);
    net_verify(&net);
    net_close(&net);
}

static void same_bits_on_all_tables_and_threads(void)
{
    static const struct {
        int threads, n;
        bool low_memory;
    } ways[] = {{1, 1, false},     {1, BATCH, false}, {2, 2, true},
                {2, BATCH, false}, {3, BATCH, true},  {8, BATCH, false}};
    const char *path = plain_file(), *isa;
    struct net one, other;
    struct fid_error error = {0};
    REQUIRE(open_reference(&one, path, &error));
    check_output_varies(&one);
    for (size_t t = 0; (isa = usable_table(t)) != NULL; t++)
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            const struct fid_options options = {
                .threads = ways[i].threads, .isa = isa, .low_memory = ways[i].low_memory};
            REQUIRE(net_open_file(&other, path, &options, ways[i].n, false, &error) == FID_OK);
            net_run(&other);
            CHECK_THAT(net_same_bits(&one, &other, ways[i].n), "%s, %d threads, batch %d", isa,
                       ways[i].threads, ways[i].n);
            net_close(&other);
        }
    net_close(&one);
}

/* With its values for all pictures at once it would need more. */
static void first_layers_go_picture_by_picture(void)
{
    struct net net;
    struct fid_error error = {0};
    struct fid_session_memory memory;
    REQUIRE(net_open_file(&net, plain_file(), NULL, BATCH, false, &error) == FID_OK);
    fid_session_memory(net.session, &memory);
    CHECK_THAT(memory.arena_bytes < (size_t)BATCH * SIDE * SIDE * WIDE, "%zu bytes of values",
               memory.arena_bytes);
    net_close(&net);
}

static void run_allocates_nothing(void)
{
    struct net net;
    struct fid_error error = {0};
    const struct fid_options options = {.threads = 3};
    REQUIRE(net_open_file(&net, plain_file(), &options, BATCH, false, &error) == FID_OK);
    net_fill(&net);
    const unsigned long before = fid_allocation_count();
    fid_session_run(net.session, 1);
    fid_session_run(net.session, BATCH);
    CHECK(fid_allocation_count() == before);
    net_close(&net);
}

static void every_allocation_may_fail(void)
{
    const char *path = plain_file();
    struct fid_error error;
    struct net net;
    unsigned long n = 0;
    enum fid_status status;
    do {
        fid_allocation_fail_at(++n);
        status = net_open_file(&net, path, NULL, 2, false, &error);
        fid_allocation_fail_at(0);
        CHECK_THAT(status == FID_OK || status == FID_NO_MEMORY, "%s", error.text);
        net_close(&net);
    } while (status != FID_OK && n < 1000);
    CHECK(status == FID_OK && n > 10);
}

/* ---- packed ---- */

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

static void note(void *ctx, const char *line)
{
    bool *in_place = ctx;
    *in_place = *in_place || strstr(line, "in place in the file") != NULL;
}

static void packed_weights_are_used_in_place(void)
{
    const char *plain = plain_file(), *packed = path_of("packed.fid"), *isa;
    struct net one, other;
    struct fid_error error = {0};
    REQUIRE(open_reference(&one, plain, &error));
    for (size_t t = 0; (isa = usable_table(t)) != NULL; t++) {
        bool in_place = false;
        const struct fid_options options = {
            .threads = 2, .isa = isa, .log = note, .log_ctx = &in_place};
        const enum fid_status status = pack(plain, packed, &options, &error);
        CHECK_THAT(status == FID_OK, "%s", error.text);
        REQUIRE(net_open_file(&other, packed, &options, BATCH, false, &error) == FID_OK);
        net_run(&other);
        CHECK_THAT(net_same_bits(&one, &other, BATCH), "%s", isa);
        CHECK_THAT(in_place, "packed for %s and yet packed anew", isa);
        CHECK_THAT(fid_model_verify(other.runtime, other.model, &error) == FID_OK, "%s",
                   error.text);
        CHECK_THAT(fid_model_confirm(other.model, &error) == FID_OK, "%s", error.text);
        net_close(&other);
    }
    net_close(&one);
}

/* A packed file in memory, that is changed and written back. */
struct content {
    uint8_t bytes[8 << 20];
    size_t size;
};

static struct content *pack_and_load(const char *packed, const struct fid_options *options)
{
    static struct content content;
    struct fid_error error = {0};
    const enum fid_status status = pack(plain_file(), packed, options, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    FILE *in = fopen(packed, "rb");
    if (in == NULL)
        return NULL;
    content.size = fread(content.bytes, 1, sizeof content.bytes, in);
    fclose(in);
    return content.size > 0 && content.size < sizeof content.bytes ? &content : NULL;
}

static void *section(struct content *content, enum fid_section number)
{
    const struct fid_file_section *table =
        (const void *)(content->bytes + sizeof(struct fid_file_header));
    return content->bytes + table[number].offset;
}

/* Opens what was changed, after its checksums were made right. */
static enum fid_status open_changed(struct net *net, struct content *content, const char *path,
                                    const struct fid_options *options, struct fid_error *error)
{
    fid_builder_seal(content->bytes, content->size);
    FILE *out = fopen(path, "wb");
    const bool written =
        out != NULL && fwrite(content->bytes, 1, content->size, out) == content->size;
    CHECK(out != NULL && fclose(out) == 0 && written);
    return net_open_file(net, path, options, 1, false, error);
}

/* A byte of the packed weights of each step is changed and the checksums are made right: no
 * embedding comes of it. */
static void packed_weights_are_compared(void)
{
    const char *packed = path_of("packed.fid");
    struct content *content = pack_and_load(packed, NULL);
    REQUIRE(content != NULL);
    const struct fid_file_header *header = (const void *)content->bytes;
    const struct fid_file_section *table = (const void *)(header + 1);
    const struct fid_file_step *steps = section(content, FID_SECTION_STEP);
    const size_t count = (size_t)table[FID_SECTION_STEP].bytes / sizeof *steps;
    int changed = 0;
    CHECK(header->minor == 3);
    for (size_t i = 0; i < count; i++) {
        if (steps[i].bytes == 0)
            continue;
        uint8_t *byte = (uint8_t *)section(content, FID_SECTION_PACK) + steps[i].offset;
        struct net net;
        struct fid_error error = {0};
        *byte ^= 1;
        REQUIRE(open_changed(&net, content, packed, NULL, &error) == FID_OK);
        CHECK_THAT(fid_model_confirm(net.model, &error) == FID_CORRUPT &&
                       strstr(error.text, "are not those of its tensors") != NULL,
                   "step %zu: %s", i, error.text);
        net_close(&net);
        *byte ^= 1;
        changed++;
    }
    CHECK(changed == 9);
}

/* Words at the ends of integers and of floats, NaN among them. */
static void spoil(struct content *content)
{
    static const uint32_t odd[] = {0x7FFFFFFF, 0x80000000, 0x7FC00000, 0xFF800000, 0x7F7FFFFF, 1};
    const struct fid_file_header *header = (const void *)content->bytes;
    const struct fid_file_section *table = (const void *)(header + 1);
    const struct fid_file_step *steps = section(content, FID_SECTION_STEP);
    for (size_t i = 0; i < table[FID_SECTION_STEP].bytes / sizeof *steps; i++) {
        uint32_t *at = section(content, FID_SECTION_PACK);
        for (size_t k = 0; k < steps[i].bytes / sizeof *at; k++)
            at[steps[i].offset / sizeof *at + k] = odd[check_random_below(6)];
    }
}

/* A session may run before they are compared: it gives some numbers, and does nothing undefined. */
static void packed_weights_of_any_bits_are_safe(void)
{
    const char *packed = path_of("packed.fid"), *isa;
    struct fid_error error = {0};
    struct net net;
    for (size_t t = 0; (isa = usable_table(t)) != NULL; t++) {
        bool in_place = false;
        const struct fid_options options = {.isa = isa, .log = note, .log_ctx = &in_place};
        struct content *content = pack_and_load(packed, &options);
        REQUIRE(content != NULL);
        spoil(content);
        REQUIRE(open_changed(&net, content, packed, &options, &error) == FID_OK);
        net_run(&net);
        CHECK(in_place && fid_model_confirm(net.model, &error) == FID_CORRUPT);
        net_close(&net);
    }
}

/* Zero points are read in the file where packed weights are used in place: they are checked by
 * their own sums and by their range. */
static void steps_of_packed_files_are_checked(void)
{
    static const float wrong[] = {256, -1, 0.5f, 1e30f};
    const char *packed = path_of("packed.fid");
    struct content *content = pack_and_load(packed, NULL);
    REQUIRE(content != NULL);
    const struct fid_file_section *table =
        (const void *)(content->bytes + sizeof(struct fid_file_header));
    const struct fid_file_value *values = section(content, FID_SECTION_VALU);
    const struct fid_file_tensor *tensors = section(content, FID_SECTION_TENS);
    int checked = 0;
    for (size_t i = 0; i < table[FID_SECTION_VALU].bytes / sizeof *values; i++) {
        if (values[i].quantized == 0)
            continue;
        const size_t number = values[i].quantized - 1;
        uint8_t *at = (uint8_t *)section(content, FID_SECTION_DATA) + tensors[number].offset;
        uint32_t *sum = (uint32_t *)section(content, FID_SECTION_SUMS) + number;
        const uint32_t right_sum = *sum;
        float right;
        memcpy(&right, at, sizeof right);
        for (size_t k = 0; k < 2 * sizeof wrong / sizeof *wrong; k++, checked++) {
            struct net net;
            struct fid_error error = {0};
            memcpy(at, &wrong[k / 2], sizeof right);
            *sum = k % 2 ? right_sum : fid_builder_crc32c(0, at, (size_t)tensors[number].bytes);
            CHECK(open_changed(&net, content, packed, NULL, &error) == FID_CORRUPT);
            CHECK_THAT(strstr(error.text, k % 2 ? "is damaged" : "its zero point is no whole") !=
                           NULL,
                       "%s", error.text);
            net_close(&net);
        }
        memcpy(at, &right, sizeof right);
        *sum = right_sum;
    }
    CHECK(checked > 50);
}

CHECK_MAIN(CHECK_CASE(verified_value_by_value), CHECK_CASE(same_bits_on_all_tables_and_threads),
           CHECK_CASE(first_layers_go_picture_by_picture), CHECK_CASE(run_allocates_nothing),
           CHECK_CASE(every_allocation_may_fail), CHECK_CASE(packed_weights_are_used_in_place),
           CHECK_CASE(packed_weights_are_compared), CHECK_CASE(packed_weights_of_any_bits_are_safe),
           CHECK_CASE(steps_of_packed_files_are_checked))
