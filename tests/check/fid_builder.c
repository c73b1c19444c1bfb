/* fid_builder.c - builds .fid files in memory, field by field, right or wrong. */
#include "tests/check/fid_builder.h"

#include "kernels/kernels.h"
#include "weights/weight_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
    uint8_t *bytes;
    size_t size, capacity;
};

struct meta { /* an entry, until the keys are sorted */
    char *key;
    enum fid_meta_type type;
    size_t count;
    uint64_t *values; /* strings are pointers */
};

struct node_lists { /* what will be the node's runs in INDX */
    size_t input_count, tensor_count;
    uint32_t *inputs, *tensors;
};

#define GRAPHS_MOST 8
struct fid_builder {
    struct buffer section[FID_SECTION_COUNT];
    struct buffer meta;                /* struct meta */
    struct buffer lists;               /* struct node_lists */
    struct buffer output[GRAPHS_MOST]; /* uint32_t */
    size_t graph_count;
    uint8_t *file;
};

static const uint32_t record_bytes[FID_SECTION_COUNT] = {
    1,
    sizeof(struct fid_file_meta),
    sizeof(uint64_t),
    sizeof(struct fid_file_graph),
    sizeof(struct fid_file_value),
    sizeof(struct fid_file_node),
    sizeof(uint32_t),
    sizeof(struct fid_file_tensor),
    1,
    sizeof(uint32_t),
    sizeof(struct fid_file_plan),
    sizeof(struct fid_file_step),
    1,
};

static void *no_null(void *block)
{
    if (block == NULL) {
        fprintf(stderr, "fid_builder: no memory\n");
        exit(2);
    }
    return block;
}

static void *copy_of(const void *bytes, size_t size)
{
    void *copy = no_null(malloc(size + 1));
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

static void append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (buffer->size + size > buffer->capacity) {
        buffer->capacity = 2 * (buffer->size + size);
        buffer->bytes = no_null(realloc(buffer->bytes, buffer->capacity));
    }
    if (bytes != NULL)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    else
        memset(buffer->bytes + buffer->size, 0, size);
    buffer->size += size;
}

static void append_padding(struct buffer *buffer, size_t align)
{
    append(buffer, NULL, (align - buffer->size % align) % align);
}

/* The string's offset; a string that is there already is used again. */
static uint32_t add_string(struct fid_builder *builder, const char *text)
{
    struct buffer *strings = &builder->section[FID_SECTION_STRS];
    for (size_t at = 0; at < strings->size;) {
        const char *old = (const char *)strings->bytes + at;
        if (strcmp(old, text) == 0)
            return (uint32_t)at;
        at += strlen(old) + 1;
    }
    append(strings, text, strlen(text) + 1);
    return (uint32_t)(strings->size - strlen(text) - 1);
}

struct fid_builder *fid_builder_open(void)
{
    struct fid_builder *builder = no_null(calloc(1, sizeof *builder));
    append(&builder->section[FID_SECTION_STRS], "", 1);
    fid_builder_text(builder, "info.name", "test model");
    fid_builder_text(builder, "info.source", "made by a test");
    fid_builder_text(builder, "info.source_sha256", "none");
    fid_builder_text(builder, "info.licence", "MIT");
    fid_builder_text(builder, "info.converter", "fid_builder");
    fid_builder_text(builder, "face.kind", "recognizer");
    return builder;
}

static void free_meta(struct meta *meta)
{
    for (size_t i = 0; meta->type == FID_META_STRING && i < meta->count; i++)
        free((void *)(uintptr_t)meta->values[i]);
    free(meta->values);
    free(meta->key);
}

void fid_builder_close(struct fid_builder **builder)
{
    struct fid_builder *b = *builder;
    if (b == NULL)
        return;
    struct meta *meta = (void *)b->meta.bytes;
    for (size_t i = 0; i < b->meta.size / sizeof *meta; i++)
        free_meta(&meta[i]);
    struct node_lists *lists = (void *)b->lists.bytes;
    for (size_t i = 0; i < b->lists.size / sizeof *lists; i++) {
        free(lists[i].inputs);
        free(lists[i].tensors);
    }
    for (size_t i = 0; i < FID_SECTION_COUNT; i++)
        free(b->section[i].bytes);
    for (size_t i = 0; i < GRAPHS_MOST; i++)
        free(b->output[i].bytes);
    free(b->meta.bytes);
    free(b->lists.bytes);
    free(b->file);
    free(b);
    *builder = NULL;
}

