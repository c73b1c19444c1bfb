/* session.c - one graph, planned, packed and ready; a run walks the steps. */
#include "engine/base/clock.h"
#include "engine/base/float_mode.h"
#include "engine/base/memory.h"
#include "engine/nn/packed.h"
#include "engine/nn/profile.h"
#include "engine/nn/quantized.h"

#include <assert.h>
#include <string.h>

struct fid_session {
    const struct fid_runtime *runtime; /* borrowed */
    const struct fid_model *model;     /* borrowed */
    struct fid_plan *plan;
    char *arena, *scratch;
    char *packed; /* NULL where the file brings them along */
    float *zeros;
    struct fid_step_time *times; /* NULL without profile */
};

/* All memory of a run; for packed weights only if the file has none that fit. */
static enum fid_status allocate(struct fid_session *session, bool in_place, bool profile,
                                struct fid_error *error)
{
    const struct fid_plan *plan = session->plan;
    session->arena = fid_pages_alloc(plan->arena_bytes);
    session->scratch = fid_calloc(plan->scratch_bytes, 1);
    session->zeros = fid_calloc(plan->zero_count, sizeof *session->zeros);
    if (!in_place)
        session->packed = fid_pages_alloc(plan->packed_bytes);
    if (profile)
        session->times = fid_calloc(plan->step_count, sizeof *session->times);
    if (session->arena && session->scratch && session->zeros && (in_place || session->packed) &&
        (!profile || session->times))
        return FID_OK;
    return fid_fail(error, FID_NO_MEMORY,
                    "no memory for a session: %zu bytes of values, %zu of weights, %zu of scratch",
                    plan->arena_bytes, in_place ? 0 : plan->packed_bytes, plan->scratch_bytes);
}

/* Plan, memory and packed weights of an otherwise empty session. */
static enum fid_status prepare(struct fid_session *session, const struct fid_file_graph *graph,
                               int n, int h, int w, const struct fid_session_options *options,
                               struct fid_error *error)
{
    const struct fid_runtime *runtime = session->runtime;
    const struct fid_plan_context context = fid_runtime_context(runtime, (size_t)n);
    char why[256] = "";
    enum fid_status status = fid_plan_open(session->model->file, graph, (size_t)n, (size_t)h,
                                           (size_t)w, &session->plan, error);
    if (status == FID_OK)
        status = fid_plan_memory(session->plan, &context, options->keep_values, error);
    if (status != FID_OK)
        return status;
    /* They are compared for the kernels that the model was opened with. */
    const bool in_place = runtime->kernels == session->model->runtime->kernels &&
                          fid_packed_fit(session->plan, &context, why, sizeof why);
    if (why[0] != '\0')
        fid_runtime_log(runtime, "%s: its packed weights are not used: %s",
                        session->model->info.path, why);
    status = allocate(session, in_place, options->profile, error);
    if (status != FID_OK)
        return status;
    fid_plan_bind(session->plan, session->arena);
    if (in_place) {
        status = fid_packed_bind(session->plan, error);
        if (status == FID_OK)
            status = fid_model_check_pack(session->model, runtime->pool, error);
    } else {
        status = fid_model_check_data(session->model, runtime->pool, error);
        if (status == FID_OK)
            status = fid_plan_pack(session->plan, &context, session->packed, error);
    }
    fid_weight_file_release_data(session->model->file); /* what is left of it */
    fid_plan_bind_early(session->plan);
    return status;
}

/* Steps that do nothing but make bytes of numbers or numbers of bytes. */
static size_t count_converts(const struct fid_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->step_count; i++)
        count += plan->steps[i].node->op == FID_OP_CONVERT;
    return count;
}

