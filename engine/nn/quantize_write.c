/* quantize_write.c - a quantized model as a file: its records, its numbers, and what
 * it says of itself. */
#include "engine/nn/quantize_write.h"

#include "engine/base/memory.h"

#include <string.h>

static enum fid_status check_work(const struct fid_quantizer *quantizer, struct fid_error *error)
{
    struct fid_quantizer_step step;
    bool fed = quantizer->to != FID_QUANTIZE_BYTES, changed = false;
    for (size_t i = 0; i < quantizer->graph_count; i++)
        fed = fed || quantizer->graphs[i].fed;
    for (size_t i = 0; fid_quantizer_step(quantizer, i, &step); i++)
        changed = changed || step.changed;
    if (!fed)
        return fid_fail(error, FID_INVALID, "%.400s: nothing was fed to choose scales by",
                        quantizer->model->info.path);
    if (!changed)
        return fid_fail(error, FID_UNSUPPORTED, "%.400s: no step is left to quantize",
                        quantizer->model->info.path);
    return FID_OK;
}

static enum fid_status write_records(const struct fid_quantizer *quantizer,
                                     const struct fid_new_records *to, const char *data,
                                     const struct fid_model_entry *entries, size_t count,
                                     const char *path, struct fid_error *error)
{
    const struct fid_model *model = quantizer->model;
    const struct fid_weight_graphs graphs = {.graphs = to->graphs,
                                             .values = to->values,
                                             .nodes = to->nodes,
                                             .index = to->index,
                                             .tensors = to->tensors,
                                             .graph_count = quantizer->graph_count,
                                             .value_count = to->value_count,
                                             .node_count = to->node_count,
                                             .index_count = to->index_count,
                                             .tensor_count = to->tensor_count,
                                             .data = data,
                                             .data_bytes = to->data_bytes,
                                             .names = to->names,
                                             .names_bytes = to->names_bytes,
                                             .keep = quantizer->keep_output};
    struct fid_model_entry *all = fid_calloc(count + 1, sizeof *all);
    if (all == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to write %.400s", path);
    if (count > 0)
        memcpy(all, entries, count * sizeof *all);
    all[count] = (struct fid_model_entry){.key = "info.quantized_from", .text = model->info.id};
    const enum fid_status status =
        fid_weight_file_write_graphs(model->file, &graphs, all, count + 1,
                                     fid_sha256_beside(model->runtime->kernels), path, error);
    fid_free(all);
    return status;
}

enum fid_status fid_quantizer_write(struct fid_quantizer *quantizer,
                                    const struct fid_model_entry *entries, size_t count,
                                    const char *path, struct fid_error *error)
{
    struct fid_new_records records = {.graphs = NULL};
    void *data = NULL;
    enum fid_status status = check_work(quantizer, error);
    if (status == FID_OK)
        status = fid_quantizer_choose(quantizer, error);
    if (status == FID_OK)
        status = fid_new_records_make(quantizer, &records, error);
    if (status == FID_OK) {
        data = fid_pages_alloc((size_t)records.data_bytes);
        if (data == NULL)
            status = fid_fail(error, FID_NO_MEMORY, "no memory to write %.400s", path);
    }
    if (status == FID_OK)
        status = fid_new_numbers_fill(quantizer, records.tensors, records.numbers,
                                      records.tensor_count, data, error);
    if (status == FID_OK)
        status = write_records(quantizer, &records, data, entries, count, path, error);
    fid_pages_free(data, (size_t)records.data_bytes);
    fid_new_records_free(&records);
    return status;
}
