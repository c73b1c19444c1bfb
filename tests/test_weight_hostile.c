/* test_weight_hostile.c - well-formed .fid files with the right checksums over
 * the wrong content. */
#include "tests/check/check.h"
#include "tests/check/weight_sample.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads everything a file offers, as a program would that trusts the reader. */
static size_t walk(const struct fid_weight_file *file)
{
    size_t sum = 0, count;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *data = (const uint8_t *)fid_weight_file_tensor_data(file, i);
        sum += strlen(fid_weight_file_string(file, tensors[i].name));
        sum += data[0] + data[tensors[i].bytes - 1];
    }
    size_t graph_count, node_count, index_count;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(file, &graph_count);
    const struct fid_file_node *nodes = fid_weight_file_nodes(file, &node_count);
    const uint32_t *index = fid_weight_file_index(file, &index_count);
    const struct fid_file_value *values = fid_weight_file_values(file, &count);
    for (size_t g = 0; g < graph_count; g++) {
        for (size_t i = 0; i < graphs[g].node_count; i++) {
            const struct fid_file_node *node = &nodes[graphs[g].first_node + i];
            for (size_t j = 0; j < node->input_count; j++)
                sum += values[graphs[g].first_value + index[node->first_input + j]].name +
                       values[graphs[g].first_value + index[node->first_input + j]].quantized;
            for (size_t j = 0; j < node->tensor_count; j++)
                sum += tensors[index[node->first_tensor + j]].rank;
        }
        sum += strlen(fid_weight_file_string(file, graphs[g].name));
    }
    const struct fid_file_plan *plan = fid_weight_file_plan(file);
    const struct fid_file_step *steps = plan != NULL ? fid_weight_file_steps(file, &count) : NULL;
    for (size_t i = 0; steps != NULL && i < count; i++) {
        const uint8_t *packed = fid_weight_file_packed(file, i);
        sum += strlen(steps[i].method) + strlen(plan->kernels) + graphs[plan->graph].h;
        sum += steps[i].bytes > 0 ? packed[0] + packed[steps[i].bytes - 1] : 0;
    }
    return sum;
}

/* Every bit of header, table and records is flipped and the checksums are made right again: what
 * the format allows (another mean, another stride) opens and can be walked, the rest is refused. */
static void check_sealed_flips(struct weight_image image)
{
    size_t data = (size_t)weight_image_section(image, FID_SECTION_DATA)->offset;
    size_t behind = data + (size_t)weight_image_section(image, FID_SECTION_DATA)->bytes;
    size_t taken = 0, refused_count = 0, sum = 0;
    for (size_t i = 0; i < 8 * image.size; i = i + 1 == 8 * data ? 8 * behind : i + 1) {
        struct fid_weight_file *file;
        struct fid_error error = {0};
        image.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        struct weight_image copy = weight_image_copy(image.bytes, image.size);
        fid_builder_seal(copy.bytes, copy.size);
        if (weight_image_open(copy, copy.size, &file, &error) == FID_OK) {
            sum += walk(file);
            taken++;
        } else {
            CHECK(strncmp(error.text, WEIGHT_IMAGE_NAME ": ", strlen(WEIGHT_IMAGE_NAME ": ")) == 0);
            refused_count++;
        }
        fid_weight_file_close(&file);
        image.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        free(copy.bytes);
    }
    CHECK(taken > 0 && refused_count > taken && sum > 0);
    printf("   %zu sealed flips: %zu refused, %zu taken and walked\n", refused_count + taken,
           refused_count, taken);
    free(image.bytes);
}

static void sealed_flips_are_safe(void)
{
    check_sealed_flips(weight_sample_image());
    check_sealed_flips(weight_packed_image());
    check_sealed_flips(weight_types_image());
}

/* ---- the records of an image ---- */

