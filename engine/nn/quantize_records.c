/* quantize_records.c - the records of a quantized model: the file's own with other types, and a
 * convert behind each value that is wanted in both.
 *
 * A value that there is in f32 keeps its name, so that outputs do; bytes beside it get an ending.
 */
#include "engine/nn/quantize_write.h"

#include "engine/base/memory.h"

#include <stdio.h>
#include <string.h>

#define NOT_THERE UINT32_MAX

struct writer {
    const struct fid_quantizer *quantizer;
    const struct fid_weight_file *file;
    struct fid_new_records to;
    uint32_t *copied, *changed;  /* owned: of the file's tensors: what they became, or NOT_THERE */
    uint32_t *as_f32, *as_bytes; /* owned: of the values of the graph at work: the new numbers */
    uint32_t *scales;            /* owned: likewise, of groups: the tensor */
    char ending[16];             /* which no name has: "/u8" */
    /* The graph at work. */
    const struct fid_quantizer_graph *graph;
    size_t graph_number, first_value;
};

/* ---- names ---- */

static bool ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text), end = strlen(ending);
    return length >= end && strcmp(text + length - end, ending) == 0;
}

/* Names are unique among each other; with an ending that none of them has they stay so. */
static void choose_ending(struct writer *writer)
{
    size_t bytes;
    const char *text = fid_weight_file_string(writer->file, 0);
    bytes = (size_t)fid_weight_file_section(writer->file, FID_SECTION_STRS)->bytes;
    snprintf(writer->ending, sizeof writer->ending, "/u8");
    for (size_t at = 0; at < bytes; at += strlen(text + at) + 1)
        if (ends_with(text + at, writer->ending) && strlen(writer->ending) < 14) {
            strcat(writer->ending, "8");
            at = 0; /* those before may end so; the first string is empty */
        }
}

static uint32_t add_name(struct writer *writer, const char *front, const char *name)
{
    struct fid_new_records *to = &writer->to;
    const uint32_t at = fid_weight_new_name(writer->file) + (uint32_t)to->names_bytes;
    const int length = sprintf(to->names + to->names_bytes, "%s%s%s", front, name, writer->ending);
    to->names_bytes += (size_t)length + 1;
    return at;
}

static const char *value_name(const struct writer *writer, uint32_t value)
{
    const struct fid_file_value *values =
        fid_file_graph_values(writer->file, writer->graph->types.graph);
    return fid_weight_file_string(writer->file, values[value].name);
}

/* ---- tensors ---- */

static uint32_t add_tensor(struct writer *writer, const struct fid_file_tensor *tensor,
                           const struct fid_new_numbers *numbers)
{
    struct fid_new_records *to = &writer->to;
    to->tensors[to->tensor_count] = *tensor;
    to->numbers[to->tensor_count] = *numbers;
    fid_weight_place_tensor(&to->tensors[to->tensor_count], &to->data_bytes);
    return (uint32_t)to->tensor_count++;
}

/* The zero point and scales of a group. */
static uint32_t scales_of(struct writer *writer, uint32_t value)
{
    const uint32_t group = writer->graph->types.values[value].group;
    const struct fid_counted *counted = &writer->graph->values[group];
    char front[24] = "";
    if (writer->scales[group] != NOT_THERE)
        return writer->scales[group];
    if (writer->quantizer->graph_count > 1)
        snprintf(front, sizeof front, "%zu/", writer->graph_number);
    const struct fid_file_tensor tensor = {.name =
                                               add_name(writer, front, value_name(writer, group)),
                                           .type = FID_TENSOR_F32,
                                           .rank = 1,
                                           .dims = {1 + (uint32_t)counted->count}};
    return writer->scales[group] =
               add_tensor(writer, &tensor, &(struct fid_new_numbers){.scales = counted});
}

/* The filter of a node that is changed. One that several nodes share has the file's name once. */
static uint32_t change_filter(struct writer *writer, const struct fid_file_node *node,
                              uint32_t number)
{
    const struct fid_quantizer *quantizer = writer->quantizer;
    const struct fid_byte_graph *types = &writer->graph->types;
    struct fid_file_tensor tensor = fid_weight_file_tensors(writer->file, NULL)[number];
    struct fid_new_numbers numbers = {.old = number, .node = node};
    char front[24];
    tensor.type = quantizer->to == FID_QUANTIZE_WEIGHTS_F16 ? FID_TENSOR_F16 : FID_TENSOR_S8;
    if (quantizer->to == FID_QUANTIZE_BYTES) {
        const uint32_t input = fid_file_node_inputs(writer->file, node)[0];
        numbers.input = &writer->graph->values[types->values[input].group];
    } else if (writer->changed[number] != NOT_THERE) {
        return writer->changed[number];
    }
    snprintf(front, sizeof front, "%zu/", writer->to.tensor_count);
    if (writer->changed[number] != NOT_THERE || writer->copied[number] != NOT_THERE)
        tensor.name = add_name(writer, front, "filter");
    return writer->changed[number] = add_tensor(writer, &tensor, &numbers);
}