/* ---- metadata ---- */

static void set_meta(struct fid_builder *builder, const char *key, enum fid_meta_type type,
                     size_t count, const void *values)
{
    struct meta fresh = {copy_of(key, strlen(key) + 1), type, count, copy_of(values, 8 * count)};
    struct meta *meta = (void *)builder->meta.bytes;
    for (size_t i = 0; i < builder->meta.size / sizeof *meta; i++) {
        if (strcmp(meta[i].key, key) != 0)
            continue;
        free_meta(&meta[i]);
        meta[i] = fresh;
        return;
    }
    append(&builder->meta, &fresh, sizeof fresh);
}

void fid_builder_texts(struct fid_builder *builder, const char *key, size_t count,
                       const char *const *texts)
{
    uint64_t *values = no_null(malloc(8 * count + 1));
    for (size_t i = 0; i < count; i++)
        values[i] = (uint64_t)(uintptr_t)copy_of(texts[i], strlen(texts[i]) + 1);
    set_meta(builder, key, FID_META_STRING, count, values);
    free(values);
}

void fid_builder_text(struct fid_builder *builder, const char *key, const char *text)
{
    fid_builder_texts(builder, key, 1, &text);
}

void fid_builder_ints(struct fid_builder *builder, const char *key, size_t count,
                      const int64_t *numbers)
{
    set_meta(builder, key, FID_META_INT, count, numbers);
}

void fid_builder_floats(struct fid_builder *builder, const char *key, size_t count,
                        const double *numbers)
{
    set_meta(builder, key, FID_META_FLOAT, count, numbers);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct meta *)a)->key, ((const struct meta *)b)->key);
}

static void write_meta(struct fid_builder *builder)
{
    struct buffer *values = &builder->section[FID_SECTION_MVAL];
    struct meta *meta = (void *)builder->meta.bytes;
    size_t count = builder->meta.size / sizeof *meta;
    qsort(meta, count, sizeof *meta, by_key);
    for (size_t i = 0; i < count; i++) {
        struct fid_file_meta record = {.key = add_string(builder, meta[i].key),
                                       .type = (uint16_t)meta[i].type,
                                       .first = (uint32_t)(values->size / 8),
                                       .count = (uint32_t)meta[i].count};
        append(&builder->section[FID_SECTION_META], &record, sizeof record);
        for (size_t j = 0; j < meta[i].count; j++) {
            uint64_t value = meta[i].values[j];
            if (meta[i].type == FID_META_STRING)
                value = add_string(builder, (const char *)(uintptr_t)value);
            append(values, &value, sizeof value);
        }
    }
}

/* ---- graphs ---- */

static struct fid_file_graph *current_graph(struct fid_builder *builder)
{
    struct fid_file_graph *graphs = (void *)builder->section[FID_SECTION_GRPH].bytes;
    return &graphs[builder->graph_count - 1];
}

static uint32_t add_value(struct fid_builder *builder, const char *name)
{
    struct fid_file_value value = {.name = add_string(builder, name)};
    append(&builder->section[FID_SECTION_VALU], &value, sizeof value);
    return current_graph(builder)->value_count++;
}

void fid_builder_graph(struct fid_builder *builder, const char *name, uint32_t h, uint32_t w,
                       uint32_t c)
{
    struct fid_file_graph graph = {
        .name = add_string(builder, name),
        .first_value = (uint32_t)(builder->section[FID_SECTION_VALU].size / 8),
        .first_node = (uint32_t)(builder->section[FID_SECTION_NODE].size / 160),
        .h = h,
        .w = w,
        .c = c,
        .multiple = 1,
    };
    if (builder->graph_count == GRAPHS_MOST) {
        fprintf(stderr, "fid_builder: more than %d graphs\n", GRAPHS_MOST);
        exit(2);
    }
    append(&builder->section[FID_SECTION_GRPH], &graph, sizeof graph);
    builder->graph_count++;
    add_value(builder, "input");
}

