/* packed.c - packed weights in a file: fitting them to a plan, using them, comparing them. */
#include "engine/nn/packed.h"

#include "engine/base/memory.h"
#include "engine/nn/ops/conv_methods.h"
#include "engine/nn/quantized.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A table of this build, which this CPU may not be able to run: packing is portable. */
static const struct fid_kernels *table_called(const char *name)
{
    const struct fid_kernels *table;
    int usable;
    for (size_t i = 0; (table = fid_kernels_at(i, &usable)) != NULL; i++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* ---- using ---- */

static const struct fid_file_graph *packed_graph(const struct fid_weight_file *file)
{
    return fid_weight_file_graphs(file, NULL) + fid_weight_file_plan(file)->graph;
}

static bool steps_fit(const struct fid_plan *plan, char *why, size_t bytes)
{
    const struct fid_file_step *records = fid_weight_file_steps(plan->file, NULL);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct fid_step *step = &plan->steps[i];
        if (strcmp(records[i].method, step->method) == 0 && records[i].bytes == step->packed_bytes)
            continue;
        snprintf(
            why, bytes,
            "node %zu '%.60s' is packed for %s in %" PRIu64 " bytes, planned is %s in %" PRIu64, i,
            step->name, records[i].method, records[i].bytes, step->method, step->packed_bytes);
        return false;
    }
    return true;
}

static bool has_bytes(const struct fid_plan *plan)
{
    for (size_t i = 0; i < plan->value_count; i++)
        if (fid_is_bytes(&plan->values[i]))
            return true;
    return false;
}

/* Do the kernels called name read weights that are laid out like those of `own`? Levels that differ
 * in products of bytes alone do, where the plan has none. */
static bool lays_out_alike(const struct fid_plan *plan, const struct fid_kernels *own,
                           const char *name)
{
    const struct fid_kernels *other = table_called(name);
    if (other == own)
        return true;
    return other != NULL && other->tile.gemm_nr == own->tile.gemm_nr &&
           other->tile.depthwise_cr == own->tile.depthwise_cr && !has_bytes(plan);
}

bool fid_packed_fit(const struct fid_plan *plan, const struct fid_plan_context *context, char *why,
                    size_t bytes)
{
    const struct fid_file_plan *record = fid_weight_file_plan(plan->file);
    const struct fid_shape input = plan->values[0].shape;
    why[0] = '\0';
    if (record == NULL || packed_graph(plan->file) != plan->graph)
        return false;
    if (!lays_out_alike(plan, context->kernels, record->kernels))
        snprintf(why, bytes, "they are for the kernels %s, not %s", record->kernels,
                 context->kernels->name);
    else if (record->pack_version != FID_PACK_VERSION)
        snprintf(why, bytes, "they are of pack version %" PRIu32 ", not %d", record->pack_version,
                 FID_PACK_VERSION);
    else if (record->h != input.h || record->w != input.w)
        snprintf(why, bytes, "they are for an input of %" PRIu32 " x %" PRIu32 ", not %zu x %zu",
                 record->h, record->w, input.h, input.w);
    else
        return steps_fit(plan, why, bytes);
    return false;
}

/* The tensors of the values of bytes: zero points stand in no packed weights. */
static enum fid_status check_scales(const struct fid_plan *plan, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    const struct fid_file_value *values = fid_file_graph_values(plan->file, plan->graph);
    for (size_t i = 0; i < plan->value_count && status == FID_OK; i++)
        if (values[i].quantized != 0)
            status = fid_weight_file_check_tensor(plan->file, values[i].quantized - 1, error);
    return status == FID_OK ? fid_weight_file_check_quantized(plan->file, error) : status;
}

enum fid_status fid_packed_bind(struct fid_plan *plan, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < plan->step_count; i++) {
        struct fid_step *step = &plan->steps[i];
        fid_step_forget_filter(step);
        for (size_t j = 0; j < step->weight_count && status == FID_OK; j++)
            if (step->weights[j].data != NULL)
                status = fid_weight_file_check_tensor(plan->file, step->weights[j].number, error);
        if (step->packed_bytes > 0) /* only read from here on */
            step->packed = (void *)(uintptr_t)fid_weight_file_packed(plan->file, i);
    }
    if (status == FID_OK)
        status = check_scales(plan, error);
    /* The system maps much around what is touched, and most of that will not be read again. */
    fid_weight_file_release_data(plan->file);
    return status;
}