#define HEADER                ((struct fid_file_header *)(void *)image.bytes)
#define TABLE(name)           (weight_image_section(image, FID_SECTION_##name))
#define RECORD(name, type, i) (&((type *)weight_image_records(image, FID_SECTION_##name))[i])
#define META(i)               RECORD(META, struct fid_file_meta, i)
#define MVAL(i)               (*RECORD(MVAL, uint64_t, i))
#define GRAPH(i)              RECORD(GRPH, struct fid_file_graph, i)
#define VALUE(i)              RECORD(VALU, struct fid_file_value, i)
#define NODE(name)            RECORD(NODE, struct fid_file_node, SAMPLE_##name)
#define INDEX(i)              (*RECORD(INDX, uint32_t, i))
#define TENSOR(name)          RECORD(TENS, struct fid_file_tensor, SAMPLE_##name)
#define STRINGS               RECORD(STRS, char, 0)
#define DATA(name)            ((float *)(void *)RECORD(DATA, char, TENSOR(name)->offset))
#define END_OF(name)          (image.bytes + TABLE(name)->offset + TABLE(name)->bytes)

static size_t find_meta(struct weight_image image, const char *key)
{
    size_t i = 0;
    while (strcmp(STRINGS + META(i)->key, key) != 0)
        i++;
    return i;
}

static void expect_refusal(struct weight_image image, enum fid_status want, const char *reason,
                           int line)
{
    struct fid_weight_file *file;
    struct fid_error error = {0};
    static const char where[] = WEIGHT_IMAGE_NAME ": offset ";
    enum fid_status status = weight_image_open(image, image.size, &file, &error);
    if (status != want || file != NULL)
        check_fail(__FILE__, line, "status %d instead of %d: %s", status, want, error.text);
    if (strstr(error.text, reason) == NULL)
        check_fail(__FILE__, line, "'%s' does not say '%s'", error.text, reason);
    if (strncmp(error.text, where, strlen(where)) != 0)
        check_fail(__FILE__, line, "'%s' does not say where", error.text);
    fid_weight_file_close(&file);
}

/* The sample, spoiled by the statements and with its checksums made right again, must be refused
 * with that status and reason. */
#define REFUSED(sample, status, reason, ...)             \
    do {                                                 \
        struct weight_image image = sample;              \
        __VA_ARGS__;                                     \
        fid_builder_seal(image.bytes, image.size);       \
        expect_refusal(image, status, reason, __LINE__); \
        free(image.bytes);                               \
    } while (0)
#define CORRUPT(reason, ...)  REFUSED(weight_sample_image(), FID_CORRUPT, reason, __VA_ARGS__)
#define TOO_MUCH(reason, ...) REFUSED(weight_sample_image(), FID_UNSUPPORTED, reason, __VA_ARGS__)
#define BAD_PACK(reason, ...) REFUSED(weight_packed_image(), FID_CORRUPT, reason, __VA_ARGS__)

