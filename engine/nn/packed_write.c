/* packed_write.c - writing a model together with its packed weights. */
#include "engine/nn/packed.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "weights/weight_pack_write.h"

#include <stdio.h>

/* FILLS records and pointers of the plan's steps, whose weights are packed. */
static void describe(const struct fid_plan *plan, struct fid_file_step *records,
                     const void **packed)
{
    uint64_t end = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct fid_step *step = &plan->steps[i];
        struct fid_file_step *record = &records[i];
        snprintf(record->method, sizeof record->method, "%s", step->method);
        record->bytes = step->packed_bytes;
        record->offset = step->packed_bytes > 0 ? fid_align_up(end, FID_FILE_ALIGN) : end;
        end = record->offset + record->bytes;
        packed[i] = step->packed;
    }
}

/* The plan's weights, packed in memory of their own, into the file. */
static enum fid_status pack_and_write(const struct fid_runtime *runtime, struct fid_plan *plan,
                                      const struct fid_plan_context *context, const char *path,
                                      struct fid_error *error)
{
    enum fid_status status = FID_NO_MEMORY;
    struct fid_packed_weights weights = {.plan = {.h = (uint32_t)plan->values[0].shape.h,
                                                  .w = (uint32_t)plan->values[0].shape.w,
                                                  .pack_version = FID_PACK_VERSION}};
    weights.plan.graph = (uint32_t)(plan->graph - fid_weight_file_graphs(plan->file, NULL));
    snprintf(weights.plan.kernels, sizeof weights.plan.kernels, "%s", runtime->kernels->name);
    char *memory = fid_pages_alloc(plan->packed_bytes);
    struct fid_file_step *steps = fid_calloc(plan->step_count, sizeof *steps);
    const void **packed = fid_calloc(plan->step_count, sizeof *packed);
    if (memory != NULL && steps != NULL && packed != NULL) {
        status = fid_plan_pack(plan, context, memory, error);
        describe(plan, steps, packed);
        weights.steps = steps;
        weights.packed = packed;
        weights.step_count = plan->step_count;
        if (status == FID_OK)
            status = fid_weight_file_write_packed(plan->file, &weights, path, error);
    } else {
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %zu bytes of packed weights",
                          plan->packed_bytes);
    }
    fid_free(packed);
    fid_free(steps);
    fid_pages_free(memory, plan->packed_bytes);
    return status;
}

enum fid_status fid_model_pack(struct fid_runtime *runtime, const struct fid_model *model,
                               const char *graph_name, int h, int w, const char *path,
                               struct fid_error *error)
{
    struct fid_plan *plan;
    char why[256];
    const struct fid_plan_context context = fid_runtime_context(runtime, 1);
    const struct fid_file_graph *graph;
    enum fid_status status = fid_model_size(model, graph_name, 1, &h, &w, &graph, error);
    if (status != FID_OK)
        return status;
    status = fid_plan_open(model->file, graph, 1, (size_t)h, (size_t)w, &plan, error);
    if (status == FID_OK)
        status = fid_plan_memory(plan, &context, false, error);
    if (status == FID_OK && plan->packed_bytes == 0)
        status = fid_fail(error, FID_UNSUPPORTED,
                          "%.200s: no layer of graph '%.100s' has packed "
                          "weights",
                          model->info.path, fid_weight_file_string(model->file, graph->name));
    if (status == FID_OK && fid_packed_fit(plan, &context, why, sizeof why))
        status = fid_fail(error, FID_EXISTS,
                          "%.200s: is packed already for graph '%.100s' at %d x %d and the kernels "
                          "%s",
                          model->info.path, fid_weight_file_string(model->file, graph->name), h, w,
                          runtime->kernels->name);
    if (status == FID_OK)
        status = fid_model_check_data(model, runtime->pool, error);
    if (status == FID_OK)
        status = fid_model_confirm(model, error);
    if (status == FID_OK)
        status = pack_and_write(runtime, plan, &context, path, error);
    fid_plan_close(&plan);
    return status;
}
