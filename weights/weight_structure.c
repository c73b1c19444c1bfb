/* weight_structure.c - the tensor table, graphs and values of a weight file. */
#include "weights/weight_view.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"

#include <inttypes.h>
#include <string.h>

/* ---- tensors ---- */

/* FILLS *bytes with the product of the dimensions times the element's size, and the scales. */
static enum fid_status check_dims(const struct fid_weight_file *file,
                                  const struct fid_file_tensor *tensor, const char *name,
                                  uint64_t *bytes, struct fid_error *error)
{
    *bytes = fid_file_number_bytes(tensor->type);
    if (tensor->rank < 1 || tensor->rank > 4)
        return fid_weight_refuse(file, error, FID_CORRUPT, tensor, "tensor '%.80s': rank %u", name,
                                 tensor->rank);
    for (size_t d = 0; d < 4; d++) {
        uint32_t dim = tensor->dims[d];
        bool used = d < tensor->rank;
        if ((dim != 0) != used)
            return fid_weight_refuse(file, error, FID_CORRUPT, tensor,
                                     "tensor '%.80s' of rank %u: dimension %zu is %" PRIu32, name,
                                     tensor->rank, d, dim);
        if (used && (dim > FID_LIMIT_DIM || *bytes * dim > FID_LIMIT_TENSOR_BYTES))
            return fid_weight_refuse(file, error, FID_UNSUPPORTED, tensor,
                                     "tensor '%.80s': dimension %zu of %" PRIu32
                                     " makes it larger than the limit",
                                     name, d, dim);
        if (used)
            *bytes *= dim; /* at most 2^30 × 2^24 before the test above */
    }
    if (tensor->type == FID_TENSOR_S8)
        *bytes += tensor->dims[0] * sizeof(float);
    return FID_OK;
}

/* *end is where the tensor before ends in DATA and becomes where this one does. */
static enum fid_status check_tensor(const struct fid_weight_file *file,
                                    const struct fid_file_tensor *tensor, uint64_t *end,
                                    struct fid_error *error)
{
    uint64_t bytes;
    uint64_t data_bytes = file->sections[FID_SECTION_DATA].bytes;
    uint64_t start = fid_align_up(*end, FID_FILE_ALIGN);
    enum fid_status status =
        fid_weight_check_string(file, tensor->name, false, tensor, "a tensor's name", error);
    if (status != FID_OK)
        return status;
    const char *name = fid_weight_file_string(file, tensor->name);
    if (tensor->type < FID_TENSOR_F32 || tensor->type >= FID_TENSOR_END)
        return fid_weight_refuse(file, error, FID_CORRUPT, tensor, "tensor '%.80s': type %u", name,
                                 tensor->type);
    if (tensor->type != FID_TENSOR_F32 && file->header->minor < 3)
        return fid_weight_refuse(file, error, FID_CORRUPT, tensor,
                                 "tensor '%.80s': type %u is of format version 1.3, and the file "
                                 "of 1.%u",
                                 name, tensor->type, file->header->minor);
    status = check_dims(file, tensor, name, &bytes, error);
    if (status != FID_OK)
        return status;
    if (tensor->bytes != bytes)
        return fid_weight_refuse(file, error, FID_CORRUPT, tensor,
                                 "tensor '%.80s': %" PRIu64 " bytes, its dimensions make %" PRIu64,
                                 name, tensor->bytes, bytes);
    if (tensor->offset != start || start > data_bytes || bytes > data_bytes - start)
        return fid_weight_refuse(file, error, FID_CORRUPT, tensor,
                                 "tensor '%.80s': %" PRIu64 " bytes from %" PRIu64
                                 " do not continue at %" PRIu64 " of the %" PRIu64 " in DATA",
                                 name, bytes, tensor->offset, start, data_bytes);
    if (!fid_weight_all_zero(tensor->reserved, sizeof tensor->reserved))
        return fid_weight_refuse(file, error, FID_CORRUPT, tensor,
                                 "tensor '%.80s': a reserved field is not zero", name);
    *end = start + bytes;
    return FID_OK;
}

