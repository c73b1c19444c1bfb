/* quantize.c - the life of a quantizer: what is fed is computed in f32 and counted. */
#include "engine/nn/quantize.h"

#include "engine/base/memory.h"
#include "engine/nn/ops/ops.h"

#include <string.h>

/* ---- opening ---- */

static bool is_quantized(const struct fid_weight_file *file)
{
    size_t tensor_count, value_count;
    bool other = false;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(file, &tensor_count);
    const struct fid_file_value *values = fid_weight_file_values(file, &value_count);
    for (size_t i = 0; i < tensor_count; i++)
        other = other || tensors[i].type != FID_TENSOR_F32;
    for (size_t i = 0; i < value_count; i++)
        other = other || values[i].quantized != 0;
    return other;
}

static bool has_step(const struct fid_weight_file *file, const char *name)
{
    size_t count;
    const struct fid_file_node *nodes = fid_weight_file_nodes(file, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(fid_weight_file_string(file, nodes[i].name), name) == 0)
            return true;
    return false;
}

static enum fid_status check_names(const struct fid_model *model, const char *const *names,
                                   size_t count, struct fid_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!has_step(model->file, names[i]))
            return fid_fail(error, FID_NOT_FOUND, "%.300s has no step '%.100s'", model->info.path,
                            names[i]);
    return FID_OK;
}

static enum fid_status check_options(const struct fid_quantizer *quantizer,
                                     const struct fid_quantize_options *options,
                                     struct fid_error *error)
{
    const struct fid_model *model = quantizer->model;
    if (is_quantized(model->file))
        return fid_fail(error, FID_UNSUPPORTED,
                        "%.400s is quantized already: begin with the file of f32 numbers",
                        model->info.path);
    const enum fid_status status =
        check_names(model, options->keep_f32, options->keep_count, error);
    return status == FID_OK ? check_names(model, options->only, options->only_count, error)
                            : status;
}

