/* plan.c - from the nodes of a file to steps with shapes, methods and places in memory. */
#include "engine/nn/plan.h"

#include "engine/base/memory.h"
#include "engine/nn/memory_plan.h"
#include "engine/nn/plan_early.h"
#include "engine/nn/quantized.h"
#include "engine/nn/widen.h"
#include "engine/nn/ops/ops.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- steps and shapes ---- */

static uint64_t align_up(uint64_t bytes)
{
    return fid_align_up(bytes, FID_MEMORY_ALIGN);
}

static void take_weights(const struct fid_plan *plan, struct fid_step *step)
{
    const uint32_t *index = fid_file_node_tensors(plan->file, step->node);
    const struct fid_file_tensor *records = fid_weight_file_tensors(plan->file, NULL);
    step->weight_count = step->node->tensor_count;
    for (size_t i = 0; i < step->weight_count && i < FID_STEP_WEIGHTS; i++)
        step->weights[i] = (struct fid_weights){
            &records[index[i]], fid_weight_file_tensor_data(plan->file, index[i]), index[i]};
}

/* Numbers that one picture makes the step read: for each output its share of the filter or the
 * window, and the inputs themselves. Below 2^56: an output and a tensor have 2^28 at most. */
static uint64_t work_of(const struct fid_step *step)
{
    const struct fid_file_node *node = step->node;
    uint64_t each = node->kernel_h > 0 ? (uint64_t)node->kernel_h * (uint64_t)node->kernel_w : 1;
    each = step->reach > each ? step->reach : each;
    if (step->weight_count > 0) {
        const struct fid_file_tensor *filter = step->weights[0].record;
        each = fid_file_tensor_count(filter) / filter->dims[0];
    }
    uint64_t work = each * fid_shape_count(step->output.shape);
    for (size_t i = 0; i < step->input_count; i++)
        work += fid_shape_count(step->inputs[i].shape);
    return work;
}

/* Is the output small enough, and the work up to it? */
static enum fid_status check_output(struct fid_plan *plan, const struct fid_step *step,
                                    struct fid_error *error)
{
    const struct fid_shape out = step->output.shape;
    size_t count;
    if (out.h > FID_LIMIT_DIM || out.w > FID_LIMIT_DIM || out.c > FID_LIMIT_DIM ||
        !fid_shape_batch(out, plan->n, &count))
        return fid_fail(error, FID_UNSUPPORTED,
                        "node %zu '%.100s': %zu outputs of %zu x %zu x %zu are too large",
                        step->number, step->name, plan->n, out.h, out.w, out.c);
    plan->work += work_of(step);
    if (plan->work > FID_LIMIT_WORK)
        return fid_fail(error, FID_UNSUPPORTED,
                        "node %zu '%.100s': the work for one picture, up to here %" PRIu64
                        " numbers to read, is too much (at most %" PRIu64 ")",
                        step->number, step->name, plan->work, FID_LIMIT_WORK);
    return FID_OK;
}

static enum fid_status open_step(struct fid_plan *plan, struct fid_step *step,
                                 const struct fid_file_node *node, size_t number,
                                 struct fid_tensor *inputs, struct fid_error *error)
{
    *step = (struct fid_step){.op = fid_op_of(node->op),
                              .node = node,
                              .file = plan->file,
                              .name = fid_weight_file_string(plan->file, node->name),
                              .number = number,
                              .input_count = node->input_count,
                              .inputs = inputs,
                              .output = plan->values[node->output],
                              .kernel_slot = ""};
    if (step->op == NULL)
        return fid_step_refuse(step, error, "there is no layer kind %u", node->op);
    if (step->input_count < 1)
        return fid_step_refuse(step, error, "%s has no input", step->op->name);
    for (size_t i = 0; i < step->input_count; i++)
        inputs[i] = plan->values[fid_file_node_inputs(step->file, step->node)[i]];
    take_weights(plan, step);
    enum fid_status status = step->op->infer_shape(step, error);
    if (status == FID_OK)
        status = fid_step_check_types(step, error);
    if (status == FID_OK)
        status = check_output(plan, step, error);
    plan->values[node->output].shape = step->output.shape;
    return status;
}

/* What the file says of the values of bytes: the numbers themselves are not looked at. */
static void take_types(struct fid_plan *plan)
{
    const struct fid_file_value *values = fid_file_graph_values(plan->file, plan->graph);
    const struct fid_file_tensor *tensors = fid_weight_file_tensors(plan->file, NULL);
    for (size_t i = 0; i < plan->value_count; i++)
        if (values[i].quantized != 0) {
            const size_t number = values[i].quantized - 1;
            plan->values[i].quantized = fid_weight_file_tensor_data(plan->file, number);
            plan->values[i].quantized_count = tensors[number].dims[0];
        }
}