void fid_builder_free_size(struct fid_builder *builder, uint32_t multiple)
{
    current_graph(builder)->flags = FID_GRAPH_FREE_SIZE;
    current_graph(builder)->multiple = multiple;
}

uint32_t fid_builder_tensor(struct fid_builder *builder, const char *name, uint32_t rank,
                            const uint32_t *dims, const float *data)
{
    return fid_builder_typed_tensor(builder, name, FID_TENSOR_F32, rank, dims, data);
}

void fid_builder_quantize(struct fid_builder *builder, uint32_t value, uint32_t tensor)
{
    struct fid_file_value *values = (void *)builder->section[FID_SECTION_VALU].bytes;
    values[current_graph(builder)->first_value + value].quantized = tensor + 1;
}

uint32_t fid_builder_typed_tensor(struct fid_builder *builder, const char *name,
                                  enum fid_tensor_type type, uint32_t rank, const uint32_t *dims,
                                  const void *data)
{
    static const uint8_t element_bytes[FID_TENSOR_END] = {0, 4, 2, 2, 1};
    struct buffer *blob = &builder->section[FID_SECTION_DATA];
    struct buffer *tensors = &builder->section[FID_SECTION_TENS];
    append_padding(blob, FID_FILE_ALIGN);
    struct fid_file_tensor tensor = {.name = add_string(builder, name),
                                     .type = (uint16_t)type,
                                     .rank = (uint16_t)rank,
                                     .offset = blob->size,
                                     .bytes = element_bytes[type]};
    for (uint32_t i = 0; i < rank; i++) {
        tensor.dims[i] = dims[i];
        tensor.bytes *= dims[i];
    }
    tensor.bytes += type == FID_TENSOR_S8 ? dims[0] * sizeof(float) : 0;
    append(tensors, &tensor, sizeof tensor);
    append(blob, data, (size_t)tensor.bytes);
    return (uint32_t)(tensors->size / sizeof tensor - 1);
}

uint32_t fid_builder_node(struct fid_builder *builder, const char *name,
                          const struct fid_file_node *fields, size_t input_count,
                          const uint32_t *inputs, size_t tensor_count, const uint32_t *tensors)
{
    struct fid_file_node node = *fields;
    struct node_lists lists = {input_count, tensor_count, copy_of(inputs, 4 * input_count),
                               copy_of(tensors, 4 * tensor_count)};
    node.name = add_string(builder, name);
    node.output = add_value(builder, name);
    current_graph(builder)->node_count++;
    append(&builder->section[FID_SECTION_NODE], &node, sizeof node);
    append(&builder->lists, &lists, sizeof lists);
    return node.output;
}

void fid_builder_output(struct fid_builder *builder, uint32_t value)
{
    append(&builder->output[builder->graph_count - 1], &value, sizeof value);
}

static uint32_t append_run(struct fid_builder *builder, const void *numbers, size_t count)
{
    struct buffer *index = &builder->section[FID_SECTION_INDX];
    append(index, numbers, 4 * count);
    return (uint32_t)(index->size / 4 - count);
}

static void write_index(struct fid_builder *builder)
{
    struct fid_file_graph *graphs = (void *)builder->section[FID_SECTION_GRPH].bytes;
    struct fid_file_node *nodes = (void *)builder->section[FID_SECTION_NODE].bytes;
    const struct node_lists *lists = (void *)builder->lists.bytes;
    for (size_t i = 0; i < builder->graph_count; i++) {
        size_t count = builder->output[i].size / 4;
        graphs[i].first_output = append_run(builder, builder->output[i].bytes, count);
        graphs[i].output_count = (uint32_t)count;
    }
    for (size_t i = 0; i < builder->lists.size / sizeof *lists; i++) {
        nodes[i].first_input = append_run(builder, lists[i].inputs, lists[i].input_count);
        nodes[i].input_count = (uint32_t)lists[i].input_count;
        nodes[i].first_tensor = append_run(builder, lists[i].tensors, lists[i].tensor_count);
        nodes[i].tensor_count = (uint32_t)lists[i].tensor_count;
    }
}