static void hostile_frames(void)
{
    TOO_MUCH("format version 2.0, this program reads 1.0 to 1.3", HEADER->major = 2);
    TOO_MUCH("format version 1.4", HEADER->minor = 4);
    CORRUPT("9 sections instead of 13", HEADER->minor = 1);
    CORRUPT("8 sections instead of 9", HEADER->section_count = 8);
    CORRUPT("was written with", HEADER->file_bytes++);
    CORRUPT("reserved field of the header", HEADER->reserved[19] = 1);
    CORRUPT("instead of META", TABLE(META)->kind = TABLE(NODE)->kind);
    CORRUPT("records of 161 bytes", TABLE(NODE)->record_bytes = 161);
    CORRUPT("records of 0 bytes", TABLE(NODE)->record_bytes = 0);
    CORRUPT("section DATA: a reserved field", TABLE(DATA)->reserved = 1);
    CORRUPT("no whole records", TABLE(GRPH)->bytes -= 1);
    CORRUPT("section VALU starts at", TABLE(GRPH)->bytes -= 64);
    CORRUPT("section META starts at", TABLE(META)->offset = TABLE(STRS)->offset);
    CORRUPT("section META starts at", TABLE(META)->offset += 1);
    CORRUPT("reach over the end", TABLE(DATA)->bytes += 1);
    CORRUPT("reach over the end", TABLE(DATA)->bytes = UINT64_MAX);
    CORRUPT("reach over the end", TABLE(DATA)->offset = UINT64_MAX - 63);
    CORRUPT("reach over the end", TABLE(TENS)->offset = UINT64_C(1) << 63);
    CORRUPT("bytes behind the last section", TABLE(DATA)->bytes -= 4);
    CORRUPT("the gap before section META", *END_OF(STRS) = 'x');
    CORRUPT("the gap before section DATA", *(END_OF(TENS) + 1) = 1);
    TOO_MUCH("limit of 64 records", TABLE(GRPH)->bytes = 65 * 64);
    TOO_MUCH("limit of 65536 records", TABLE(NODE)->bytes = 65537 * 160);
    TOO_MUCH("limit of 1048576 records", TABLE(INDX)->bytes = UINT64_MAX / 4 * 4);
    TOO_MUCH("limit of 16777216 records", TABLE(STRS)->bytes = 16777217);
}

static void hostile_strings(void)
{
    CORRUPT("does not begin with the empty string", STRINGS[0] = 'x');
    CORRUPT("is not terminated", END_OF(STRS)[-1] = 'x');
    CORRUPT("is not UTF-8", STRINGS[1] = (char)0xFF);
    CORRUPT("is not UTF-8", memcpy(STRINGS + 1, "\xC0\xAF", 2));         /* overlong '/' */
    CORRUPT("is not UTF-8", memcpy(STRINGS + 1, "\xED\xA0\x80", 3));     /* surrogate */
    CORRUPT("is not UTF-8", memcpy(STRINGS + 1, "\xF4\x90\x80\x80", 4)); /* U+110000 */
    CORRUPT("is not UTF-8", END_OF(STRS)[-2] = 0xC3);                    /* cut */
    CORRUPT("is not the start of a string", GRAPH(0)->name++);
    CORRUPT("is not the start of a string", VALUE(3)->name = (uint32_t)TABLE(STRS)->bytes);
    CORRUPT("is not the start of a string", TENSOR(BIAS)->name = UINT32_MAX);
    CORRUPT("is not the start of a string", NODE(ADD)->name++);
    CORRUPT("is not the start of a string", META(0)->key++);
    CORRUPT("is not the start of a string", MVAL(META(find_meta(image, "face.kind"))->first)++);
    CORRUPT("is not the start of a string",
            MVAL(META(find_meta(image, "face.kind"))->first) += UINT64_C(1) << 32);
    CORRUPT("a graph's name: the name is empty", GRAPH(0)->name = 0);
    CORRUPT("a value's name: the name is empty", VALUE(0)->name = 0);
    CORRUPT("a node's name: the name is empty", NODE(FC)->name = 0);
    CORRUPT("a tensor's name: the name is empty", TENSOR(FILTER)->name = 0);
    CORRUPT("a key of the metadata: the name is empty", META(0)->key = 0);
    CORRUPT("two graphs are called 'picture'", GRAPH(1)->name = GRAPH(0)->name);
    CORRUPT("two values are called 'input'", VALUE(4)->name = VALUE(0)->name);
    CORRUPT("two tensors are called 'conv/bias'", TENSOR(SLOPE)->name = TENSOR(BIAS)->name);
    /* the same text at two places: "conv" and "pool" are of one length */
    CORRUPT("two values are called 'conv'",
            strcpy(STRINGS + VALUE(2)->name, STRINGS + VALUE(1)->name));
}

