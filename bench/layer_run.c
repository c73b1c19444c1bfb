#include "bench/layer_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WARM_RUNS = 3 };

struct layer_run {
    const struct layer_setting *setting; /* borrowed */
    const char *method;                  /* NULL: chosen */
    struct fid_runtime *runtime;
    struct fid_model *model;
    struct fid_session *session;
    double load_ms;
    size_t step_count;
    int done;         /* runs so far */
    double *step_ms;  /* [step][run] */
    double *whole_ms; /* [run] */
};

static void open_session(struct layer_run *run)
{
    const struct layer_setting *setting = run->setting;
    const struct fid_session_options session_options = {.profile = true};
    struct fid_options options = setting->options;
    struct fid_error error;
    options.method = run->method;
    if (fid_runtime_open(&run->runtime, &options, &error) != FID_OK) {
        if (error.status == FID_INVALID || error.status == FID_UNSUPPORTED)
            bench_refuse("%s", error.text);
        bench_fail("%s", error.text);
    }
    const double start = bench_now_ms();
    if (fid_model_open(run->runtime, setting->model, &run->model, &error) != FID_OK ||
        fid_session_open(run->runtime, run->model, setting->graph, setting->batch, setting->height,
                         setting->width, &session_options, &run->session, &error) != FID_OK)
        bench_fail("%s", error.text);
    run->load_ms = bench_now_ms() - start;
}

struct layer_run *layer_run_open(const struct layer_setting *setting, const char *method)
{
    struct layer_run *run = bench_alloc(1, sizeof *run);
    struct fid_step_info step;
    struct fid_value input;
    run->setting = setting;
    run->method = method;
    open_session(run);
    while (fid_session_step(run->session, run->step_count, &step))
        run->step_count++;
    run->step_ms = bench_alloc(run->step_count * (size_t)setting->runs, sizeof(double));
    run->whole_ms = bench_alloc((size_t)setting->runs, sizeof(double));
    fid_session_input(run->session, &input);
    bench_pattern(input.data,
                  (size_t)input.n * (size_t)input.h * (size_t)input.w * (size_t)input.c);
    for (int i = 0; i < WARM_RUNS && setting->runs > 1; i++)
        fid_session_run(run->session, setting->batch);
    return run;
}

void layer_run_once(struct layer_run *run)
{
    struct fid_step_info step;
    const double start = bench_now_ms();
    fid_session_run(run->session, run->setting->batch);
    run->whole_ms[run->done] = bench_now_ms() - start;
    for (size_t i = 0; fid_session_step(run->session, i, &step); i++)
        run->step_ms[i * (size_t)run->setting->runs + (size_t)run->done] =
            (double)step.last_ns * 1e-6;
    run->done++;
}

const char *layer_run_isa(const struct layer_run *run)
{
    return fid_runtime_isa(run->runtime);
}

int layer_run_threads(const struct layer_run *run)
{
    return fid_runtime_threads(run->runtime);
}

void layer_run_close(struct layer_run **out)
{
    struct layer_run *run = *out;
    *out = NULL;
    if (run == NULL)
        return;
    fid_session_close(&run->session);
    fid_model_close(&run->model);
    fid_runtime_close(&run->runtime);
    free(run->step_ms);
    free(run->whole_ms);
    free(run);
}

/* ---- the result ---- */

static void copy_text(char *to, size_t bytes, const char *from)
{
    snprintf(to, bytes, "%s", from != NULL ? from : "");
}

static void fill_row(struct layer_run *run, size_t i, struct layer_row *row)
{
    const uint64_t batch = (uint64_t)run->setting->batch;
    struct fid_step_info step;
    fid_session_step(run->session, i, &step);
    copy_text(row->name, sizeof row->name, step.name);
    copy_text(row->op, sizeof row->op, step.op);
    copy_text(row->method, sizeof row->method, step.method);
    copy_text(row->kernel, sizeof row->kernel, step.kernel);
    row->h = step.h;
    row->w = step.w;
    row->c = step.c;
    row->window_h = step.window_h;
    row->window_w = step.window_w;
    row->stride = step.stride;
    row->macs = step.macs * batch;
    row->bytes = (step.bytes - step.weight_bytes) * batch + step.weight_bytes;
    row->time =
        bench_summary(run->step_ms + i * (size_t)run->setting->runs, (size_t)run->setting->runs);
}

static void fill_head(struct layer_run *run, struct layer_result *result)
{
    struct fid_model_info model;
    struct fid_graph_info graph;
    struct fid_session_memory memory;
    const char *graph_name = run->setting->graph;
    fid_model_info(run->model, &model);
    fid_model_graph(run->model, 0, &graph);
    fid_session_memory(run->session, &memory);
    copy_text(result->model, sizeof result->model, model.name);
    copy_text(result->model_id, sizeof result->model_id, model.id);
    copy_text(result->graph, sizeof result->graph, graph_name != NULL ? graph_name : graph.name);
    copy_text(result->isa, sizeof result->isa, fid_runtime_isa(run->runtime));
    copy_text(result->method, sizeof result->method, run->method != NULL ? run->method : "chosen");
    result->threads = fid_runtime_threads(run->runtime);
    result->arena_mb = (double)memory.arena_bytes / 1048576;
    result->packed_mb = (double)memory.packed_bytes / 1048576;
    result->scratch_mb = (double)memory.scratch_bytes / 1048576;
}

void layer_run_result(struct layer_run *run, struct layer_result *result)
{
    *result = (struct layer_result){.batch = run->setting->batch,
                                    .runs = run->setting->runs,
                                    .peak = NAN,
                                    .bandwidth = NAN,
                                    .load_ms = run->load_ms,
                                    .peak_rss_mb = bench_peak_mb(),
                                    .count = run->step_count};
    fill_head(run, result);
    result->whole = bench_summary(run->whole_ms, (size_t)run->setting->runs);
    result->rows = bench_alloc(run->step_count, sizeof *result->rows);
    for (size_t i = 0; i < run->step_count; i++)
        fill_row(run, i, &result->rows[i]);
}