/* ---- comparing ---- */

/* Packs the weights of a step once more, into memory, and looks whether the
 * file has these bytes. */
static enum fid_status compare_step(const struct fid_plan_context *context, struct fid_step *step,
                                    void *memory, float *widened, struct fid_error *error)
{
    step->packed = memory;
    fid_plan_prepare_step(step, context, widened);
    if (memcmp(memory, fid_weight_file_packed(step->file, step->number),
               (size_t)step->packed_bytes) == 0)
        return FID_OK;
    return fid_fail(error, FID_CORRUPT,
                    "%.200s: the packed weights of node %zu '%.80s' are not those of its tensors; "
                    "the file that it was packed from has to be packed anew",
                    fid_weight_file_path(step->file), step->number, step->name);
}

/* All steps in turn, in one piece of memory: fresh pages would cost more than the packing. */
static enum fid_status compare_steps(const struct fid_plan_context *context, struct fid_plan *plan,
                                     struct fid_error *error)
{
    uint64_t most = 0;
    for (size_t i = 0; i < plan->step_count; i++)
        most = plan->steps[i].packed_bytes > most ? plan->steps[i].packed_bytes : most;
    size_t count;
    float *widened = fid_plan_widening(plan, &count);
    void *memory = fid_pages_alloc((size_t)most);
    enum fid_status status = FID_OK;
    if (memory == NULL || (widened == NULL && count > 0))
        status =
            fid_fail(error, FID_NO_MEMORY, "no memory to compare %" PRIu64 " packed bytes", most);
    for (size_t i = 0; i < plan->step_count && status == FID_OK; i++)
        if (plan->steps[i].packed_bytes > 0)
            status = compare_step(context, &plan->steps[i], memory, widened, error);
    fid_pages_free(memory, (size_t)most);
    fid_free(widened);
    fid_weight_file_release_data(plan->file);
    return status;
}

/* Gives the steps the methods that the file names; false where one does not apply or wants another
 * number of bytes: then no session uses the packed weights. */
static bool take_methods(struct fid_plan *plan, struct fid_plan_context *context)
{
    char why[256];
    const struct fid_file_step *records = fid_weight_file_steps(plan->file, NULL);
    for (size_t i = 0; i < plan->step_count; i++) {
        context->forced = fid_conv_method_named(records[i].method);
        plan->steps[i].op->choose(&plan->steps[i], context);
    }
    return steps_fit(plan, why, sizeof why);
}

enum fid_status fid_packed_compare(const struct fid_model *model, struct fid_pool *pool, bool used,
                                   struct fid_error *error)
{
    struct fid_plan *plan;
    const struct fid_file_plan *record = fid_weight_file_plan(model->file);
    struct fid_plan_context context = {.pool = pool, .n = 1};
    context.kernels = record != NULL ? table_called(record->kernels) : NULL;
    if (context.kernels == NULL || record->pack_version != FID_PACK_VERSION)
        return FID_OK;
    struct fid_error reason;
    enum fid_status status = fid_weight_file_check_quantized(model->file, error);
    if (status != FID_OK)
        return status;
    status = fid_plan_open(model->file, packed_graph(model->file), 1, record->h, record->w, &plan,
                           &reason);
    if (status == FID_OK &&
        lays_out_alike(plan, model->runtime->kernels, record->kernels) == used &&
        take_methods(plan, &context))
        status = compare_steps(&context, plan, error);
    else if (status == FID_NO_MEMORY)
        *error = reason;
    else
        status = FID_OK; /* no such session uses them */
    fid_plan_close(&plan);
    return status;
}

/* ---- questions ---- */

bool fid_model_packed(const struct fid_model *model, struct fid_packed_info *info)
{
    const struct fid_file_plan *record = fid_weight_file_plan(model->file);
    if (record == NULL)
        return false;
    *info = (struct fid_packed_info){
        .isa = record->kernels,
        .graph = fid_weight_file_string(model->file, packed_graph(model->file)->name),
        .h = (int)record->h,
        .w = (int)record->w,
        .version = record->pack_version,
        .bytes = fid_weight_file_section(model->file, FID_SECTION_PACK)->bytes};
    return true;
}