static void hostile_metadata(void)
{
    CORRUPT("the keys are not in order", META(1)->key = META(0)->key);
    CORRUPT("the keys are not in order", META(0)->key = META(1)->key);
    CORRUPT("type 0", META(0)->type = 0);
    CORRUPT("type 4", META(0)->type = 4);
    CORRUPT("reserved field", META(0)->reserved0 = 1);
    CORRUPT("reserved field", META(0)->reserved[15] = 1);
    CORRUPT("do not continue", META(1)->first++);
    CORRUPT("do not continue", META(0)->first = 1);
    CORRUPT("do not continue", META(0)->count = 0);
    CORRUPT("do not continue", META(0)->count = UINT32_MAX);
    CORRUPT("do not continue", META(0)->count++);
    CORRUPT("do not continue", META(0)->count--);
    CORRUPT("1 values of metadata belong to no key", TABLE(MVAL)->bytes += 8); /* into the gap */
    CORRUPT("'input.mean': value 1 is not finite",
            MVAL(META(find_meta(image, "input.mean"))->first + 1) = 0x7FF0000000000000u);
    CORRUPT("'input.mean': value 2 is not finite",
            MVAL(META(find_meta(image, "input.mean"))->first + 2) = 0xFFF8000000000001u);
}

static void hostile_tensors(void)
{
    CORRUPT("'conv/bias': type 2", TENSOR(BIAS)->type = 2);
    CORRUPT("rank 0", TENSOR(BIAS)->rank = 0);
    CORRUPT("rank 5", TENSOR(BIAS)->rank = 5);
    CORRUPT("dimension 1 is 0", TENSOR(BIAS)->rank = 2);
    CORRUPT("dimension 0 is 0", TENSOR(BIAS)->dims[0] = 0);
    CORRUPT("dimension 3 is 1", TENSOR(BIAS)->dims[3] = 1);
    CORRUPT("16 bytes, its dimensions make 20", TENSOR(BIAS)->dims[0] = 5);
    TOO_MUCH("makes it larger than the limit", TENSOR(BIAS)->dims[0] = (1 << 24) + 1);
    TOO_MUCH("makes it larger than the limit", TENSOR(FILTER)->dims[0] = UINT32_MAX);
    /* 2^24 x 2^24 x 2^24 x 4 wraps to 0 in 64 bits */
    TOO_MUCH("makes it larger than the limit",
             for (int i = 0; i < 4; i++) TENSOR(FILTER)->dims[i] = 1u << 24;
             TENSOR(FILTER)->bytes = 0);
    CORRUPT("its dimensions make 16", TENSOR(BIAS)->bytes = UINT64_MAX);
    CORRUPT("do not continue", TENSOR(BIAS)->offset = TENSOR(FILTER)->offset);
    CORRUPT("do not continue", TENSOR(BIAS)->offset += 64);
    CORRUPT("do not continue", TENSOR(BIAS)->offset += 4);
    CORRUPT("do not continue", TENSOR(BIAS)->offset = UINT64_MAX - 15);
    CORRUPT("do not continue", TENSOR(FC_BIAS)->dims[0] = 3, TENSOR(FC_BIAS)->bytes = 12);
    CORRUPT("belong to no tensor", TENSOR(FC_BIAS)->dims[0] = 1, TENSOR(FC_BIAS)->bytes = 4);
    CORRUPT("reserved field", TENSOR(FILTER)->reserved[0] = 1);
    CORRUPT("'conv/bias' is used by no node", INDEX(NODE(CONV)->first_tensor + 1) = SAMPLE_SLOPE);
    CORRUPT("'conv/filter' holds a number that is not finite", DATA(FILTER)[0] = INFINITY);
    CORRUPT("'conv/bias' holds a number that is not finite", DATA(BIAS)[3] = -NAN);
    CORRUPT("the gap before tensor 2 'conv/slope'", DATA(BIAS)[4] = 1e-30f);
    /* one in every place of a block and of the rest behind it */
    for (uint32_t i = 0; i < 2 * SAMPLE_FC_INPUTS; i++)
        CORRUPT("'fc/filter' holds a number that is not finite", DATA(FC_FILTER)[i] = -INFINITY);
}

