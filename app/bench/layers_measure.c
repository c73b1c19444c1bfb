/* layers_measure.c - runs one session, or two alternately, and times their layers. */
#include "app/bench/layers.h"
#include "app/bench/peak.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WARM_RUNS = 3 };

struct pass {
    const struct app_layers_setting *setting; /* borrowed */
    const char *method;                       /* NULL: chosen */
    struct fid_runtime *runtime;
    struct fid_model *model;
    struct fid_session *session;
    double load_ms, warm_ms; /* warm_ms: the fastest of the warm-up runs */
    size_t step_count;
    int runs, done;
    double *step_ms;  /* [step][run] */
    double *whole_ms; /* [run] */
};

static enum app_exit open_session(struct pass *pass)
{
    const struct app_layers_setting *setting = pass->setting;
    const struct fid_session_options session_options = {.profile = true};
    struct fid_options options = setting->options;
    struct fid_error error;
    options.method = pass->method;
    if (fid_runtime_open(&pass->runtime, &options, &error) != FID_OK)
        return app_fail(APP_AREA_USAGE, &error);
    const double start = app_now_ms();
    if (fid_model_open(pass->runtime, setting->path, &pass->model, &error) != FID_OK ||
        fid_session_open(pass->runtime, pass->model, setting->graph, setting->batch,
                         setting->height, setting->width, &session_options, &pass->session,
                         &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    pass->load_ms = app_now_ms() - start;
    return APP_OK;
}

static double run_once(struct pass *pass)
{
    const double start = app_now_ms();
    fid_session_run(pass->session, pass->setting->batch);
    return app_now_ms() - start;
}

static void warm_up(struct pass *pass)
{
    struct fid_value input;
    fid_session_input(pass->session, &input);
    app_fill_pattern(input.data,
                     (size_t)input.n * (size_t)input.h * (size_t)input.w * (size_t)input.c);
    pass->warm_ms = INFINITY;
    for (int i = 0; i < WARM_RUNS; i++)
        pass->warm_ms = fmin(pass->warm_ms, run_once(pass));
}

static enum app_exit open_pass(struct pass *pass)
{
    struct fid_step_info step;
    enum app_exit code = open_session(pass);
    if (code != APP_OK)
        return code;
    while (fid_session_step(pass->session, pass->step_count, &step))
        pass->step_count++;
    if (pass->setting->effort.seconds > 0 || pass->setting->effort.runs > 1)
        warm_up(pass);
    return APP_OK;
}

static void close_pass(struct pass *pass)
{
    fid_session_close(&pass->session);
    fid_model_close(&pass->model);
    fid_runtime_close(&pass->runtime);
    free(pass->step_ms);
    free(pass->whole_ms);
}

static void take_sample(struct pass *pass)
{
    struct fid_step_info step;
    const size_t runs = (size_t)pass->runs, run = (size_t)pass->done++;
    pass->whole_ms[run] = run_once(pass);
    for (size_t i = 0; fid_session_step(pass->session, i, &step); i++)
        pass->step_ms[i * runs + run] = (double)step.last_ns * 1e-6;
}

/* ---- the result ---- */

static void copy_text(char *to, size_t bytes, const char *from)
{
    snprintf(to, bytes, "%s", from != NULL ? from : "");
}

static void fill_row(struct pass *pass, size_t i, struct app_layer *row)
{
    const uint64_t batch = (uint64_t)pass->setting->batch;
    const size_t runs = (size_t)pass->runs;
    struct fid_step_info step;
    fid_session_step(pass->session, i, &step);
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
    row->time = app_times_of(pass->step_ms + i * runs, runs);
}

static void fill_head(struct pass *pass, struct app_layers *layers)
{
    struct fid_model_info model;
    struct fid_graph_info graph;
    struct fid_session_memory memory;
    const char *graph_name = pass->setting->graph;
    fid_model_info(pass->model, &model);
    fid_model_graph(pass->model, 0, &graph);
    fid_session_memory(pass->session, &memory);
    copy_text(layers->model, sizeof layers->model, model.name);
    copy_text(layers->model_id, sizeof layers->model_id, model.id);
    copy_text(layers->graph, sizeof layers->graph, graph_name != NULL ? graph_name : graph.name);
    copy_text(layers->isa, sizeof layers->isa, fid_runtime_isa(pass->runtime));
    copy_text(layers->method, sizeof layers->method,
              pass->method != NULL ? pass->method : "chosen");
    layers->threads = fid_runtime_threads(pass->runtime);
    layers->arena_mb = (double)memory.arena_bytes / 1048576;
    layers->packed_mb = (double)memory.packed_bytes / 1048576;
    layers->scratch_mb = (double)memory.scratch_bytes / 1048576;
}

static enum app_exit no_memory(void)
{
    app_warn("no memory for the times");
    return APP_INTERNAL;
}

/* Makes room for the samples of this many runs, and for the result. */
static enum app_exit make_room(struct pass *pass, int runs, struct app_layers *layers)
{
    pass->runs = runs;
    pass->step_ms = calloc(pass->step_count * (size_t)runs, sizeof *pass->step_ms);
    pass->whole_ms = calloc((size_t)runs, sizeof *pass->whole_ms);
    layers->rows = calloc(pass->step_count, sizeof *layers->rows);
    return pass->step_ms != NULL && pass->whole_ms != NULL && layers->rows != NULL ? APP_OK
                                                                                   : no_memory();
}

static void fill_layers(struct pass *pass, struct app_layers *layers)
{
    layers->batch = pass->setting->batch;
    layers->runs = pass->runs;
    layers->load_ms = pass->load_ms;
    layers->peak_rss_mb = app_peak_memory_mb();
    layers->count = pass->step_count;
    fill_head(pass, layers);
    layers->whole = app_times_of(pass->whole_ms, (size_t)pass->runs);
    for (size_t i = 0; i < pass->step_count; i++)
        fill_row(pass, i, &layers->rows[i]);
}

/* ---- measuring ---- */

/* Runs passes[count] alternately. The peak is measured before and after, and the higher one counts:
 * the clock of a busy or hot machine varies. */
static enum app_exit measure(struct pass *passes, int count, struct app_layers *const layers[2])
{
    const char *isa = fid_runtime_isa(passes[0].runtime);
    const int threads = fid_runtime_threads(passes[0].runtime);
    double round_ms = 0, peak = app_fma_peak(isa, threads);
    double byte_peak = app_byte_peak(isa, threads);
    enum app_exit code = APP_OK;
    for (int p = 0; p < count; p++)
        round_ms += passes[p].warm_ms;
    const int runs = app_effort_runs(&passes[0].setting->effort, round_ms);
    for (int p = 0; p < count && code == APP_OK; p++)
        code = make_room(&passes[p], runs, layers[p]);
    if (code != APP_OK)
        return code;
    for (int i = 0; i < runs && !app_interrupted(); i++)
        for (int p = 0; p < count; p++)
            take_sample(&passes[p]);
    if (app_interrupted())
        return APP_INTERRUPTED;
    peak = fmax(peak, app_fma_peak(isa, threads));
    byte_peak = fmax(byte_peak, app_byte_peak(isa, threads));
    for (int p = 0; p < count; p++) {
        fill_layers(&passes[p], layers[p]);
        layers[p]->peak = peak;
        layers[p]->byte_peak = byte_peak;
    }
    return APP_OK;
}

/* Reading memory is measured last, after the sessions are closed, so that the peak of resident
 * memory is theirs. */
enum app_exit app_layers_measure(const struct app_layers_setting *setting,
                                 struct app_layers *layers, struct app_layers *other)
{
    const int count = setting->against != NULL ? 2 : 1;
    struct pass passes[2] = {{.setting = setting, .method = setting->options.method},
                             {.setting = setting, .method = setting->against}};
    struct app_layers *const results[2] = {layers, other};
    enum app_exit code = APP_OK;
    for (int p = 0; p < count && code == APP_OK; p++)
        code = open_pass(&passes[p]);
    if (code == APP_OK)
        code = measure(passes, count, results);
    for (int p = 0; p < count; p++)
        close_pass(&passes[p]);
    if (code == APP_OK)
        layers->bandwidth = app_read_bandwidth(layers->threads);
    if (count == 2)
        other->bandwidth = layers->bandwidth;
    return code;
}
