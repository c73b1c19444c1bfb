/* quantize_graph.c - types for a graph of f32.
 *
 * Products (convolutions and fully connected layers) always take bytes if they can: that is where
 * the time is. What only moves or adds numbers follows its neighbours: it takes bytes where all of
 * its inputs can be written so and a reader wants them. The rest stays f32. */
#include "engine/nn/quantize_graph.h"

#include "engine/base/memory.h"
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

#include <string.h>

/* ---- the file's records ---- */

const struct fid_file_node *fid_byte_graph_node(const struct fid_byte_graph *graph, size_t i)
{
    return fid_file_graph_nodes(graph->file, graph->graph) + i;
}

const struct fid_file_tensor *fid_byte_graph_tensor(const struct fid_byte_graph *graph,
                                                    const struct fid_file_node *node, size_t i,
                                                    uint32_t *number)
{
    *number = fid_file_node_tensors(graph->file, node)[i];
    return &fid_weight_file_tensors(graph->file, NULL)[*number];
}

bool fid_byte_graph_is_depthwise(const struct fid_byte_graph *graph,
                                 const struct fid_file_node *node)
{
    uint32_t number;
    if (node->op != FID_OP_CONV || node->groups <= 1)
        return false;
    const struct fid_file_tensor *filter = fid_byte_graph_tensor(graph, node, 0, &number);
    return filter->dims[3] == 1 && filter->dims[0] == (uint32_t)node->groups;
}

/* ---- kinds ---- */

enum kind { OTHER, PRODUCT, SUM, MOVE, AVERAGE };

static enum kind kind_of(const struct fid_file_node *node)
{
    switch (fid_op_of(node->op)->types) {
    case FID_TYPES_PRODUCT:
        return PRODUCT;
    case FID_TYPES_SUM:
        return SUM;
    case FID_TYPES_SAME:
        return MOVE;
    case FID_TYPES_AVERAGE:
        return AVERAGE;
    default:
        return OTHER;
    }
}

static bool is_byte_product(const struct fid_byte_graph *graph, const struct fid_file_node *node)
{
    uint32_t number;
    const struct fid_file_tensor *filter = fid_byte_graph_tensor(graph, node, 0, &number);
    const uint64_t each = fid_file_tensor_count(filter) / filter->dims[0];
    const bool groups = node->op == FID_OP_CONV && node->groups != 1;
    return each <= FID_LIMIT_S8_SUM && (!groups || fid_byte_graph_is_depthwise(graph, node));
}