/* The output of the second graph becomes one of the first (its value 2), to
 * which nothing is wrong. */
static void give_outputs_to_first_graph(struct weight_image image)
{
    GRAPH(0)->output_count = 3;
}

/* Cuts GRPH after count records: VALU moves up to it and grows by zeros at its end. */
static void keep_graphs(struct weight_image image, size_t count)
{
    size_t cut = (size_t)TABLE(GRPH)->bytes - count * sizeof(struct fid_file_graph);
    uint8_t *values = weight_image_records(image, FID_SECTION_VALU);
    memmove(values - cut, values, (size_t)TABLE(VALU)->bytes);
    memset(END_OF(VALU) - cut, 0, cut);
    TABLE(GRPH)->bytes -= cut;
    TABLE(VALU)->offset -= cut;
    TABLE(VALU)->bytes += cut;
}

static void hostile_graphs(void)
{
    CORRUPT("'vector': 3 values from 10 do not continue", GRAPH(1)->first_value++);
    CORRUPT("do not continue", GRAPH(1)->value_count = UINT32_MAX);
    CORRUPT("do not continue", GRAPH(1)->first_node--);
    CORRUPT("do not continue", GRAPH(0)->node_count = 0);
    CORRUPT("do not continue", GRAPH(0)->node_count = UINT32_MAX);
    CORRUPT("make one for each", GRAPH(0)->value_count--);
    CORRUPT("make one for each", GRAPH(0)->node_count--);
    CORRUPT("graph 0: 4294967295 outputs reach over", GRAPH(0)->output_count = UINT32_MAX);
    CORRUPT("graph 1: 1 outputs reach over",
            GRAPH(0)->output_count = (uint32_t)(TABLE(INDX)->bytes / 4));
    CORRUPT("do not continue", GRAPH(0)->first_output = UINT32_MAX);
    CORRUPT("do not continue", GRAPH(1)->first_output = 0);
    CORRUPT("'vector': no output", give_outputs_to_first_graph(image), GRAPH(1)->output_count = 0,
            GRAPH(1)->first_output = 3);
    CORRUPT("'picture': output 1 is value 99 of 9", INDEX(1) = 99);
    CORRUPT("output 0 is value 0", INDEX(0) = 0);
    CORRUPT("is an output twice", INDEX(1) = INDEX(0));
    CORRUPT("reserved field or flag", GRAPH(0)->flags |= 2);
    CORRUPT("reserved field or flag", GRAPH(0)->reserved[3] = 1);
    CORRUPT("input of 0 x 8 x 3", GRAPH(0)->h = 0);
    CORRUPT("input of 8 x 8 x 16777217", GRAPH(0)->c = (1 << 24) + 1);
    CORRUPT("with multiple 0", GRAPH(0)->multiple = 0);
    CORRUPT("with multiple 3", GRAPH(0)->multiple = 3); /* 8 is no multiple of it */
    CORRUPT("with multiple 4", GRAPH(0)->flags = 0);    /* not free, so 1 is the only value */
    CORRUPT("of a version before 1.3", VALUE(2)->quantized = 1);
    CORRUPT("11 values belong to no graph", give_outputs_to_first_graph(image),
            keep_graphs(image, 1));
    CORRUPT("the file has no graph", keep_graphs(image, 0));
}