static uint32_t copy_tensor(struct writer *writer, uint32_t number)
{
    struct fid_file_tensor tensor = fid_weight_file_tensors(writer->file, NULL)[number];
    if (writer->copied[number] != NOT_THERE)
        return writer->copied[number];
    if (writer->changed[number] != NOT_THERE)
        tensor.name = add_name(writer, "f32/", fid_weight_file_string(writer->file, tensor.name));
    return writer->copied[number] =
               add_tensor(writer, &tensor, &(struct fid_new_numbers){.old = number});
}

/* ---- values and nodes ---- */

static bool has_bytes(const struct writer *writer)
{
    return writer->quantizer->to == FID_QUANTIZE_BYTES && writer->graph->fed;
}

static uint32_t add_value(struct writer *writer, uint32_t name, uint32_t quantized)
{
    struct fid_new_records *to = &writer->to;
    to->values[to->value_count] = (struct fid_file_value){name, quantized};
    return (uint32_t)(to->value_count++ - writer->first_value);
}

/* The value as f32, under its own name. */
static uint32_t add_f32(struct writer *writer, uint32_t value)
{
    const struct fid_file_value *values =
        fid_file_graph_values(writer->file, writer->graph->types.graph);
    const uint32_t name = values[value].name;
    return writer->as_f32[value] = add_value(writer, name, 0);
}

static uint32_t add_bytes(struct writer *writer, uint32_t value)
{
    const struct fid_file_value *values =
        fid_file_graph_values(writer->file, writer->graph->types.graph);
    uint32_t name = values[value].name;
    if (writer->graph->types.values[value].as_f32 || !writer->graph->types.values[value].native)
        name = add_name(writer, "", value_name(writer, value));
    const uint32_t quantized = 1 + scales_of(writer, value);
    return writer->as_bytes[value] = add_value(writer, name, quantized);
}

static uint32_t add_index(struct writer *writer, uint32_t number)
{
    writer->to.index[writer->to.index_count] = number;
    return (uint32_t)writer->to.index_count++;
}

/* Turns a value that is there in one type into the other one. */
static void add_convert(struct writer *writer, uint32_t value)
{
    struct fid_new_records *to = &writer->to;
    const bool native = writer->graph->types.values[value].native;
    struct fid_file_node *node = &to->nodes[to->node_count++];
    const uint32_t input = native ? writer->as_bytes[value] : writer->as_f32[value];
    *node = (struct fid_file_node){.op = FID_OP_CONVERT, .input_count = 1};
    node->output = native ? add_f32(writer, value) : add_bytes(writer, value);
    node->name = to->values[writer->first_value + node->output].name;
    node->first_input = add_index(writer, input);
    node->first_tensor = (uint32_t)to->index_count;
}

static void add_node(struct writer *writer, size_t number)
{
    struct fid_new_records *to = &writer->to;
    const struct fid_byte_graph *types = &writer->graph->types;
    const struct fid_file_node *old = fid_byte_graph_node(types, number);
    const uint32_t *inputs = fid_file_node_inputs(writer->file, old);
    const bool changed = fid_quantizer_changes(writer->quantizer, writer->graph, number);
    const bool bytes = has_bytes(writer) && types->steps[number];
    struct fid_file_node *node = &to->nodes[to->node_count++];
    *node = *old;
    node->first_input = (uint32_t)to->index_count;
    for (size_t i = 0; i < old->input_count; i++)
        add_index(writer, bytes ? writer->as_bytes[inputs[i]] : writer->as_f32[inputs[i]]);
    node->first_tensor = (uint32_t)to->index_count;
    const bool product = old->op == FID_OP_CONV || old->op == FID_OP_FULLY_CONNECTED;
    for (size_t i = 0; i < old->tensor_count; i++) {
        uint32_t tensor;
        fid_byte_graph_tensor(types, old, i, &tensor);
        add_index(writer, changed && product && i == 0 ? change_filter(writer, old, tensor)
                                                       : copy_tensor(writer, tensor));
    }
    const bool native = has_bytes(writer) && types->values[old->output].native;
    node->output = native ? add_bytes(writer, old->output) : add_f32(writer, old->output);
}

/* ---- graphs ---- */

static void add_convert_if_wanted(struct writer *writer, uint32_t value)
{
    const struct fid_byte_value *type = &writer->graph->types.values[value];
    if (has_bytes(writer) && (type->native ? type->as_f32 : type->as_bytes))
        add_convert(writer, value);
}

