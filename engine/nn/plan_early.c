/* plan_early.c - the first steps of a batch, picture by picture.
 *
 * A network begins with large maps and small filters and ends with small maps and large filters.
 * The maps of a batch do not stay in the caches from one early layer to the next, so those layers
 * go depth first: all of them for the first picture, then for the next one. The late layers take
 * the batch at once and read their filters once. */
#include "engine/nn/plan_early.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"

#include <string.h>

/* Maps of a whole batch that are no larger stay in a last-level cache, with the filters beside
 * them.
 */
#define BATCH_BYTES ((size_t)4 << 20)

static bool is_large(const struct fid_plan *plan, const struct fid_tensor *tensor)
{
    return plan->n * fid_shape_count(tensor->shape) >
           BATCH_BYTES / fid_tensor_element_bytes(tensor);
}

/* The steps up to the last that writes or reads a value too large for a batch. */
static size_t count_early(const struct fid_plan *plan)
{
    size_t early = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct fid_step *step = &plan->steps[i];
        bool large = is_large(plan, &step->output);
        for (size_t j = 0; j < step->input_count; j++)
            large = large || is_large(plan, &step->inputs[j]);
        early = large ? i + 1 : early;
    }
    return early;
}

/* A value and its alias are one block of memory: both have room for the batch, or neither. Aliases
 * stand behind what they stand for: the last step first takes the answer to the first value of a
 * chain, and then it goes to all of them. */
static void join_aliases(struct fid_plan *plan)
{
    for (size_t i = 0; i < 2 * plan->early_count; i++) {
        const bool back = i < plan->early_count;
        const struct fid_step *step =
            &plan->steps[back ? plan->early_count - 1 - i : i - plan->early_count];
        bool *in = &plan->batched[fid_file_node_inputs(step->file, step->node)[0]];
        bool *out = &plan->batched[step->node->output];
        if (step->alias && back)
            *in = *in || *out;
        else if (step->alias)
            *out = *in;
    }
}

/* What comes from outside the early steps or goes there. */
static void mark_batched(struct fid_plan *plan)
{
    const uint32_t *outputs = fid_file_graph_outputs(plan->file, plan->graph);
    memset(plan->batched, 0, plan->value_count * sizeof *plan->batched);
    plan->batched[0] = true;
    for (size_t i = 0; i < plan->graph->output_count; i++)
        plan->batched[outputs[i]] = true;
    for (size_t i = plan->early_count; i < plan->step_count; i++) {
        const struct fid_step *step = &plan->steps[i];
        plan->batched[step->node->output] = true;
        for (size_t j = 0; j < step->input_count; j++)
            plan->batched[fid_file_node_inputs(step->file, step->node)[j]] = true;
    }
    join_aliases(plan);
}

static size_t count_inputs(const struct fid_plan *plan)
{
    size_t total = 0;
    for (size_t i = 0; i < plan->early_count; i++)
        total += plan->steps[i].input_count;
    return total;
}

bool fid_plan_choose_early(struct fid_plan *plan, bool keep_values)
{
    const size_t others = plan->n - 1;
    plan->early_count = others > 0 && !keep_values ? count_early(plan) : 0;
    mark_batched(plan);
    if (plan->early_count == 0)
        return true;
    size_t steps, inputs;
    if (!fid_size_mul(others, plan->early_count, &steps) ||
        !fid_size_mul(others, count_inputs(plan), &inputs))
        return false;
    plan->early = fid_calloc(steps, sizeof *plan->early);
    plan->early_inputs = fid_calloc(inputs, sizeof *plan->early_inputs);
    return plan->early != NULL && plan->early_inputs != NULL;
}

/* Moves a view of a value's first picture on to another picture. */
static void move_view(const struct fid_plan *plan, struct fid_tensor *view, uint32_t value,
                      size_t image)
{
    if (plan->batched[value])
        view->bytes = fid_tensor_image(view, image);
}

void fid_plan_bind_early(struct fid_plan *plan)
{
    struct fid_step *step = plan->early;
    struct fid_tensor *inputs = plan->early_inputs;
    for (size_t image = 1; image < plan->n; image++)
        for (size_t i = 0; i < plan->early_count; i++, step++) {
            *step = plan->steps[i];
            memcpy(inputs, step->inputs, step->input_count * sizeof *inputs);
            for (size_t j = 0; j < step->input_count; j++)
                move_view(plan, &inputs[j], fid_file_node_inputs(step->file, step->node)[j], image);
            move_view(plan, &step->output, step->node->output, image);
            step->inputs = inputs;
            inputs += step->input_count;
        }
}

const struct fid_step *fid_plan_early_step(const struct fid_plan *plan, size_t image, size_t i)
{
    return image == 0 ? &plan->steps[i] : &plan->early[(image - 1) * plan->early_count + i];
}