/* Kinds and fields that version 1.2 has and the ones before have not. */
static void hostile_newer_nodes(void)
{
#define NEWER(reason, ...) CORRUPT(reason, HEADER->minor = 2, __VA_ARGS__)
#define BILINEAR           NODE(RESIZE)->op = FID_OP_RESIZE_BILINEAR
    CORRUPT("operator 15 with activation 0 is of format version 1.2, and the file of 1.0",
            NODE(POOL)->op = FID_OP_LAYER_NORM);
    CORRUPT("with activation 5 is of format version 1.2", NODE(ADD)->activation = FID_ACT_GELU);
    NEWER("epsilon", NODE(ADD)->epsilon = 1);
    NEWER("epsilon", NODE(SOFTMAX)->op = FID_OP_L2_NORMALIZE, NODE(SOFTMAX)->axis = 0,
          NODE(SOFTMAX)->epsilon = NAN);
    NEWER("epsilon", NODE(SOFTMAX)->op = FID_OP_L2_NORMALIZE, NODE(SOFTMAX)->axis = 0,
          NODE(SOFTMAX)->epsilon = -1);
    NEWER("mode", NODE(ADD)->mode = 1);
    NEWER("mode", BILINEAR, NODE(RESIZE)->mode = FID_RESIZE_END);
    NEWER("scale", BILINEAR, NODE(RESIZE)->scale = 0);
    NEWER("scale", BILINEAR, NODE(RESIZE)->shape[1] = 4);
    NEWER("shape", BILINEAR, NODE(RESIZE)->shape[2] = 4);
    NEWER("axis", NODE(ADD)->op = FID_OP_MATMUL, NODE(ADD)->axis = 1);
    NEWER("0 tensors instead of 2", NODE(SOFTMAX)->op = FID_OP_LAYER_NORM, NODE(SOFTMAX)->axis = 0);
    NEWER("shape", NODE(SOFTMAX)->op = FID_OP_SLICE);
    NEWER("shape", NODE(SOFTMAX)->op = FID_OP_SLICE, NODE(SOFTMAX)->shape[1] = INT32_MIN,
          NODE(SOFTMAX)->shape[2] = 1);
    NEWER("shape", NODE(SOFTMAX)->op = FID_OP_SLICE, NODE(SOFTMAX)->shape[2] = 1,
          NODE(SOFTMAX)->shape[3] = 1);
    NEWER("reserved bytes", NODE(ADD)->reserved[43] = 1);
}

