/* fuzz_weight_file.c - libFuzzer on the reader of .fid files.
 *
 * Built and run by `make fuzz`; seeds/weight_file holds the inputs it starts from.
 *
 * The checksum in use here is 0 for everything, and the size in the header and all stored checksums
 * are made right before the file is opened, so that the structure behind them is reached, and fast.
 * A file that is taken is read through all its references. */
#include "weights/weight_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static volatile size_t sink; /* what was read is used */

static void read_nodes(const struct fid_weight_file *file, const struct fid_file_graph *graph)
{
    size_t count;
    const struct fid_file_node *nodes = fid_weight_file_nodes(file, &count) + graph->first_node;
    const struct fid_file_value *values = fid_weight_file_values(file, &count) + graph->first_value;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    const uint32_t *index = fid_weight_file_index(file, &count);
    for (size_t i = 0; i < graph->node_count; i++) {
        sink += strlen(fid_weight_file_string(file, nodes[i].name));
        sink += values[nodes[i].output].name;
        if (values[nodes[i].output].quantized != 0)
            sink += tensors[values[nodes[i].output].quantized - 1].dims[0];
        for (size_t j = 0; j < nodes[i].input_count; j++)
            sink +=
                strlen(fid_weight_file_string(file, values[index[nodes[i].first_input + j]].name));
        for (size_t j = 0; j < nodes[i].tensor_count; j++)
            sink += tensors[index[nodes[i].first_tensor + j]].dims[0];
    }
    for (size_t i = 0; i < graph->output_count; i++)
        sink += values[index[graph->first_output + i]].name;
}

static void read_all(const struct fid_weight_file *file)
{
    size_t count;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(file, &count);
    for (size_t i = 0; i < count; i++)
        read_nodes(file, &graphs[i]);
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *data = (const uint8_t *)fid_weight_file_tensor_data(file, i);
        sink += strlen(fid_weight_file_string(file, tensors[i].name));
        sink += data[0] < data[tensors[i].bytes - 1];
    }
    const struct fid_file_plan *plan = fid_weight_file_plan(file);
    const struct fid_file_step *steps = plan != NULL ? fid_weight_file_steps(file, &count) : NULL;
    for (size_t i = 0; steps != NULL && i < count; i++) {
        const uint8_t *packed = fid_weight_file_packed(file, i);
        sink += strlen(steps[i].method) + strlen(plan->kernels) + graphs[plan->graph].h;
        sink += steps[i].bytes > 0 ? packed[0] + packed[steps[i].bytes - 1] : 0;
    }
    static const char *const keys[] = {"info.name", "input.mean", "detect.strides", "labels"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        double number = 0;
        const struct fid_file_meta *meta = fid_weight_file_meta(file, keys[i]);
        for (size_t j = 0; meta != NULL && j < meta->count; j++) {
            const char *text = fid_weight_file_text(file, keys[i], j);
            sink += text != NULL ? strlen(text) : 0;
            sink += fid_weight_file_float(file, keys[i], j, &number);
        }
    }
}

static uint32_t no_checksum(uint32_t crc, const void *data, size_t bytes)
{
    (void)crc, (void)data, (void)bytes;
    return 0;
}

static void make_right(uint8_t *bytes, size_t size)
{
    struct fid_file_header *header = (void *)bytes;
    struct fid_file_section *table = (void *)(bytes + sizeof *header);
    if (size < sizeof *header)
        return;
    const bool packed =
        header->minor == 1 || (header->minor > 1 && header->section_count == FID_SECTION_COUNT);
    const size_t count = packed ? FID_SECTION_COUNT : FID_SECTION_COUNT_1_0;
    if (size < sizeof *header + count * sizeof *table)
        return;
    header->file_bytes = size;
    header->crc = 0;
    for (size_t i = 0; i < count; i++)
        table[i].crc = 0;
    const struct fid_file_section *sums = &table[FID_SECTION_SUMS];
    if (count == FID_SECTION_COUNT && sums->offset <= size && sums->bytes <= size - sums->offset)
        memset(bytes + sums->offset, 0, (size_t)sums->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct fid_weight_file *file;
    struct fid_error error;
    void *block;
    if (posix_memalign(&block, FID_FILE_ALIGN, size > 0 ? size : 1) != 0)
        return 0;
    uint8_t *bytes = block;
    memcpy(bytes, input, size);
    make_right(bytes, size);
    if (fid_weight_file_open_memory(bytes, size, "fuzz", no_checksum, &file, &error) == FID_OK &&
        fid_weight_file_check(file, NULL, &error) == FID_OK)
        read_all(file);
    fid_weight_file_close(&file);
    free(bytes);
    return 0;
}