/* ---- packed weights ---- */

void fid_builder_plan(struct fid_builder *builder, const struct fid_file_plan *plan)
{
    append(&builder->section[FID_SECTION_PLAN], plan, sizeof *plan);
}

void fid_builder_step(struct fid_builder *builder, const char *method, size_t bytes,
                      const void *packed)
{
    struct buffer *blob = &builder->section[FID_SECTION_PACK];
    if (bytes > 0)
        append_padding(blob, FID_FILE_ALIGN);
    struct fid_file_step step = {.offset = blob->size, .bytes = bytes};
    snprintf(step.method, sizeof step.method, "%s", method);
    append(&builder->section[FID_SECTION_STEP], &step, sizeof step);
    append(blob, packed, bytes);
}

static void write_sums(struct fid_builder *builder)
{
    const struct fid_file_tensor *tensors = (void *)builder->section[FID_SECTION_TENS].bytes;
    const size_t count = builder->section[FID_SECTION_TENS].size / sizeof *tensors;
    builder->section[FID_SECTION_SUMS].size = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t crc =
            fid_builder_crc32c(0, builder->section[FID_SECTION_DATA].bytes + tensors[i].offset,
                               (size_t)tensors[i].bytes);
        append(&builder->section[FID_SECTION_SUMS], &crc, sizeof crc);
    }
}

/* ---- the file ---- */

/* Is anything in it of version 1.3? */
static bool has_types(const struct fid_builder *builder)
{
    const struct fid_file_value *values = (void *)builder->section[FID_SECTION_VALU].bytes;
    const struct fid_file_tensor *tensors = (void *)builder->section[FID_SECTION_TENS].bytes;
    const struct fid_file_node *nodes = (void *)builder->section[FID_SECTION_NODE].bytes;
    bool found = false;
    for (size_t i = 0; i < builder->section[FID_SECTION_VALU].size / sizeof *values; i++)
        found = found || values[i].quantized != 0;
    for (size_t i = 0; i < builder->section[FID_SECTION_TENS].size / sizeof *tensors; i++)
        found = found || tensors[i].type != FID_TENSOR_F32;
    for (size_t i = 0; i < builder->section[FID_SECTION_NODE].size / sizeof *nodes; i++)
        found = found || nodes[i].op >= FID_OP_END_1_2;
    return found;
}

/* The lowest version that has what is in it. */
static uint16_t minor_of(const struct fid_builder *builder, bool packed)
{
    if (has_types(builder))
        return 3;
    const struct fid_file_node *nodes = (void *)builder->section[FID_SECTION_NODE].bytes;
    for (size_t i = 0; i < builder->section[FID_SECTION_NODE].size / sizeof *nodes; i++)
        if (nodes[i].op >= FID_OP_END_1_1 || nodes[i].activation >= FID_ACT_END_1_1)
            return 2;
    return packed ? 1 : 0;
}

