/* weight_pack.c - the records of version 1.1: what the packed weights are for, and where they lie.
 */
#include "weights/weight_view.h"

#include "engine/base/size.h"

#include <inttypes.h>
#include <string.h>

/* A name in a field of fixed size: visible ASCII, not empty, the rest of the field zero. */
static bool name_is_valid(const char name[FID_PLAN_NAME_BYTES])
{
    size_t length = 0;
    while (length < FID_PLAN_NAME_BYTES && name[length] > ' ' && name[length] <= '~')
        length++;
    return length > 0 && length < FID_PLAN_NAME_BYTES &&
           fid_weight_all_zero(name + length, FID_PLAN_NAME_BYTES - length);
}

/* One checksum for each tensor. */
static enum fid_status check_tensor_sums(const struct fid_weight_file *file,
                                         struct fid_error *error)
{
    size_t count, tensor_count;
    const uint32_t *sums = fid_weight_records(file, FID_SECTION_SUMS, &count);
    fid_weight_file_tensors(file, &tensor_count);
    if (count != tensor_count)
        return fid_weight_refuse(file, error, FID_CORRUPT, sums, "%zu checksums of %zu tensors",
                                 count, tensor_count);
    return FID_OK;
}

static bool size_is_valid(const struct fid_file_plan *plan, const struct fid_file_graph *graph)
{
    if (!(graph->flags & FID_GRAPH_FREE_SIZE))
        return plan->h == graph->h && plan->w == graph->w;
    return plan->h > 0 && plan->w > 0 && plan->h <= FID_LIMIT_DIM && plan->w <= FID_LIMIT_DIM &&
           plan->h % graph->multiple == 0 && plan->w % graph->multiple == 0;
}

static enum fid_status check_plan(const struct fid_weight_file *file, struct fid_error *error)
{
    size_t count, graph_count, step_count;
    const struct fid_file_plan *plan = fid_weight_records(file, FID_SECTION_PLAN, &count);
    const struct fid_file_graph *graphs = fid_weight_file_graphs(file, &graph_count);
    fid_weight_file_steps(file, &step_count);
    if (count != 1)
        return fid_weight_refuse(file, error, FID_CORRUPT, plan, "%zu plans instead of one", count);
    if (plan->graph >= graph_count)
        return fid_weight_refuse(file, error, FID_CORRUPT, plan,
                                 "the plan is for graph %" PRIu32 " of %zu", plan->graph,
                                 graph_count);
    if (!size_is_valid(plan, &graphs[plan->graph]))
        return fid_weight_refuse(file, error, FID_CORRUPT, plan,
                                 "the plan is for an input of %" PRIu32 " x %" PRIu32
                                 ", which its graph does not take",
                                 plan->h, plan->w);
    if (plan->pack_version == 0)
        return fid_weight_refuse(file, error, FID_CORRUPT, plan, "the plan has pack version 0");
    if (!name_is_valid(plan->kernels))
        return fid_weight_refuse(file, error, FID_CORRUPT, plan->kernels,
                                 "the plan's kernels have no proper name");
    if (!fid_weight_all_zero(plan->reserved, sizeof plan->reserved))
        return fid_weight_refuse(file, error, FID_CORRUPT, plan->reserved,
                                 "a reserved field of the plan is not zero");
    if (step_count != graphs[plan->graph].node_count)
        return fid_weight_refuse(file, error, FID_CORRUPT, plan,
                                 "%zu steps for a graph of %" PRIu32 " nodes", step_count,
                                 graphs[plan->graph].node_count);
    return FID_OK;
}

/* *end is where the step before ends in PACK and becomes where this one does. */
static enum fid_status check_step(const struct fid_weight_file *file,
                                  const struct fid_file_step *step, size_t number, uint64_t *end,
                                  struct fid_error *error)
{
    const uint64_t pack_bytes = file->sections[FID_SECTION_PACK].bytes;
    const uint64_t aligned = fid_align_up(*end, FID_FILE_ALIGN);
    const uint64_t start = step->bytes > 0 ? aligned : *end;
    if (!name_is_valid(step->method))
        return fid_weight_refuse(file, error, FID_CORRUPT, step,
                                 "packed step %zu: the method has no proper name", number);
    if (!fid_weight_all_zero(step->reserved, sizeof step->reserved))
        return fid_weight_refuse(file, error, FID_CORRUPT, step,
                                 "packed step %zu: a reserved field is not zero", number);
    if (step->offset != start || start > pack_bytes || step->bytes > pack_bytes - start)
        return fid_weight_refuse(file, error, FID_CORRUPT, step,
                                 "packed step %zu: %" PRIu64 " bytes from %" PRIu64
                                 " do not continue at %" PRIu64 " of the %" PRIu64 " in PACK",
                                 number, step->bytes, step->offset, start, pack_bytes);
    *end = start + step->bytes;
    return FID_OK;
}

enum fid_status fid_weight_check_pack_records(const struct fid_weight_file *file,
                                              struct fid_error *error)
{
    if (file->section_count == FID_SECTION_COUNT_1_0)
        return FID_OK;
    size_t count;
    uint64_t end = 0;
    const struct fid_file_section *pack = &file->sections[FID_SECTION_PACK];
    const struct fid_file_step *steps = fid_weight_file_steps(file, &count);
    enum fid_status status = check_tensor_sums(file, error);
    if (status == FID_OK)
        status = check_plan(file, error);
    for (size_t i = 0; i < count && status == FID_OK; i++)
        status = check_step(file, &steps[i], i, &end, error);
    if (status == FID_OK && end != pack->bytes)
        return fid_weight_refuse(file, error, FID_CORRUPT, file->bytes + pack->offset + end,
                                 "%" PRIu64 " bytes of PACK belong to no step", pack->bytes - end);
    return status;
}

/* ---- asking ---- */

const struct fid_file_plan *fid_weight_file_plan(const struct fid_weight_file *file)
{
    return file->section_count == FID_SECTION_COUNT_1_0
               ? NULL
               : fid_weight_records(file, FID_SECTION_PLAN, NULL);
}

const struct fid_file_step *fid_weight_file_steps(const struct fid_weight_file *file, size_t *count)
{
    return fid_weight_records(file, FID_SECTION_STEP, count);
}

const void *fid_weight_file_packed(const struct fid_weight_file *file, size_t step)
{
    const struct fid_file_step *steps = fid_weight_file_steps(file, NULL);
    return file->bytes + file->sections[FID_SECTION_PACK].offset + steps[step].offset;
}