static enum fid_status open_steps(struct fid_plan *plan, struct fid_error *error)
{
    const struct fid_file_node *nodes = fid_file_graph_nodes(plan->file, plan->graph);
    struct fid_tensor *inputs = plan->inputs;
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < plan->step_count && status == FID_OK; i++) {
        status = open_step(plan, &plan->steps[i], &nodes[i], i, inputs, error);
        inputs += nodes[i].input_count;
    }
    return status;
}

static size_t total_inputs(const struct fid_plan *plan)
{
    size_t total = 0;
    const struct fid_file_node *nodes = fid_file_graph_nodes(plan->file, plan->graph);
    for (size_t i = 0; i < plan->step_count; i++)
        total += nodes[i].input_count;
    return total;
}

enum fid_status fid_plan_open(const struct fid_weight_file *file,
                              const struct fid_file_graph *graph, size_t n, size_t h, size_t w,
                              struct fid_plan **out, struct fid_error *error)
{
    enum fid_status status;
    struct fid_plan *plan = fid_calloc(1, sizeof *plan);
    *out = NULL;
    if (plan == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a plan");
    plan->file = file;
    plan->graph = graph;
    plan->n = n;
    plan->step_count = graph->node_count;
    plan->value_count = graph->value_count;
    plan->steps = fid_calloc(plan->step_count, sizeof *plan->steps);
    plan->values = fid_calloc(plan->value_count, sizeof *plan->values);
    plan->inputs = fid_calloc(total_inputs(plan), sizeof *plan->inputs);
    plan->offsets = fid_calloc(plan->value_count, sizeof *plan->offsets);
    plan->kept = fid_calloc(plan->value_count, sizeof *plan->kept);
    plan->batched = fid_calloc(plan->value_count, sizeof *plan->batched);
    if (!plan->steps || !plan->values || !plan->inputs || !plan->offsets || !plan->kept ||
        !plan->batched) {
        status =
            fid_fail(error, FID_NO_MEMORY, "no memory for a plan of %zu steps", plan->step_count);
        goto fail;
    }
    plan->values[0].shape = (struct fid_shape){h, w, graph->c};
    size_t count;
    if (h < 1 || w < 1 || !fid_shape_batch(plan->values[0].shape, n, &count) || count < 1) {
        status = fid_fail(error, FID_UNSUPPORTED,
                          "%zu inputs of %zu x %zu x %u: nothing or too large", n, h, w, graph->c);
        goto fail;
    }
    take_types(plan);
    status = open_steps(plan, error);
    if (status != FID_OK)
        goto fail;
    *out = plan;
    return FID_OK;
fail:
    fid_plan_close(&plan);
    return status;
}

void fid_plan_close(struct fid_plan **out)
{
    struct fid_plan *plan = *out;
    *out = NULL;
    if (plan == NULL)
        return;
    fid_free(plan->early_inputs);
    fid_free(plan->early);
    fid_free(plan->batched);
    fid_free(plan->kept);
    fid_free(plan->offsets);
    fid_free(plan->inputs);
    fid_free(plan->values);
    fid_free(plan->steps);
    fid_free(plan);
}

/* ---- methods ---- */

static uint64_t tensor_bytes(const struct fid_tensor *tensor)
{
    return (uint64_t)fid_shape_count(tensor->shape) * fid_tensor_element_bytes(tensor);
}

static uint64_t step_bytes(const struct fid_step *step)
{
    uint64_t bytes = step->alias ? 0 : tensor_bytes(&step->output);
    for (size_t i = 0; i < step->input_count && !step->alias; i++)
        bytes += tensor_bytes(&step->inputs[i]);
    for (size_t i = 0; i < step->weight_count; i++)
        bytes += step->weights[i].record->bytes;
    return bytes;
}

static void name_kernel(struct fid_step *step, const struct fid_plan_context *context)
{
    if (step->kernel_slot[0] == '\0')
        snprintf(step->kernel, sizeof step->kernel, "c");
    else if (step->foreign_kernel)
        snprintf(step->kernel, sizeof step->kernel, "%s", step->kernel_slot);
    else
        snprintf(step->kernel, sizeof step->kernel, "%s %s", step->kernel_slot,
                 context->kernels->name);
}

/* Is there a limit that the step breaks? packed: bytes of all steps up to it. */
static enum fid_status check_needs(const struct fid_step *step, uint64_t packed, uint64_t workers,
                                   struct fid_error *error)
{
    const uint64_t scratch = align_up(step->scratch_bytes) * workers + align_up(step->shared_bytes);
    if (scratch > FID_SCRATCH_LIMIT)
        return fid_fail(error, FID_UNSUPPORTED,
                        "node %zu '%.100s': %" PRIu64 " bytes of scratch are too much (%" PRIu64
                        " threads; at most %" PRIu64 ")",
                        step->number, step->name, scratch, workers, FID_SCRATCH_LIMIT);
    if (packed > FID_PACKED_LIMIT)
        return fid_fail(error, FID_UNSUPPORTED,
                        "node %zu '%.100s': %" PRIu64 " bytes of packed weights up to here are "
                        "too much (at most %" PRIu64 ")",
                        step->number, step->name, packed, FID_PACKED_LIMIT);
    return FID_OK;
}

static enum fid_status choose_methods(struct fid_plan *plan, const struct fid_plan_context *context,
                                      struct fid_error *error)
{
    const uint64_t workers = (uint64_t)fid_pool_workers(context->pool);
    uint64_t scratch = 0, shared = 0, packed = 0;
    for (size_t i = 0; i < plan->value_count; i++)
        if (plan->values[i].shape.c > plan->zero_count)
            plan->zero_count = plan->values[i].shape.c;
    for (size_t i = 0; i < plan->step_count; i++) {
        struct fid_step *step = &plan->steps[i];
        step->op->choose(step, context);
        step->bytes = step_bytes(step);
        name_kernel(step, context);
        packed += align_up(step->packed_bytes);
        const enum fid_status status = check_needs(step, packed, workers, error);
        if (status != FID_OK)
            return status;
        scratch = step->scratch_bytes > scratch ? step->scratch_bytes : scratch;
        shared = step->shared_bytes > shared ? step->shared_bytes : shared;
    }
    plan->packed_bytes = (size_t)packed;
    plan->scratch_stride = (size_t)align_up(scratch);
    plan->shared_offset = (size_t)(align_up(scratch) * workers);
    plan->scratch_bytes = plan->shared_offset + (size_t)align_up(shared); /* 2 limits at most */
    return FID_OK;
}

/* ---- lives ---- */

/* Working memory of fid_plan_memory. A home is a block of the arena; values that share memory have
 * one home. Steps are numbered from 1; the input exists at 0. */
struct lives {
    size_t *last;            /* of each value: the last step that reads it */
    size_t *home;            /* of each value */
    struct fid_block *homes; /* at most one for each value */
    size_t home_count;
    uint64_t *scratch;
};

static void mark_last_uses(const struct fid_plan *plan, bool keep_values, size_t *last)
{
    const size_t end = plan->step_count + 1;
    const uint32_t *outputs = fid_file_graph_outputs(plan->file, plan->graph);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct fid_step *step = &plan->steps[i];
        last[step->node->output] = i + 1;
        for (size_t j = 0; j < step->input_count; j++)
            last[fid_file_node_inputs(step->file, step->node)[j]] = i + 1;
    }
    for (size_t i = 0; i < plan->graph->output_count; i++)
        last[outputs[i]] = end;
    last[0] = end; /* so that running again gives the same numbers */
    for (size_t i = 0; i < plan->value_count && keep_values; i++)
        last[i] = end;
}