uint8_t *fid_builder_finish(struct fid_builder *builder, size_t *size)
{
    static const char names[FID_SECTION_COUNT][5] = {"STRS", "META", "MVAL", "GRPH", "VALU",
                                                     "NODE", "INDX", "TENS", "DATA", "SUMS",
                                                     "PLAN", "STEP", "PACK"};
    const bool packed = builder->section[FID_SECTION_PLAN].size > 0;
    const size_t count = packed ? FID_SECTION_COUNT : FID_SECTION_COUNT_1_0;
    struct fid_file_section table[FID_SECTION_COUNT] = {0};
    struct fid_file_header header = {.major = FID_FILE_MAJOR,
                                     .minor = minor_of(builder, packed),
                                     .section_count = (uint32_t)count};
    struct buffer file = {0};
    builder->section[FID_SECTION_META].size = 0; /* what an earlier call wrote */
    builder->section[FID_SECTION_MVAL].size = 0;
    builder->section[FID_SECTION_INDX].size = 0;
    write_meta(builder);
    write_index(builder);
    write_sums(builder);
    append(&file, NULL, sizeof header + count * sizeof *table);
    for (size_t i = 0; i < count; i++) {
        const bool by_pages = i == FID_SECTION_DATA || i == FID_SECTION_PACK;
        append_padding(&file, by_pages ? FID_FILE_DATA_ALIGN : FID_FILE_ALIGN);
        table[i].kind = FID_FOURCC(names[i][0], names[i][1], names[i][2], names[i][3]);
        table[i].offset = file.size;
        table[i].bytes = builder->section[i].size;
        table[i].record_bytes = record_bytes[i];
        append(&file, builder->section[i].bytes, builder->section[i].size);
    }
    memcpy(header.magic, FID_FILE_MAGIC, sizeof header.magic);
    header.file_bytes = file.size;
    memcpy(file.bytes, &header, sizeof header);
    memcpy(file.bytes + sizeof header, table, count * sizeof *table);
    fid_builder_seal(file.bytes, file.size);
    free(builder->file);
    builder->file = no_null(aligned_alloc(4096, (file.size + 4095) / 4096 * 4096));
    memcpy(builder->file, file.bytes, file.size);
    free(file.bytes);
    fid_builder_identify(builder->file, file.size);
    *size = file.size;
    return builder->file;
}

int fid_builder_write(struct fid_builder *builder, const char *path)
{
    size_t size;
    const uint8_t *bytes = fid_builder_finish(builder, &size);
    FILE *out = fopen(path, "wb");
    if (out == NULL)
        return -1;
    size_t written = fwrite(bytes, 1, size, out);
    return fclose(out) == 0 && written == size ? 0 : -1;
}

/* i taken four times as one bit of the polynomial 0x82F63B78. */
static const uint32_t four_bits[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};

uint32_t fid_builder_crc32c(uint32_t crc, const void *data, size_t bytes)
{
    const uint8_t *byte = data;
    crc = ~crc;
    while (bytes-- > 0) {
        crc ^= *byte++;
        crc = crc >> 4 ^ four_bits[crc & 15];
        crc = crc >> 4 ^ four_bits[crc & 15];
    }
    return ~crc;
}

void fid_builder_seal(uint8_t *bytes, size_t size)
{
    struct fid_file_header *header = (void *)bytes;
    struct fid_file_section *table = (void *)(bytes + sizeof *header);
    if (size < sizeof *header)
        return;
    const bool packed =
        header->minor == 1 || (header->minor > 1 && header->section_count == FID_SECTION_COUNT);
    const size_t count = packed ? FID_SECTION_COUNT : FID_SECTION_COUNT_1_0;
    const size_t table_bytes = count * sizeof *table;
    if (size < sizeof *header + table_bytes)
        return;
    for (size_t i = 0; i < count; i++)
        if (table[i].offset <= size && table[i].bytes <= size - table[i].offset)
            table[i].crc = fid_builder_crc32c(0, bytes + table[i].offset, (size_t)table[i].bytes);
    header->crc = fid_builder_crc32c(0, bytes, offsetof(struct fid_file_header, crc));
    header->crc = fid_builder_crc32c(header->crc, table, table_bytes);
}

void fid_builder_identify(uint8_t *bytes, size_t size)
{
    struct fid_file_header *header = (void *)bytes;
    struct fid_weight_file *file;
    struct fid_error error;
    int usable;
    if (fid_weight_file_open_memory(bytes, size, "built", fid_builder_crc32c, &file, &error) !=
        FID_OK)
        return;
    if (fid_weight_file_make_id(file, fid_sha256_at(0, &usable), header->model_id, &error) ==
        FID_OK) {
        header->crc = fid_builder_crc32c(0, bytes, offsetof(struct fid_file_header, crc));
        header->crc = fid_builder_crc32c(header->crc, bytes + sizeof *header,
                                         header->section_count * sizeof(struct fid_file_section));
    }
    fid_weight_file_close(&file);
}
