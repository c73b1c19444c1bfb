/* model_info.c - prints what a weight file holds, as text or JSON, and advises to measure limits.
 */
#include "app/output/model_info.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <stdio.h>
#include <string.h>

/* What the file says about reading a face, in pipeline order; each model has only some of it. */
static const char *const text_keys[] = {
    "input.channels",       "align.kind", "embed.output",      "embed.metric",  "detect.kind",
    "decision.measured_on", "detect.fit", "detect.activation", "detect.points", "detect.grid",
};
static const char *const number_keys[] = {
    "input.mean",         "input.scale",           "align.template",
    "align.box_extend",   "align.box_resize",      "align.box_crop",
    "decision.accept",    "decision.maybe",        "decision.margin",
    "compat.demo.margin", "compat.demo.threshold", "detect.score",
    "detect.nms",         "detect.strides",        "detect.stage_scores",
    "detect.stage_nms",   "detect.pyramid_factor", "detect.min_face",
    "detect.max_side",    "detect.per_cell",       "detect.classes",
    "detect.mouth_width", "detect.widths",         "detect.heights",
    "detect.variances",
};
/* The id of the f32 model from which this one was made. */
static const char quantized_from[] = "info.quantized_from";
enum { ADVICE_BYTES = 9000 }; /* a path twice, and the commands around it */

#define COUNT(list)   (sizeof(list) / sizeof(list)[0])
#define NUMBERS_SHOWN 16

static size_t numbers_of(const struct fid_model *model, const char *key,
                         double numbers[NUMBERS_SHOWN])
{
    size_t count = fid_model_numbers(model, key, numbers, NUMBERS_SHOWN);
    return count < NUMBERS_SHOWN ? count : NUMBERS_SHOWN;
}

/* A session of the i-th graph at its usual size, whose steps are the layers. NULL on failure. */
static struct fid_session *plan_graph(const struct app *app, const struct fid_model *model,
                                      const char *graph, struct fid_error *error)
{
    struct fid_session *session;
    fid_session_open(app->runtime, model, graph, 1, 0, 0, NULL, &session, error);
    return session;
}

/* ---- as text ---- */

static void print_line(const char *what, const char *text)
{
    printf("  %-24s ", what);
    app_put_visible(stdout, text != NULL ? text : "-");
    putchar('\n');
}

static void print_metadata(const struct fid_model *model)
{
    for (size_t i = 0; i < COUNT(text_keys); i++)
        if (fid_model_text(model, text_keys[i]) != NULL)
            print_line(text_keys[i], fid_model_text(model, text_keys[i]));
    for (size_t i = 0; i < COUNT(number_keys); i++) {
        double numbers[NUMBERS_SHOWN];
        size_t count = numbers_of(model, number_keys[i], numbers);
        if (count == 0)
            continue;
        printf("  %-24s", number_keys[i]);
        for (size_t j = 0; j < count; j++)
            printf(" %.7g", numbers[j]);
        putchar('\n');
    }
}

static void print_layers(const struct fid_session *session)
{
    struct fid_step_info step;
    for (size_t i = 0; fid_session_step(session, i, &step); i++) {
        printf("    %3zu  %-24s ", i, step.op);
        printf("%5d x%5d x%5d %-4s %14llu  ", step.h, step.w, step.c, step.type,
               (unsigned long long)step.macs);
        app_put_visible(stdout, step.name);
        putchar('\n');
    }
}

static enum app_exit print_graph(const struct app *app, const struct fid_model *model, size_t i)
{
    struct fid_error error;
    struct fid_graph_info graph;
    fid_model_graph(model, i, &graph);
    printf("  graph ");
    app_put_visible(stdout, graph.name);
    printf(": input %d x %d x %d", graph.h, graph.w, graph.c);
    if (graph.free_size)
        printf(" (any multiple of %d)", graph.multiple);
    printf(", %zu layers, %zu outputs\n", graph.node_count, graph.output_count);
    if (!app_option_flag(app, "layers"))
        return APP_OK;
    struct fid_session *session = plan_graph(app, model, graph.name, &error);
    if (session == NULL)
        return app_fail(APP_AREA_MODEL, &error);
    printf("    %3s  %-24s %19s %-4s %14s  %s\n", "", "layer", "output h x w x c", "type",
           "multiply-adds", "name");
    print_layers(session);
    fid_session_close(&session);
    return APP_OK;
}