static enum fid_status check_tensors(const struct fid_weight_file *file, struct fid_error *error)
{
    size_t count;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    const struct fid_file_section *data = &file->sections[FID_SECTION_DATA];
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        enum fid_status status = check_tensor(file, &tensors[i], &end, error);
        if (status != FID_OK)
            return status;
    }
    if (end != data->bytes)
        return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + data->offset + end,
                                 "%" PRIu64 " bytes of DATA belong to no tensor",
                                 data->bytes - end);
    return fid_weight_check_unique(file, tensors, count, sizeof *tensors, "tensor", error);
}

/* ---- graphs ---- */

/* The input's size: whole multiples where it is free, and multiple = 1 where it is not. */
static bool input_size_is_valid(const struct fid_file_graph *graph)
{
    const uint32_t limit = FID_LIMIT_DIM;
    if (graph->h < 1 || graph->w < 1 || graph->c < 1 || graph->multiple < 1)
        return false;
    if (graph->h > limit || graph->w > limit || graph->c > limit)
        return false;
    if ((graph->flags & FID_GRAPH_FREE_SIZE) == 0)
        return graph->multiple == 1;
    return graph->h % graph->multiple == 0 && graph->w % graph->multiple == 0;
}

/* The record itself and its slices of VALU and NODE, which continue at *values and *nodes. */
static enum fid_status check_graph_record(const struct fid_weight_file *file,
                                          const struct fid_file_graph *graph, size_t *values,
                                          size_t *nodes, struct fid_error *error)
{
    size_t value_count, node_count;
    fid_weight_file_values(file, &value_count);
    fid_weight_file_nodes(file, &node_count);
    enum fid_status status =
        fid_weight_check_string(file, graph->name, false, graph, "a graph's name", error);
    if (status != FID_OK)
        return status;
    const char *name = fid_weight_file_string(file, graph->name);
    if (graph->first_value != *values || graph->value_count > value_count - *values)
        return fid_weight_refuse(
            file, error, FID_CORRUPT, graph,
            "graph '%.80s': %" PRIu32 " values from %" PRIu32 " do not continue at %zu of %zu",
            name, graph->value_count, graph->first_value, *values, value_count);
    if (graph->first_node != *nodes || graph->node_count == 0 ||
        graph->node_count > node_count - *nodes)
        return fid_weight_refuse(file, error, FID_CORRUPT, graph,
                                 "graph '%.80s': %" PRIu32 " nodes from %" PRIu32
                                 " do not continue at %zu of %zu",
                                 name, graph->node_count, graph->first_node, *nodes, node_count);
    if (graph->value_count != graph->node_count + 1)
        return fid_weight_refuse(file, error, FID_CORRUPT, graph,
                                 "graph '%.80s': %" PRIu32 " values, its %" PRIu32
                                 " nodes and the input make one for each",
                                 name, graph->value_count, graph->node_count);
    if ((graph->flags & ~FID_GRAPH_FREE_SIZE) != 0 ||
        !fid_weight_all_zero(graph->reserved, sizeof graph->reserved))
        return fid_weight_refuse(file, error, FID_CORRUPT, graph,
                                 "graph '%.80s': a reserved field or flag is not zero", name);
    if (!input_size_is_valid(graph))
        return fid_weight_refuse(file, error, FID_CORRUPT, graph,
                                 "graph '%.80s': input of %" PRIu32 " x %" PRIu32 " x %" PRIu32
                                 " with multiple %" PRIu32,
                                 name, graph->h, graph->w, graph->c, graph->multiple);
    *values += graph->value_count;
    *nodes += graph->node_count;
    return FID_OK;
}