static void add_graph(struct writer *writer, size_t number, size_t first_output)
{
    struct fid_new_records *to = &writer->to;
    writer->graph = &writer->quantizer->graphs[number];
    writer->graph_number = number;
    writer->first_value = to->value_count;
    const struct fid_file_graph *old = writer->graph->types.graph;
    const size_t first_node = to->node_count;
    for (size_t i = 0; i < old->value_count; i++)
        writer->as_f32[i] = writer->as_bytes[i] = writer->scales[i] = NOT_THERE;
    add_f32(writer, 0);
    add_convert_if_wanted(writer, 0);
    for (size_t i = 0; i < old->node_count; i++) {
        add_node(writer, i);
        add_convert_if_wanted(writer, fid_byte_graph_node(&writer->graph->types, i)->output);
    }
    const uint32_t *outputs = fid_file_graph_outputs(writer->file, old);
    for (size_t i = 0; i < old->output_count; i++)
        to->index[first_output + i] = writer->as_f32[outputs[i]];
    struct fid_file_graph *graph = &to->graphs[number];
    *graph = *old;
    graph->first_output = (uint32_t)first_output;
    graph->first_value = (uint32_t)writer->first_value;
    graph->value_count = (uint32_t)(to->value_count - writer->first_value);
    graph->first_node = (uint32_t)first_node;
    graph->node_count = (uint32_t)(to->node_count - first_node);
}

static void add_graphs(struct writer *writer)
{
    size_t count, output = 0;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(writer->file, &count);
    for (size_t i = 0; i < count; i++)
        writer->to.index_count += graphs[i].output_count;
    for (size_t i = 0; i < count; i++) {
        add_graph(writer, i, output);
        output += graphs[i].output_count;
    }
}

/* ---- memory ---- */

/* Room for two further names of each value and one of each tensor and node. */
static size_t name_bytes(const struct writer *writer, size_t nodes)
{
    const size_t each = 32 + sizeof writer->ending;
    size_t count, bytes = nodes * each;
    const struct fid_file_value *values = fid_weight_file_values(writer->file, &count);
    for (size_t i = 0; i < count; i++)
        bytes += 2 * (each + strlen(fid_weight_file_string(writer->file, values[i].name)));
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(writer->file, &count);
    for (size_t i = 0; i < count; i++)
        bytes += each + strlen(fid_weight_file_string(writer->file, tensors[i].name));
    return bytes;
}

/* The most there can be: a convert for each value, a filter for each node, scales for each value.
 */
static bool writer_begin(struct writer *writer, const struct fid_quantizer *quantizer)
{
    size_t graphs, values, nodes, index, tensors;
    const struct fid_weight_file *file = quantizer->model->file;
    struct fid_new_records *to = &writer->to;
    *writer = (struct writer){.quantizer = quantizer, .file = file};
    fid_weight_file_graphs(file, &graphs);
    fid_weight_file_values(file, &values);
    fid_weight_file_nodes(file, &nodes);
    fid_weight_file_index(file, &index);
    fid_weight_file_tensors(file, &tensors);
    const size_t more = nodes + values + tensors;
    to->graphs = fid_calloc(graphs, sizeof *to->graphs);
    to->values = fid_calloc(2 * values, sizeof *to->values);
    to->nodes = fid_calloc(nodes + values, sizeof *to->nodes);
    to->index = fid_calloc(index + values, sizeof *to->index);
    to->tensors = fid_calloc(more, sizeof *to->tensors);
    to->numbers = fid_calloc(more, sizeof *to->numbers);
    to->names = fid_calloc(1, name_bytes(writer, nodes));
    writer->copied = fid_calloc(tensors, sizeof *writer->copied);
    writer->changed = fid_calloc(tensors, sizeof *writer->changed);
    writer->as_f32 = fid_calloc(values, sizeof *writer->as_f32);
    writer->as_bytes = fid_calloc(values, sizeof *writer->as_bytes);
    writer->scales = fid_calloc(values, sizeof *writer->scales);
    if (!to->graphs || !to->values || !to->nodes || !to->index || !to->tensors || !to->numbers ||
        !to->names || !writer->copied || !writer->changed || !writer->as_f32 || !writer->as_bytes ||
        !writer->scales)
        return false;
    for (size_t i = 0; i < tensors; i++)
        writer->copied[i] = writer->changed[i] = NOT_THERE;
    choose_ending(writer);
    return true;
}

static void writer_end(struct writer *writer)
{
    fid_free(writer->scales);
    fid_free(writer->as_bytes);
    fid_free(writer->as_f32);
    fid_free(writer->changed);
    fid_free(writer->copied);
}

enum fid_status fid_new_records_make(const struct fid_quantizer *quantizer,
                                     struct fid_new_records *records, struct fid_error *error)
{
    struct writer writer;
    const bool room = writer_begin(&writer, quantizer);
    if (room)
        add_graphs(&writer);
    writer_end(&writer);
    *records = writer.to;
    return room ? FID_OK
                : fid_fail(error, FID_NO_MEMORY, "no memory for the records of a quantized model");
}

void fid_new_records_free(struct fid_new_records *records)
{
    fid_free(records->names);
    fid_free(records->numbers);
    fid_free(records->tensors);
    fid_free(records->index);
    fid_free(records->nodes);
    fid_free(records->values);
    fid_free(records->graphs);
}