static void print_packed(const struct fid_model *model)
{
    struct fid_packed_info packed;
    if (!fid_model_packed(model, &packed))
        return;
    printf("  %-24s for %s (version %u), graph ", "packed weights", packed.isa, packed.version);
    app_put_visible(stdout, packed.graph);
    printf(" at %d x %d, %llu bytes\n", packed.h, packed.w, (unsigned long long)packed.bytes);
}

static enum app_exit info_text(const struct app *app, const struct fid_model *model)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    app_put_visible(stdout, info.name);
    fputs(" (", stdout);
    app_put_visible(stdout, info.kind);
    fputs(")\n", stdout);
    print_line("file", info.path);
    print_line("id", info.id);
    print_line("source", info.source);
    print_line("source sha256", info.source_sha256);
    print_line("licence", info.licence);
    print_line("converter", info.converter);
    if (fid_model_text(model, quantized_from) != NULL)
        print_line("quantized from", fid_model_text(model, quantized_from));
    printf("  %-24s %llu\n", "bytes", (unsigned long long)info.file_bytes);
    printf("  %-24s %llu\n", "parameters", (unsigned long long)info.parameter_count);
    if (info.label_count > 0)
        printf("  %-24s %zu\n", "class names", info.label_count);
    print_packed(model);
    print_metadata(model);
    if (app_limits_are_given(model)) {
        char advice[ADVICE_BYTES];
        app_limits_advice(model, advice, sizeof advice);
        print_line("limits", advice);
    }
    enum app_exit code = APP_OK;
    for (size_t i = 0; i < info.graph_count && code == APP_OK; i++)
        code = print_graph(app, model, i);
    return code;
}

/* ---- as JSON ---- */

static void json_metadata(struct app_json *json, const struct fid_model *model)
{
    app_json_open(json, "metadata", '{');
    for (size_t i = 0; i < COUNT(text_keys); i++)
        if (fid_model_text(model, text_keys[i]) != NULL)
            app_json_text(json, text_keys[i], fid_model_text(model, text_keys[i]));
    for (size_t i = 0; i < COUNT(number_keys); i++) {
        double numbers[NUMBERS_SHOWN];
        size_t count = numbers_of(model, number_keys[i], numbers);
        if (count == 0)
            continue;
        app_json_open(json, number_keys[i], '[');
        for (size_t j = 0; j < count; j++)
            app_json_number(json, NULL, numbers[j], 9);
        app_json_close(json, ']');
    }
    app_json_close(json, '}');
}

static void json_layers(struct app_json *json, const struct fid_session *session)
{
    struct fid_step_info step;
    app_json_open(json, "layers", '[');
    for (size_t i = 0; fid_session_step(session, i, &step); i++) {
        app_json_open(json, NULL, '{');
        app_json_text(json, "name", step.name);
        app_json_text(json, "op", step.op);
        app_json_whole(json, "h", step.h);
        app_json_whole(json, "w", step.w);
        app_json_whole(json, "c", step.c);
        app_json_text(json, "type", step.type);
        app_json_whole(json, "macs", (int64_t)step.macs);
        app_json_close(json, '}');
    }
    app_json_close(json, ']');
}

/* session: of this graph if its layers are wanted, otherwise NULL. */
static void json_graph(struct app_json *json, const struct fid_graph_info *graph,
                       const struct fid_session *session)
{
    app_json_open(json, NULL, '{');
    app_json_text(json, "name", graph->name);
    app_json_whole(json, "h", graph->h);
    app_json_whole(json, "w", graph->w);
    app_json_whole(json, "c", graph->c);
    app_json_bool(json, "free_size", graph->free_size);
    app_json_whole(json, "multiple", graph->multiple);
    app_json_whole(json, "nodes", (int64_t)graph->node_count);
    app_json_whole(json, "outputs", (int64_t)graph->output_count);
    if (session != NULL)
        json_layers(json, session);
    app_json_close(json, '}');
}