/* May the output of step take over the home of its input `candidate`? Only if all values in it end
 * here, and no other input of the step stands in it. */
static bool may_share(const struct fid_plan *plan, const struct lives *lives,
                      const struct fid_step *step, size_t candidate)
{
    const uint32_t *inputs = fid_file_node_inputs(step->file, step->node);
    const size_t home = lives->home[inputs[candidate]];
    if (!(step->share >> candidate & 1u) || lives->homes[home].last != step->number + 1 ||
        plan->batched[inputs[candidate]] != plan->batched[step->node->output])
        return false;
    for (size_t i = 0; i < step->input_count; i++)
        if (i != candidate && lives->home[inputs[i]] == home)
            return false;
    return fid_shape_equal(step->inputs[candidate].shape, step->output.shape) &&
           fid_is_bytes(&step->inputs[candidate]) == fid_is_bytes(&step->output);
}

/* The home of a step's output: that of an input, or a new one. */
static size_t find_home(const struct fid_plan *plan, struct lives *lives,
                        const struct fid_step *step)
{
    const uint32_t *inputs = fid_file_node_inputs(step->file, step->node);
    if (step->alias)
        return lives->home[inputs[0]];
    for (size_t i = 0; i < step->input_count && i < 2; i++)
        if (may_share(plan, lives, step, i))
            return lives->home[inputs[i]];
    /* While the early steps run for one picture, the batched values of the others are there. */
    const bool shared = step->number < plan->early_count && plan->batched[step->node->output];
    lives->homes[lives->home_count] = (struct fid_block){.first = shared ? 1 : step->number + 1};
    return lives->home_count++;
}