static void hostile_nodes(void)
{
    CORRUPT("operator 0 is unknown", NODE(ADD)->op = 0);
    CORRUPT("operator 21 is unknown", NODE(ADD)->op = FID_OP_END);
    CORRUPT("operator 65535 is unknown", NODE(ADD)->op = UINT16_MAX);
    CORRUPT("activation", HEADER->minor = 2, NODE(ADD)->activation = FID_ACT_END);
    CORRUPT("activation", NODE(POOL)->activation = FID_ACT_SIGMOID);
    CORRUPT("activation", NODE(CLAMP)->activation = FID_ACT_NONE, NODE(CLAMP)->act_max = 0);
    CORRUPT("activation", NODE(CLAMP)->act_min = NAN);
    CORRUPT("activation", NODE(CLAMP)->act_min = 7, NODE(CLAMP)->act_max = 6);
    CORRUPT("activation", NODE(CLAMP)->act_min = INFINITY);
    CORRUPT("activation", NODE(ADD)->act_max = 6);
    CORRUPT("activation", NODE(ADD)->act_min = -0.0f);
    CORRUPT("kernel, stride or pad", NODE(CONV)->kernel_h = 0);
    CORRUPT("kernel, stride or pad", NODE(CONV)->kernel_w = 256);
    CORRUPT("kernel, stride or pad", NODE(CONV)->stride_h = INT32_MIN);
    CORRUPT("kernel, stride or pad", NODE(CONV)->stride_w = 17);
    CORRUPT("kernel, stride or pad", NODE(CONV)->pad_top = 1); /* "same" has none */
    CORRUPT("kernel, stride or pad", NODE(CONV)->pad_mode = FID_PAD_END);
    CORRUPT("kernel, stride or pad", NODE(CONV)->pad_mode = -1);
    CORRUPT("kernel, stride or pad", NODE(POOL)->pad_left = -1);
    CORRUPT("kernel, stride or pad", NODE(POOL)->pad_right = 256);
    CORRUPT("kernel, stride or pad", NODE(ADD)->kernel_h = 1);
    CORRUPT("kernel, stride or pad", NODE(ADD)->pad_mode = FID_PAD_SAME);
    CORRUPT("dilation or groups", NODE(CONV)->dilation_h = 0);
    CORRUPT("dilation or groups", NODE(CONV)->dilation_w = 17);
    CORRUPT("dilation or groups", NODE(CONV)->groups = 0);
    CORRUPT("dilation or groups", NODE(CONV)->groups = -3);
    CORRUPT("dilation or groups", NODE(POOL)->groups = 1);
    CORRUPT("axis", NODE(CONCAT)->axis = 0);
    CORRUPT("axis", NODE(CONCAT)->axis = 4);
    CORRUPT("axis", NODE(SOFTMAX)->axis = 2);
    CORRUPT("axis", NODE(CONV)->axis = 3);
    CORRUPT("scale", NODE(RESIZE)->scale = 1);
    CORRUPT("scale", NODE(RESIZE)->scale = 17);
    CORRUPT("scale", NODE(CONCAT)->scale = 2);
    CORRUPT("shape", NODE(RESHAPE)->shape[0] = 1);
    CORRUPT("shape", NODE(RESHAPE)->shape[2] = -1); /* two unknowns */
    CORRUPT("shape", NODE(RESHAPE)->shape[3] = 0);
    CORRUPT("shape", NODE(RESHAPE)->shape[3] = INT32_MIN);
    CORRUPT("shape", NODE(TRANSPOSE)->shape[1] = 1); /* twice 1 */
    CORRUPT("shape", NODE(TRANSPOSE)->shape[1] = -1);
    CORRUPT("shape", NODE(TRANSPOSE)->shape[3] = 4);
    CORRUPT("shape", NODE(SOFTMAX)->shape[3] = 1);
    CORRUPT("reserved bytes", NODE(FC)->reserved[43] = 1);
    CORRUPT("1 inputs", NODE(ADD)->input_count = 1);
    CORRUPT("4294967295 inputs", NODE(CONCAT)->input_count = UINT32_MAX);
    CORRUPT("do not continue", NODE(CONCAT)->input_count = 65536);
    CORRUPT("do not continue", NODE(ADD)->first_input = 0);
    CORRUPT("do not continue", NODE(ADD)->first_input = UINT32_MAX);
    CORRUPT("do not continue", NODE(ADD)->first_tensor = 0);
    CORRUPT("2 tensors instead of 3", NODE(CONV)->tensor_count = 2);
    CORRUPT("3 tensors instead of 2", NODE(CONV)->activation = FID_ACT_NONE);
    CORRUPT("0 tensors instead of 1", NODE(ADD)->activation = FID_ACT_PRELU);
    CORRUPT("tensor 1 is number 5 of 5", INDEX(NODE(CONV)->first_tensor + 1) = 5);
    CORRUPT("input 1 is value 9 of 9", INDEX(NODE(ADD)->first_input + 1) = 9);
    CORRUPT("is not computed before", INDEX(NODE(CONV)->first_input) = NODE(CONV)->output);
    CORRUPT("is not computed before", INDEX(NODE(POOL)->first_input) = NODE(CLAMP)->output);
    CORRUPT("computed twice", NODE(POOL)->output = NODE(CONV)->output);
    CORRUPT("computed twice", NODE(POOL)->output = 0); /* the input */
    CORRUPT("no value of the graph", NODE(POOL)->output = 9);
    CORRUPT("1 entries of INDX belong to no run", TABLE(INDX)->bytes += 4); /* into the gap */
}

#define PLAN       RECORD(PLAN, struct fid_file_plan, 0)
#define STEP(name) RECORD(STEP, struct fid_file_step, SAMPLE_##name)
#define SUM(name)  (*RECORD(SUMS, uint32_t, SAMPLE_##name))
#define PACKED(i)  (*RECORD(PACK, uint8_t, i))