/* What says how the bytes of a value are read: a zero point and one scale or several. */
static enum fid_status check_quantized(const struct fid_weight_file *file,
                                       const struct fid_file_value *value, bool is_input,
                                       struct fid_weight_marks *marks, struct fid_error *error)
{
    size_t count;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    const char *name = fid_weight_file_string(file, value->name);
    if (value->quantized == 0)
        return FID_OK;
    if (file->header->minor < 3 || is_input)
        return fid_weight_refuse(file, error, FID_CORRUPT, value,
                                 "value '%.80s': %s, and yet it is said to be of bytes", name,
                                 is_input ? "it is the input of its graph"
                                          : "the file is of a version before 1.3");
    if (value->quantized > count)
        return fid_weight_refuse(file, error, FID_CORRUPT, value,
                                 "value '%.80s': its scales are tensor %" PRIu32 " of %zu", name,
                                 value->quantized - 1, count);
    const struct fid_file_tensor *tensor = &tensors[value->quantized - 1];
    if (tensor->type != FID_TENSOR_F32 || tensor->rank != 1 || tensor->dims[0] < 2)
        return fid_weight_refuse(file, error, FID_CORRUPT, value,
                                 "value '%.80s': tensor '%.80s' is no zero point and scales", name,
                                 fid_weight_file_string(file, tensor->name));
    marks->tensor[value->quantized - 1] = 1;
    return FID_OK;
}

static enum fid_status check_values(const struct fid_weight_file *file,
                                    const struct fid_file_graph *graph,
                                    struct fid_weight_marks *marks, struct fid_error *error)
{
    const struct fid_file_value *values = fid_weight_file_values(file, NULL);
    values += graph->first_value;
    for (size_t i = 0; i < graph->value_count; i++) {
        enum fid_status status = fid_weight_check_string(file, values[i].name, false, &values[i],
                                                         "a value's name", error);
        if (status != FID_OK)
            return status;
        status = check_quantized(file, &values[i], i == 0, marks, error);
        if (status != FID_OK)
            return status;
    }
    return fid_weight_check_unique(file, values, graph->value_count, sizeof *values, "value",
                                   error);
}

static enum fid_status check_outputs(const struct fid_weight_file *file,
                                     const struct fid_file_graph *graph,
                                     struct fid_weight_marks *marks, struct fid_error *error)
{
    const char *name = fid_weight_file_string(file, graph->name);
    const struct fid_file_value *values = fid_file_graph_values(file, graph);
    const uint32_t *run;
    enum fid_status status =
        fid_weight_take_run(file, &marks->next_output, graph->first_output, graph->output_count,
                            graph, "a graph's outputs", &run, error);
    if (status != FID_OK)
        return status;
    if (graph->output_count == 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, graph, "graph '%.80s': no output", name);
    for (size_t i = 0; i < graph->output_count; i++) { /* computed: 1; an output: 2 */
        if (run[i] == 0 || run[i] >= graph->value_count)
            return fid_weight_refuse(file, error, FID_CORRUPT, &run[i],
                                     "graph '%.80s': output %zu is value %" PRIu32 " of %" PRIu32,
                                     name, i, run[i], graph->value_count);
        if (marks->value[run[i]]++ != 1)
            return fid_weight_refuse(file, error, FID_CORRUPT, &run[i],
                                     "graph '%.80s': value %" PRIu32 " is an output twice", name,
                                     run[i]);
        if (values[run[i]].quantized != 0)
            return fid_weight_refuse(file, error, FID_CORRUPT, &run[i],
                                     "graph '%.80s': output %zu is of bytes", name, i);
    }
    return FID_OK;
}