static enum fid_status open_graphs(struct fid_quantizer *quantizer,
                                   const struct fid_quantize_options *options,
                                   struct fid_error *error)
{
    const struct fid_weight_file *file = quantizer->model->file;
    enum fid_status status = FID_OK;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(file, &quantizer->graph_count);
    quantizer->graphs = fid_calloc(quantizer->graph_count, sizeof *quantizer->graphs);
    if (quantizer->graphs == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to quantize");
    for (size_t i = 0; i < quantizer->graph_count && status == FID_OK; i++) {
        struct fid_quantizer_graph *graph = &quantizer->graphs[i];
        status = fid_byte_graph_open(&graph->types, file, &graphs[i], options, error);
        graph->values = fid_calloc(graphs[i].value_count, sizeof *graph->values);
        if (status == FID_OK && graph->values == NULL)
            status = fid_fail(error, FID_NO_MEMORY, "no memory to quantize");
    }
    return status;
}

enum fid_status fid_quantizer_open(struct fid_runtime *runtime, const struct fid_model *model,
                                   const struct fid_quantize_options *options,
                                   struct fid_quantizer **quantizer, struct fid_error *error)
{
    static const struct fid_quantize_options defaults = {.to = FID_QUANTIZE_BYTES};
    *quantizer = NULL;
    if (options == NULL)
        options = &defaults;
    struct fid_quantizer *opened = fid_calloc(1, sizeof *opened);
    if (opened == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to quantize");
    opened->runtime = runtime;
    opened->model = model;
    opened->to = options->to;
    opened->keep_output = options->keep_output;
    enum fid_status status = check_options(opened, options, error);
    if (status == FID_OK)
        status = fid_model_verify(runtime, model, error);
    if (status == FID_OK)
        status = open_graphs(opened, options, error);
    if (status != FID_OK)
        fid_quantizer_close(&opened);
    *quantizer = opened;
    return status;
}

static void close_graph(struct fid_quantizer_graph *graph)
{
    for (size_t i = 0; graph->values != NULL && i < graph->types.graph->value_count; i++) {
        fid_free(graph->values[i].histograms);
        fid_free(graph->values[i].scales);
    }
    fid_free(graph->values);
    fid_session_close(&graph->session);
    fid_byte_graph_close(&graph->types);
}

void fid_quantizer_close(struct fid_quantizer **quantizer)
{
    if (*quantizer == NULL)
        return;
    for (size_t i = 0; (*quantizer)->graphs != NULL && i < (*quantizer)->graph_count; i++)
        close_graph(&(*quantizer)->graphs[i]);
    fid_free((*quantizer)->graphs);
    fid_free(*quantizer);
    *quantizer = NULL;
}

/* ---- feeding ---- */

/* The numbers of a value join its group's. */
static enum fid_status count_value(struct fid_quantizer_graph *graph, size_t number,
                                   const struct fid_value *value, struct fid_error *error)
{
    const struct fid_byte_value *type = &graph->types.values[number];
    struct fid_counted *counted = &graph->values[type->group];
    const size_t c = (size_t)value->c, all = (size_t)value->h * (size_t)value->w * c;
    if (!(type->as_bytes || type->native) || type->moved)
        return FID_OK;
    if (counted->histograms == NULL) {
        counted->count = type->channels ? c : 1;
        counted->histograms = fid_calloc(counted->count, sizeof *counted->histograms);
    }
    if (counted->histograms == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to count the numbers of '%.100s'",
                        value->name);
    bool good = true;
    for (size_t i = 0; i < counted->count; i++)
        good = fid_histogram_add(&counted->histograms[i], value->data + i, all / counted->count,
                                 counted->count) &&
               good;
    if (good)
        return FID_OK;
    if (counted->histograms[0].total > UINT32_MAX)
        return fid_fail(error, FID_UNSUPPORTED,
                        "'%.100s' has more numbers than are counted: feed "
                        "fewer or smaller inputs",
                        value->name);
    return fid_fail(error, FID_INVALID, "a number of '%.100s' is not finite for such an input",
                    value->name);
}

static enum fid_status plan_size(struct fid_quantizer *quantizer, struct fid_quantizer_graph *graph,
                                 const char *name, int h, int w, struct fid_error *error)
{
    const struct fid_session_options keep = {.keep_values = true};
    if (graph->session != NULL && graph->h == h && graph->w == w)
        return FID_OK;
    fid_session_close(&graph->session);
    graph->h = h;
    graph->w = w;
    return fid_session_open(quantizer->runtime, quantizer->model, name, 1, h, w, &keep,
                            &graph->session, error);
}

enum fid_status fid_quantizer_feed(struct fid_quantizer *quantizer, const char *name, int h, int w,
                                   const float *input, struct fid_error *error)
{
    const struct fid_file_graph *record;
    enum fid_status status = fid_model_size(quantizer->model, name, 1, &h, &w, &record, error);
    if (status != FID_OK)
        return status;
    const size_t number = (size_t)(record - fid_weight_file_graphs(quantizer->model->file, NULL));
    struct fid_quantizer_graph *graph = &quantizer->graphs[number];
    status = plan_size(quantizer, graph, name, h, w, error);
    if (status != FID_OK)
        return status;
    struct fid_value value;
    fid_session_input(graph->session, &value);
    memcpy(value.data, input, (size_t)value.h * (size_t)value.w * (size_t)value.c * sizeof *input);
    fid_session_run(graph->session, 1);
    graph->fed = true;
    status = count_value(graph, 0, &value, error);
    for (size_t i = 0; i < record->node_count && status == FID_OK; i++)
        if (fid_session_value(graph->session, i + 1, &value))
            status =
                count_value(graph, fid_byte_graph_node(&graph->types, i)->output, &value, error);
    return status;
}

/* ---- questions ---- */

bool fid_quantizer_changes(const struct fid_quantizer *quantizer,
                           const struct fid_quantizer_graph *graph, size_t node)
{
    const unsigned op = fid_byte_graph_node(&graph->types, node)->op;
    if (quantizer->to == FID_QUANTIZE_BYTES)
        return graph->fed && graph->types.steps[node];
    return (op == FID_OP_CONV || op == FID_OP_FULLY_CONNECTED) && !graph->types.kept[node];
}

bool fid_quantizer_step(const struct fid_quantizer *quantizer, size_t i,
                        struct fid_quantizer_step *step)
{
    const struct fid_weight_file *file = quantizer->model->file;
    for (size_t g = 0; g < quantizer->graph_count; g++) {
        const struct fid_quantizer_graph *graph = &quantizer->graphs[g];
        const size_t count = graph->types.graph->node_count;
        if (i < count) {
            const struct fid_file_node *node = fid_byte_graph_node(&graph->types, i);
            *step = (struct fid_quantizer_step){
                .graph = fid_weight_file_string(file, graph->types.graph->name),
                .name = fid_weight_file_string(file, node->name),
                .op = fid_op_of(node->op)->name,
                .changed = fid_quantizer_changes(quantizer, graph, i)};
            return true;
        }
        i -= count;
    }
    return false;
}

size_t fid_quantizer_converts(const struct fid_quantizer *quantizer)
{
    size_t count = 0;
    for (size_t g = 0; g < quantizer->graph_count; g++)
        if (quantizer->to == FID_QUANTIZE_BYTES && quantizer->graphs[g].fed)
            count += fid_byte_graph_converts(&quantizer->graphs[g].types);
    return count;
}