static bool is_named(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* ---- deciding ---- */

struct wishes {      /* of each value, working memory */
    bool *can;       /* its step could write bytes */
    bool *wanted;    /* a step of bytes reads it */
    enum kind *kind; /* of each node; OTHER also for what stays */
};

static void find_kinds(const struct fid_byte_graph *graph, const struct wishes *wishes)
{
    for (size_t i = 0; i < graph->graph->node_count; i++) {
        const struct fid_file_node *node = fid_byte_graph_node(graph, i);
        enum kind kind = graph->kept[i] ? OTHER : kind_of(node);
        if (kind == PRODUCT && !is_byte_product(graph, node))
            kind = OTHER;
        if (kind == SUM && !fid_acts_on_bytes(node))
            kind = OTHER;
        wishes->kind[i] = kind;
    }
}

static bool all_can(const struct fid_byte_graph *graph, const struct wishes *wishes,
                    const struct fid_file_node *node)
{
    const uint32_t *inputs = fid_file_node_inputs(graph->file, node);
    bool all = true;
    for (size_t i = 0; i < node->input_count; i++)
        all = all && wishes->can[inputs[i]];
    return all;
}

static void find_what_can(const struct fid_byte_graph *graph, const struct wishes *wishes)
{
    for (size_t i = 0; i < graph->graph->node_count; i++) {
        const struct fid_file_node *node = fid_byte_graph_node(graph, i);
        const enum kind kind = wishes->kind[i];
        wishes->can[node->output] = (kind == PRODUCT && fid_acts_on_bytes(node)) ||
                                    ((kind == SUM || kind == MOVE) && all_can(graph, wishes, node));
    }
}

/* From the last step to the first, so that a step knows what its readers want. */
static void find_byte_steps(const struct fid_byte_graph *graph, const struct wishes *wishes)
{
    for (size_t i = graph->graph->node_count; i-- > 0;) {
        const struct fid_file_node *node = fid_byte_graph_node(graph, i);
        const uint32_t *inputs = fid_file_node_inputs(graph->file, node);
        const enum kind kind = wishes->kind[i];
        graph->steps[i] = kind == PRODUCT || (kind == AVERAGE && wishes->can[inputs[0]]) ||
                          ((kind == SUM || kind == MOVE) && wishes->can[node->output] &&
                           wishes->wanted[node->output]);
        for (size_t j = 0; j < node->input_count && graph->steps[i]; j++)
            wishes->wanted[inputs[j]] = true;
    }
}

static void count_readers(const struct fid_byte_graph *graph)
{
    const uint32_t *outputs = fid_file_graph_outputs(graph->file, graph->graph);
    for (size_t i = 0; i < graph->graph->output_count; i++)
        graph->values[outputs[i]].as_f32 = true;
    for (size_t i = 0; i < graph->graph->node_count; i++) {
        const struct fid_file_node *node = fid_byte_graph_node(graph, i);
        const uint32_t *inputs = fid_file_node_inputs(graph->file, node);
        for (size_t j = 0; j < node->input_count; j++)
            if (graph->steps[i])
                graph->values[inputs[j]].as_bytes = true;
            else
                graph->values[inputs[j]].as_f32 = true;
    }
}

/* Who writes bytes: sums and moves of bytes can do nothing else; products write f32 if any step
 * wants that, since it is the better one. */
static void find_native(const struct fid_byte_graph *graph, const struct wishes *wishes)
{
    for (size_t i = 0; i < graph->graph->node_count; i++) {
        const struct fid_file_node *node = fid_byte_graph_node(graph, i);
        struct fid_byte_value *value = &graph->values[node->output];
        value->native = graph->steps[i] && wishes->can[node->output] &&
                        (wishes->kind[i] != PRODUCT || (value->as_bytes && !value->as_f32));
    }
}

/* An average of f32 is as quick and better where its input is f32 anyway. */
static void settle_averages(const struct fid_byte_graph *graph, const struct wishes *wishes)
{
    for (size_t i = 0; i < graph->graph->node_count; i++)
        if (wishes->kind[i] == AVERAGE && graph->steps[i]) {
            const struct fid_file_node *node = fid_byte_graph_node(graph, i);
            graph->steps[i] = graph->values[fid_file_node_inputs(graph->file, node)[0]].native;
        }
    for (size_t i = 0; i < graph->graph->value_count; i++)
        graph->values[i].as_bytes = graph->values[i].as_f32 = false;
    count_readers(graph);
}

/* ---- groups ---- */

static uint32_t find_group(struct fid_byte_value *values, uint32_t value)
{
    while (values[value].group != value)
        value = values[value].group = values[values[value].group].group;
    return value;
}

static void join(struct fid_byte_value *values, uint32_t a, uint32_t b)
{
    a = find_group(values, a);
    b = find_group(values, b);
    values[a > b ? a : b].group = a < b ? a : b;
}

/* What only moves numbers has one scale and zero point with them. */
static void find_groups(const struct fid_byte_graph *graph, const struct wishes *wishes,
                        bool *one_scale)
{
    struct fid_byte_value *values = graph->values;
    for (uint32_t i = 0; i < graph->graph->value_count; i++)
        values[i].group = i;
    for (size_t i = 0; i < graph->graph->node_count; i++) {
        const struct fid_file_node *node = fid_byte_graph_node(graph, i);
        const uint32_t *inputs = fid_file_node_inputs(graph->file, node);
        const bool moves = graph->steps[i] && wishes->kind[i] == MOVE;
        const bool depthwise = graph->steps[i] && fid_byte_graph_is_depthwise(graph, node);
        for (size_t j = 0; j < node->input_count; j++) {
            if (moves)
                join(values, node->output, inputs[j]);
            if (graph->steps[i] && (!depthwise || j > 0))
                one_scale[inputs[j]] = true;
        }
        values[node->output].moved = moves;
        one_scale[node->output] = moves;
    }
    for (uint32_t i = 0; i < graph->graph->value_count; i++) {
        values[i].group = find_group(values, i);
        values[i].channels = values[i].as_bytes && !one_scale[i];
    }
}

static void decide(const struct fid_byte_graph *graph, const struct wishes *wishes, bool *one_scale)
{
    find_kinds(graph, wishes);
    find_what_can(graph, wishes);
    find_byte_steps(graph, wishes);
    count_readers(graph);
    find_native(graph, wishes);
    settle_averages(graph, wishes);
    find_groups(graph, wishes, one_scale);
}

static bool stays(const char *name, const struct fid_quantize_options *options)
{
    return is_named(name, options->keep_f32, options->keep_count) ||
           (options->only != NULL && !is_named(name, options->only, options->only_count));
}

enum fid_status fid_byte_graph_open(struct fid_byte_graph *graph,
                                    const struct fid_weight_file *file,
                                    const struct fid_file_graph *record,
                                    const struct fid_quantize_options *options,
                                    struct fid_error *error)
{
    const size_t values = record->value_count, nodes = record->node_count;
    *graph = (struct fid_byte_graph){.file = file, .graph = record};
    graph->steps = fid_calloc(nodes, sizeof *graph->steps);
    graph->kept = fid_calloc(nodes, sizeof *graph->kept);
    graph->values = fid_calloc(values, sizeof *graph->values);
    struct wishes wishes = {.can = fid_calloc(values, sizeof *wishes.can),
                            .wanted = fid_calloc(values, sizeof *wishes.wanted),
                            .kind = fid_calloc(nodes, sizeof *wishes.kind)};
    bool *one_scale = fid_calloc(values, sizeof *one_scale);
    enum fid_status status = FID_OK;
    if (graph->steps && graph->kept && graph->values && wishes.can && wishes.wanted &&
        wishes.kind && one_scale) {
        for (size_t i = 0; i < nodes; i++)
            graph->kept[i] =
                stays(fid_weight_file_string(file, fid_byte_graph_node(graph, i)->name), options);
        decide(graph, &wishes, one_scale);
    } else {
        status = fid_fail(error, FID_NO_MEMORY, "no memory to quantize %zu steps", nodes);
    }
    fid_free(one_scale);
    fid_free(wishes.kind);
    fid_free(wishes.wanted);
    fid_free(wishes.can);
    return status;
}

void fid_byte_graph_close(struct fid_byte_graph *graph)
{
    fid_free(graph->steps);
    fid_free(graph->kept);
    fid_free(graph->values);
    *graph = (struct fid_byte_graph){.file = NULL};
}

size_t fid_byte_graph_converts(const struct fid_byte_graph *graph)
{
    size_t count = 0;
    for (size_t i = 0; i < graph->graph->value_count; i++)
        count += graph->values[i].native ? graph->values[i].as_f32 : graph->values[i].as_bytes;
    return count;
}