static enum fid_status check_graph(const struct fid_weight_file *file,
                                   const struct fid_file_graph *graph, size_t *values,
                                   size_t *nodes, struct fid_weight_marks *marks,
                                   struct fid_error *error)
{
    enum fid_status status = check_graph_record(file, graph, values, nodes, error);
    if (status == FID_OK)
        status = check_values(file, graph, marks, error);
    if (status != FID_OK)
        return status;
    memset(marks->value, 0, graph->value_count);
    marks->value[0] = 1; /* the input is there from the start */
    for (size_t i = 0; i < graph->node_count && status == FID_OK; i++)
        status = fid_weight_check_node(file, graph, graph->first_node + i, marks, error);
    if (status == FID_OK)
        status = check_outputs(file, graph, marks, error);
    return status;
}

/* Nothing may be left over: values, nodes, entries of INDX, tensors. */
static enum fid_status check_leftovers(const struct fid_weight_file *file, size_t values,
                                       size_t nodes, const struct fid_weight_marks *marks,
                                       struct fid_error *error)
{
    size_t count;
    const struct fid_file_value *value = fid_weight_file_values(file, &count);
    if (values != count)
        return fid_weight_refuse(file, error, FID_CORRUPT, value + values,
                                 "%zu values belong to no graph", count - values);
    const struct fid_file_node *node = fid_weight_file_nodes(file, &count);
    if (nodes != count)
        return fid_weight_refuse(file, error, FID_CORRUPT, node + nodes,
                                 "%zu nodes belong to no graph", count - nodes);
    const uint32_t *index = fid_weight_file_index(file, &count);
    if (marks->next != count)
        return fid_weight_refuse(file, error, FID_CORRUPT, index + marks->next,
                                 "%zu entries of INDX belong to no run", count - marks->next);
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &count);
    for (size_t i = 0; i < count; i++)
        if (marks->tensor[i] == 0)
            return fid_weight_refuse(file, error, FID_CORRUPT, &tensors[i],
                                     "tensor '%.80s' is used by no node and no value",
                                     fid_weight_file_string(file, tensors[i].name));
    return FID_OK;
}

static enum fid_status check_graphs(const struct fid_weight_file *file,
                                    struct fid_weight_marks *marks, struct fid_error *error)
{
    size_t count, values = 0, nodes = 0;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(file, &count);
    if (count == 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, graphs, "the file has no graph");
    size_t index_count;
    fid_weight_file_index(file, &index_count);
    for (size_t i = 0; i < count; i++) { /* the nodes' runs begin behind all graphs' outputs */
        if (graphs[i].output_count > index_count - marks->next)
            return fid_weight_refuse(file, error, FID_CORRUPT, &graphs[i],
                                     "graph %zu: %" PRIu32 " outputs reach over INDX", i,
                                     graphs[i].output_count);
        marks->next += graphs[i].output_count;
    }
    for (size_t i = 0; i < count; i++) {
        enum fid_status status = check_graph(file, &graphs[i], &values, &nodes, marks, error);
        if (status != FID_OK)
            return status;
    }
    enum fid_status status = check_leftovers(file, values, nodes, marks, error);
    if (status != FID_OK)
        return status;
    return fid_weight_check_unique(file, graphs, count, sizeof *graphs, "graph", error);
}

enum fid_status fid_weight_check_structure(const struct fid_weight_file *file,
                                           struct fid_error *error)
{
    struct fid_weight_marks marks = {0};
    size_t tensor_count, value_count;
    fid_weight_file_tensors(file, &tensor_count);
    fid_weight_file_values(file, &value_count);
    uint8_t *block = fid_calloc(tensor_count + value_count, 1);
    if (block == NULL)
        return fid_weight_refuse(file, error, FID_NO_MEMORY, file->bytes,
                                 "no memory to check its structure");
    marks.tensor = block;
    marks.value = block + tensor_count;
    enum fid_status status = fid_weight_check_strings(file, error);
    if (status == FID_OK)
        status = fid_weight_check_meta(file, error);
    if (status == FID_OK)
        status = check_tensors(file, error);
    if (status == FID_OK)
        status = check_graphs(file, &marks, error);
    fid_free(block);
    return status;
}