static void hostile_packs(void)
{
    BAD_PACK("13 sections instead of 9", HEADER->minor = 0);
    BAD_PACK("9 sections instead of 13", HEADER->section_count = 9);
    REFUSED(weight_packed_image(), FID_UNSUPPORTED, "section PLAN: 128 bytes are more than the",
            TABLE(PLAN)->bytes = 128);
    BAD_PACK("0 plans instead of one", TABLE(PLAN)->bytes = 0, TABLE(STEP)->offset -= 64,
             TABLE(STEP)->bytes += 64);
    BAD_PACK("graph 2 of 2", PLAN->graph = 2);
    BAD_PACK("graph 4294967295 of 2", PLAN->graph = UINT32_MAX);
    BAD_PACK("input of 16 x 8, which its graph does not take", PLAN->graph = 1);
    BAD_PACK("input of 0 x 8", PLAN->h = 0);
    BAD_PACK("input of 16 x 7", PLAN->w = 7); /* multiples of 4 */
    BAD_PACK("input of 2147483648 x 8", PLAN->h = 1u << 31);
    BAD_PACK("pack version 0", PLAN->pack_version = 0);
    BAD_PACK("kernels have no proper name", PLAN->kernels[0] = '\0');
    BAD_PACK("kernels have no proper name", PLAN->kernels[31] = 'x');
    BAD_PACK("kernels have no proper name", PLAN->kernels[3] = '\n');
    BAD_PACK("kernels have no proper name", memset(PLAN->kernels, 'x', 32));
    BAD_PACK("reserved field of the plan", PLAN->reserved[15] = 1);
    BAD_PACK("8 steps for a graph of 2 nodes", PLAN->graph = 1, PLAN->h = 1, PLAN->w = 1);
    BAD_PACK("packed step 3: the method has no proper name", memset(STEP(ADD)->method, 0, 32));
    BAD_PACK("the method has no proper name", memset(STEP(ADD)->method, 'm', 32));
    BAD_PACK("packed step 0: a reserved field", STEP(CONV)->reserved[0] = 1);
    BAD_PACK("packed step 0: 500 bytes from 64", STEP(CONV)->offset = 64);
    BAD_PACK("packed step 0: 500 bytes from 4", STEP(CONV)->offset = 4);
    BAD_PACK("do not continue at 512", STEP(ADD)->offset = UINT64_MAX - 63);
    BAD_PACK("do not continue at 512", STEP(ADD)->bytes = UINT64_MAX);
    BAD_PACK("do not continue at 512", STEP(ADD)->bytes = 68);
    BAD_PACK("packed step 1: 0 bytes from 0", STEP(POOL)->offset = 0);
    BAD_PACK("1 bytes of PACK belong to no step", STEP(RESHAPE)->bytes = 2,
             STEP(TRANSPOSE)->offset--, STEP(CONCAT)->offset--, STEP(RESIZE)->offset--);
    BAD_PACK("the gap before packed step 3", PACKED(511) = 1);
    BAD_PACK("tensor 0 'conv/filter' is damaged", SUM(FILTER)++);
    BAD_PACK("tensor 4 'fc/bias' is damaged", SUM(FC_BIAS) ^= 1u << 31);
    BAD_PACK("'conv/slope' holds a number that is not finite", DATA(SLOPE)[0] = NAN);
    BAD_PACK("4 checksums of 5 tensors", TABLE(SUMS)->bytes -= 4, SUM(FC_BIAS) = 0);
}

CHECK_MAIN(CHECK_CASE(sealed_flips_are_safe), CHECK_CASE(hostile_frames),
           CHECK_CASE(hostile_strings), CHECK_CASE(hostile_metadata), CHECK_CASE(hostile_tensors),
           CHECK_CASE(hostile_graphs), CHECK_CASE(hostile_newer_nodes), CHECK_CASE(hostile_nodes),
           CHECK_CASE(hostile_packs))
