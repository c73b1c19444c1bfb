/* model.c - opens a weight file, checks that its graphs fit together, and answers questions. */
#include "engine/nn/model.h"

#include "engine/base/memory.h"
#include "engine/nn/model_check.h"
#include "engine/nn/plan.h"
#include "weights/weight_meta_write.h"

#include <stdio.h>
#include <string.h>

/* Every graph at its customary size: shapes, channels, tensors. */
static enum fid_status check_graphs(const struct fid_model *model, struct fid_error *error)
{
    struct fid_error reason;
    size_t count;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(model->file, &count);
    for (size_t i = 0; i < count; i++) {
        struct fid_plan *plan;
        enum fid_status status =
            fid_plan_open(model->file, &graphs[i], 1, graphs[i].h, graphs[i].w, &plan, &reason);
        fid_plan_close(&plan);
        if (status != FID_OK)
            return fid_fail(error, status, "%.150s: graph '%.50s': %s", model->info.path,
                            fid_weight_file_string(model->file, graphs[i].name), reason.text);
    }
    return FID_OK;
}

static const char *text_or_empty(const struct fid_model *model, const char *key)
{
    const char *text = fid_weight_file_text(model->file, key, 0);
    return text != NULL ? text : "";
}

static void fill_info(struct fid_model *model)
{
    const struct fid_file_header *header = fid_weight_file_header(model->file);
    struct fid_model_info *info = &model->info;
    size_t count;
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(model->file, &count);
    info->path = fid_weight_file_path(model->file);
    info->name = text_or_empty(model, "info.name");
    info->kind = text_or_empty(model, "face.kind");
    info->source = text_or_empty(model, "info.source");
    info->source_sha256 = text_or_empty(model, "info.source_sha256");
    info->licence = text_or_empty(model, "info.licence");
    info->converter = text_or_empty(model, "info.converter");
    for (size_t i = 0; i < sizeof header->model_id; i++)
        snprintf(info->id + 2 * i, 3, "%02x", header->model_id[i]);
    info->file_bytes = header->file_bytes;
    for (size_t i = 0; i < count; i++)
        info->parameter_count += fid_file_tensor_count(&tensors[i]);
    fid_weight_file_graphs(model->file, &info->graph_count);
    const struct fid_file_meta *labels = fid_weight_file_meta(model->file, "labels");
    info->label_count = labels != NULL && labels->type == FID_META_STRING ? labels->count : 0;
}

static struct fid_model *new_model(void)
{
    struct fid_model *model = fid_calloc(1, sizeof *model);
    if (model == NULL)
        return NULL;
    model->checks = fid_model_checks_open();
    if (model->checks == NULL) {
        fid_free(model);
        return NULL;
    }
    return model;
}