enum fid_status fid_session_open(struct fid_runtime *runtime, const struct fid_model *model,
                                 const char *graph_name, int n, int h, int w,
                                 const struct fid_session_options *options,
                                 struct fid_session **out, struct fid_error *error)
{
    static const struct fid_session_options defaults = {0};
    struct fid_session *session = NULL;
    *out = NULL;
    const struct fid_file_graph *graph;
    enum fid_status status = fid_model_size(model, graph_name, n, &h, &w, &graph, error);
    if (status != FID_OK)
        return status;
    session = fid_calloc(1, sizeof *session);
    if (session == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a session");
    session->runtime = runtime;
    session->model = model;
    status = prepare(session, graph, n, h, w, options != NULL ? options : &defaults, error);
    if (status != FID_OK)
        goto fail;
    fid_runtime_log(runtime,
                    "graph %s: %d x %d x %d, %zu steps, %zu of them converts, %zu KB of values, "
                    "%zu KB of packed weights%s, %zu KB of scratch",
                    fid_weight_file_string(model->file, graph->name), n, h, w,
                    session->plan->step_count, count_converts(session->plan),
                    session->plan->arena_bytes / 1024, session->plan->packed_bytes / 1024,
                    session->packed != NULL ? "" : " in place in the file",
                    session->plan->scratch_bytes / 1024);
    *out = session;
    return FID_OK;
fail:
    fid_session_close(&session);
    return status;
}

void fid_session_close(struct fid_session **out)
{
    struct fid_session *session = *out;
    *out = NULL;
    if (session == NULL)
        return;
    fid_free(session->times);
    fid_free(session->scratch);
    fid_free(session->zeros);
    if (session->plan != NULL) {
        fid_pages_free(session->packed, session->plan->packed_bytes);
        fid_pages_free(session->arena, session->plan->arena_bytes);
    }
    fid_plan_close(&session->plan);
    fid_free(session);
}

static void run_step(struct fid_session *session, const struct fid_step *step,
                     const struct fid_run *run)
{
    const uint64_t start = session->times != NULL ? fid_clock_ns() : 0;
    step->op->run(step, run);
    if (session->times != NULL)
        session->times[step->number].spent_ns += fid_clock_ns() - start;
}

void fid_session_run(struct fid_session *session, int n)
{
    const struct fid_plan *plan = session->plan;
    assert(n >= 1 && (size_t)n <= plan->n);
    const struct fid_run run = {.kernels = session->runtime->kernels,
                                .pool = session->runtime->pool,
                                .n = (size_t)n,
                                .cache_bytes = session->runtime->cache_bytes,
                                .zeros = session->zeros,
                                .scratch = session->scratch,
                                .scratch_stride = plan->scratch_stride,
                                .shared = session->scratch + plan->shared_offset};
    struct fid_run run_one = run;
    run_one.n = 1;
    /* Activations that fade away are of no use, and would take a hundred times as long. */
    const uint64_t float_mode = fid_float_mode();
    fid_float_mode_set(fid_float_mode_flushing(float_mode));
    for (size_t image = 0; image < run.n; image++)
        for (size_t i = 0; i < plan->early_count; i++)
            run_step(session, fid_plan_early_step(plan, image, i), &run_one);
    for (size_t i = plan->early_count; i < plan->step_count; i++)
        run_step(session, &plan->steps[i], &run);
    fid_float_mode_set(float_mode);
    for (size_t i = 0; i < plan->step_count && session->times != NULL; i++)
        fid_step_time_end_run(&session->times[i]);
}

/* ---- questions ---- */

static struct fid_value value_of(const struct fid_session *session, size_t i)
{
    const struct fid_plan *plan = session->plan;
    const struct fid_tensor *tensor = &plan->values[i];
    const struct fid_file_value *records = fid_file_graph_values(session->model->file, plan->graph);
    const bool kept = plan->kept[i], bytes = fid_is_bytes(tensor);
    return (struct fid_value){.name = fid_weight_file_string(session->model->file, records[i].name),
                              .data = kept && !bytes ? tensor->data : NULL,
                              .bytes = kept && bytes ? tensor->bytes : NULL,
                              .quantized = tensor->quantized,
                              .quantized_count = (int)tensor->quantized_count,
                              .n = (int)plan->n,
                              .h = (int)tensor->shape.h,
                              .w = (int)tensor->shape.w,
                              .c = (int)tensor->shape.c};
}

void fid_session_input(const struct fid_session *session, struct fid_value *input)
{
    *input = value_of(session, 0);
}

bool fid_session_output(const struct fid_session *session, const char *name,
                        struct fid_value *output)
{
    const struct fid_file_graph *graph = session->plan->graph;
    const uint32_t *outputs = fid_file_graph_outputs(session->model->file, graph);
    for (size_t i = 0; i < graph->output_count; i++) {
        const struct fid_value value = value_of(session, outputs[i]);
        if (name == NULL || strcmp(value.name, name) == 0) {
            *output = value;
            return true;
        }
    }
    return false;
}

/* The input, then the outputs of the steps, in their order. */
bool fid_session_value(const struct fid_session *session, size_t i, struct fid_value *value)
{
    if (i > session->plan->step_count)
        return false;
    *value = value_of(session, i == 0 ? 0 : session->plan->steps[i - 1].node->output);
    return true;
}

bool fid_session_step(const struct fid_session *session, size_t i, struct fid_step_info *info)
{
    if (i >= session->plan->step_count)
        return false;
    const struct fid_step *step = &session->plan->steps[i];
    *info = (struct fid_step_info){.name = step->name,
                                   .op = step->op->name,
                                   .method = step->method,
                                   .kernel = step->kernel,
                                   .h = (int)step->output.shape.h,
                                   .w = (int)step->output.shape.w,
                                   .c = (int)step->output.shape.c,
                                   .type = fid_is_bytes(&step->output) ? "u8" : "f32",
                                   .window_h = (int)step->window.kernel_h,
                                   .window_w = (int)step->window.kernel_w,
                                   .stride = (int)step->window.stride_h,
                                   .macs = step->macs,
                                   .bytes = step->bytes};
    for (size_t w = 0; w < step->weight_count; w++)
        info->weight_bytes += step->weights[w].record->bytes;
    if (session->times != NULL) {
        info->run_count = session->times[i].run_count;
        info->min_ns = session->times[i].min_ns;
        info->last_ns = session->times[i].last_ns;
        info->total_ns = session->times[i].total_ns;
    }
    return true;
}

void fid_session_memory(const struct fid_session *session, struct fid_session_memory *memory)
{
    *memory = (struct fid_session_memory){.arena_bytes = session->plan->arena_bytes,
                                          .packed_bytes = session->plan->packed_bytes,
                                          .scratch_bytes = session->plan->scratch_bytes};
}