static void settle(const struct fid_plan *plan, struct lives *lives, size_t value, size_t home)
{
    struct fid_block *block = &lives->homes[home];
    const size_t n = plan->batched[value] ? plan->n : 1;
    const uint64_t ahead = fid_is_bytes(&plan->values[value]) ? FID_READ_AHEAD_BYTES : 0;
    const uint64_t bytes = align_up(n * tensor_bytes(&plan->values[value]) + ahead);
    lives->home[value] = home;
    block->bytes = bytes > block->bytes ? bytes : block->bytes;
    block->last = lives->last[value] > block->last ? lives->last[value] : block->last;
}

static enum fid_status lay_out(struct fid_plan *plan, struct lives *lives, bool keep_values,
                               struct fid_error *error)
{
    mark_last_uses(plan, keep_values, lives->last);
    lives->home_count = 1;
    settle(plan, lives, 0, 0);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct fid_step *step = &plan->steps[i];
        settle(plan, lives, step->node->output, find_home(plan, lives, step));
    }
    const uint64_t bytes = fid_memory_plan(lives->homes, lives->home_count, lives->scratch);
    if (bytes > FID_ARENA_LIMIT || bytes > SIZE_MAX)
        return fid_fail(error, FID_UNSUPPORTED,
                        "%" PRIu64 " bytes of values at a time are too much (at most %" PRIu64 ")",
                        bytes, FID_ARENA_LIMIT < SIZE_MAX ? FID_ARENA_LIMIT : (uint64_t)SIZE_MAX);
    plan->arena_bytes = (size_t)bytes;
    for (size_t i = 0; i < plan->value_count; i++) {
        plan->offsets[i] = (size_t)lives->homes[lives->home[i]].offset;
        plan->kept[i] = lives->last[i] == plan->step_count + 1;
    }
    return FID_OK;
}

enum fid_status fid_plan_memory(struct fid_plan *plan, const struct fid_plan_context *context,
                                bool keep_values, struct fid_error *error)
{
    enum fid_status status = choose_methods(plan, context, error);
    if (status != FID_OK)
        return status;
    struct lives lives = {.last = fid_calloc(plan->value_count, sizeof *lives.last),
                          .home = fid_calloc(plan->value_count, sizeof *lives.home),
                          .homes = fid_calloc(plan->value_count, sizeof *lives.homes),
                          .scratch = fid_calloc(plan->value_count, 3 * sizeof *lives.scratch)};
    if (lives.last && lives.home && lives.homes && lives.scratch &&
        fid_plan_choose_early(plan, keep_values))
        status = lay_out(plan, &lives, keep_values, error);
    else
        status = fid_fail(error, FID_NO_MEMORY, "no memory to plan %zu values", plan->value_count);
    fid_free(lives.scratch);
    fid_free(lives.homes);
    fid_free(lives.home);
    fid_free(lives.last);
    return status;
}

void fid_plan_bind(struct fid_plan *plan, char *arena)
{
    for (size_t i = 0; i < plan->value_count; i++)
        plan->values[i].data = (void *)(arena + plan->offsets[i]);
    for (size_t i = 0; i < plan->step_count; i++) {
        struct fid_step *step = &plan->steps[i];
        for (size_t j = 0; j < step->input_count; j++)
            step->inputs[j].data =
                plan->values[fid_file_node_inputs(step->file, step->node)[j]].data;
        step->output.data = plan->values[step->node->output].data;
    }
}

/* Room for the largest filter that has to be made f32; *count is 0 without one. */
float *fid_plan_widening(const struct fid_plan *plan, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        const size_t own = fid_step_widened_count(&plan->steps[i]);
        *count = own > *count ? own : *count;
    }
    return fid_calloc(*count, sizeof(float));
}

void fid_plan_prepare_step(struct fid_step *step, const struct fid_plan_context *context,
                           float *widened)
{
    if (step->op->prepare == NULL)
        return;
    if (fid_step_widened_count(step) > 0) {
        fid_step_widen(step, widened);
        step->weights[0].data = widened;
    }
    step->op->prepare(step, context);
}

enum fid_status fid_plan_pack(struct fid_plan *plan, const struct fid_plan_context *context,
                              char *packed, struct fid_error *error)
{
    size_t count;
    float *widened = fid_plan_widening(plan, &count);
    if (widened == NULL && count > 0)
        return fid_fail(error, FID_NO_MEMORY, "no memory to widen %zu weights", count);
    for (size_t i = 0; i < plan->step_count; i++) {
        struct fid_step *step = &plan->steps[i];
        step->packed = packed;
        packed += (size_t)align_up(step->packed_bytes);
        fid_plan_prepare_step(step, context, widened);
        fid_step_forget_filter(step);
    }
    fid_free(widened);
    return FID_OK;
}