enum fid_status fid_model_open(struct fid_runtime *runtime, const char *path,
                               struct fid_model **out, struct fid_error *error)
{
    struct fid_model *model = new_model();
    *out = NULL;
    if (model == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a model");
    model->runtime = runtime;
    enum fid_status status =
        fid_weight_file_open(path, runtime->kernels->crc32c, &model->file, error);
    if (status != FID_OK)
        goto fail;
    fill_info(model);
    status = check_graphs(model, error);
    if (status != FID_OK)
        goto fail;
    *out = model;
    return FID_OK;
fail:
    fid_model_close(&model);
    return status;
}

void fid_model_close(struct fid_model **model)
{
    if (*model == NULL)
        return;
    fid_model_checks_close(&(*model)->checks); /* its thread reads the file */
    fid_weight_file_close(&(*model)->file);
    fid_free(*model);
    *model = NULL;
}

/* ---- questions ---- */

void fid_model_info(const struct fid_model *model, struct fid_model_info *info)
{
    *info = model->info;
}

const char *fid_model_text(const struct fid_model *model, const char *key)
{
    return fid_weight_file_text(model->file, key, 0);
}

size_t fid_model_numbers(const struct fid_model *model, const char *key, double *numbers,
                         size_t capacity)
{
    const struct fid_file_meta *meta = fid_weight_file_meta(model->file, key);
    if (meta == NULL || meta->type == FID_META_STRING)
        return 0;
    for (size_t i = 0; i < meta->count && i < capacity; i++)
        fid_weight_file_float(model->file, key, i, &numbers[i]);
    return meta->count;
}

const char *fid_model_label(const struct fid_model *model, size_t i)
{
    return fid_weight_file_text(model->file, "labels", i);
}

void fid_model_graph(const struct fid_model *model, size_t i, struct fid_graph_info *info)
{
    const struct fid_file_graph *graph = &fid_weight_file_graphs(model->file, NULL)[i];
    *info = (struct fid_graph_info){.name = fid_weight_file_string(model->file, graph->name),
                                    .h = (int)graph->h,
                                    .w = (int)graph->w,
                                    .c = (int)graph->c,
                                    .free_size = (graph->flags & FID_GRAPH_FREE_SIZE) != 0,
                                    .multiple = graph->multiple > 0 ? (int)graph->multiple : 1,
                                    .node_count = graph->node_count,
                                    .value_count = graph->value_count,
                                    .output_count = graph->output_count};
}

const struct fid_file_graph *fid_model_find_graph(const struct fid_model *model, const char *name)
{
    size_t count;
    const struct fid_file_graph *graphs = fid_weight_file_graphs(model->file, &count);
    for (size_t i = 0; i < count; i++)
        if (name == NULL || strcmp(fid_weight_file_string(model->file, graphs[i].name), name) == 0)
            return &graphs[i];
    return NULL;
}

static enum fid_status check_size(const struct fid_file_graph *graph, const char *name, int n,
                                  int h, int w, struct fid_error *error)
{
    const int multiple = graph->multiple > 0 ? (int)graph->multiple : 1;
    if (n < 1)
        return fid_fail(error, FID_INVALID, "graph '%s': a batch of %d", name, n);
    if (h < 1 || w < 1)
        return fid_fail(error, FID_INVALID, "graph '%s': an input of %d x %d", name, h, w);
    if (!(graph->flags & FID_GRAPH_FREE_SIZE) &&
        ((unsigned)h != graph->h || (unsigned)w != graph->w))
        return fid_fail(error, FID_INVALID, "graph '%s' takes %u x %u, not %d x %d", name, graph->h,
                        graph->w, h, w);
    if (h % multiple != 0 || w % multiple != 0)
        return fid_fail(error, FID_INVALID, "graph '%s': %d x %d is no multiple of %d", name, h, w,
                        multiple);
    return FID_OK;
}

enum fid_status fid_model_size(const struct fid_model *model, const char *graph_name, int n, int *h,
                               int *w, const struct fid_file_graph **graph, struct fid_error *error)
{
    *graph = fid_model_find_graph(model, graph_name);
    if (*graph == NULL)
        return fid_fail(error, FID_NOT_FOUND, "%.200s: there is no graph '%.100s'",
                        model->info.path, graph_name);
    *h = *h != 0 ? *h : (int)(*graph)->h;
    *w = *w != 0 ? *w : (int)(*graph)->w;
    return check_size(*graph, fid_weight_file_string(model->file, (*graph)->name), n, *h, *w,
                      error);
}

enum fid_status fid_model_write_limits(struct fid_runtime *runtime, const struct fid_model *model,
                                       const struct fid_model_entry *entries, size_t count,
                                       const char *path, struct fid_error *error)
{
    static const char group[] = "decision.";
    for (size_t i = 0; i < count; i++)
        if (strncmp(entries[i].key, group, sizeof group - 1) != 0)
            return fid_fail(error, FID_INVALID, "'%.80s' is none of the limits", entries[i].key);
    enum fid_status status = fid_model_verify(runtime, model, error);
    return status == FID_OK ? fid_weight_file_write_meta(model->file, entries, count, path, error)
                            : status;
}