static enum app_exit json_graphs(const struct app *app, struct app_json *json,
                                 const struct fid_model *model, size_t count)
{
    enum app_exit code = APP_OK;
    app_json_open(json, "graphs", '[');
    for (size_t i = 0; i < count; i++) {
        struct fid_error error;
        struct fid_graph_info graph;
        struct fid_session *session = NULL;
        fid_model_graph(model, i, &graph);
        if (app_option_flag(app, "layers") && code == APP_OK &&
            (session = plan_graph(app, model, graph.name, &error)) == NULL)
            code = app_fail(APP_AREA_MODEL, &error);
        json_graph(json, &graph, session);
        fid_session_close(&session);
    }
    app_json_close(json, ']');
    return code;
}

static void json_packed(struct app_json *json, const struct fid_model *model)
{
    struct fid_packed_info packed;
    if (!fid_model_packed(model, &packed))
        return;
    app_json_open(json, "packed", '{');
    app_json_text(json, "isa", packed.isa);
    app_json_whole(json, "version", packed.version);
    app_json_text(json, "graph", packed.graph);
    app_json_whole(json, "h", packed.h);
    app_json_whole(json, "w", packed.w);
    app_json_whole(json, "bytes", (int64_t)packed.bytes);
    app_json_close(json, '}');
}

static enum app_exit info_json(const struct app *app, const struct fid_model *model)
{
    struct fid_model_info info;
    struct app_json json = app_json_begin(stdout);
    fid_model_info(model, &info);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_text(&json, "file", info.path);
    app_json_text(&json, "name", info.name);
    app_json_text(&json, "kind", info.kind);
    app_json_text(&json, "id", info.id);
    app_json_text(&json, "source", info.source);
    app_json_text(&json, "source_sha256", info.source_sha256);
    app_json_text(&json, "licence", info.licence);
    app_json_text(&json, "converter", info.converter);
    if (fid_model_text(model, quantized_from) != NULL)
        app_json_text(&json, "quantized_from", fid_model_text(model, quantized_from));
    app_json_whole(&json, "bytes", (int64_t)info.file_bytes);
    app_json_whole(&json, "parameters", (int64_t)info.parameter_count);
    app_json_whole(&json, "labels", (int64_t)info.label_count);
    json_packed(&json, model);
    json_metadata(&json, model);
    if (fid_model_text(model, "decision.measured_on") != NULL)
        app_json_bool(&json, "limits_measured", !app_limits_are_given(model));
    enum app_exit code = json_graphs(app, &json, model, info.graph_count);
    app_json_close(&json, '}');
    app_json_line(&json);
    return code;
}

enum app_exit app_model_info_print(const struct app *app, const struct fid_model *model)
{
    return app_option_flag(app, "json") ? info_json(app, model) : info_text(app, model);
}

/* ---- limits ---- */

bool app_limits_are_given(const struct fid_model *model)
{
    static const char given[] = APP_LIMITS_NOT_MEASURED;
    const char *text = fid_model_text(model, "decision.measured_on");
    return text != NULL && strncmp(text, given, sizeof given - 1) == 0;
}

void app_limits_advice(const struct fid_model *model, char *text, size_t bytes)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    snprintf(text, bytes,
             "measure them with `faceid eval identify FOLDER --model %s --json >eval.json` and "
             "`faceid model limits %s --from eval.json`",
             info.path, info.path);
}

void app_tell_given_limits(const struct app *app, const struct fid_model *model)
{
    struct fid_model_info info;
    char advice[ADVICE_BYTES];
    if (!app_limits_are_given(model))
        return;
    fid_model_info(model, &info);
    app_limits_advice(model, advice, sizeof advice);
    app_say(app, "the limits of %s are given, not measured: %s", info.name, advice);
}
