/* verb_bench.c - faceid bench: how fast layers, stages and the machine itself are. */
#include "app/app.h"
#include "app/bench/layers.h"
#include "app/bench/peak.h"
#include "app/bench/stages.h"
#include "app/find_model.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 20, PEOPLE = 100 };

static const struct app_option bench_options[] = {
    {"runs", 'n', APP_WHOLE, "N", "runs of everything that is timed (default 20)", 1, 10000},
    {"seconds", 's', APP_NUMBER, "S", "or seconds for each network and picture", 0.01, 3600},
    {"batch", 'b', APP_WHOLE, "N", "inputs per run of a network (default 1)", 1, 1024},
    {"size", 0, APP_TEXT, "WxH",
     "size of the detector's input (pictures: their own, made up: 640x480)", 0, 0},
    {"people", 0, APP_WHOLE, "N", "stages: made-up people to look up among (default 100)", 1,
     1000000},
    {"graph", 0, APP_TEXT, "NAME", "layers: only this graph", 0, 0},
    {"against", 0, APP_TEXT, "METHOD", "layers: alternate with this convolution method", 0, 0},
    {"svg", 0, APP_FILE, "FILE", "layers: also draw one graph's roofline picture", 0, 0},
    {"json", 'j', APP_FLAG, NULL, "one JSON object per line instead of tables", 0, 0},
    {0},
};

static struct app_effort effort_of(const struct app *app)
{
    return (struct app_effort){.runs = app_option_whole(app, "runs", RUNS),
                               .seconds = app_option_number(app, "seconds", 0)};
}

/* FILLS 0 x 0 without --size. */
static enum app_exit read_size(const struct app *app, int *width, int *height)
{
    const char *text = app_option_text(app, "size", NULL);
    int used = 0;
    *width = *height = 0;
    if (text == NULL ||
        (sscanf(text, "%5dx%5d%n", width, height, &used) == 2 && text[used] == '\0' &&
         *width >= 1 && *height >= 1 && *width <= 32767 && *height <= 32767))
        return APP_OK;
    return app_usage(app, "--size: '%s' is not a size such as 640x480", text);
}

/* ---- layers ---- */

struct target { /* a graph to measure */
    const struct fid_model *model;
    struct fid_graph_info graph;
};

enum { TARGETS = 16 };

static enum app_exit open_models(struct app *app, bool recognizer, bool detector)
{
    enum app_exit code = app_open_runtime(app);
    if (code == APP_OK && recognizer)
        code = app_open_recognizer(app);
    if (code == APP_OK && detector)
        code = app_find_model(app, APP_DETECTOR, &app->detector_model);
    return code;
}

static void add_graphs(const struct app *app, const struct fid_model *model, struct target *targets,
                       size_t *count)
{
    const char *wanted = app_option_text(app, "graph", NULL);
    struct fid_model_info info;
    if (model == NULL)
        return;
    fid_model_info(model, &info);
    for (size_t i = 0; i < info.graph_count && *count < TARGETS; i++) {
        struct target *target = &targets[*count];
        target->model = model;
        fid_model_graph(model, i, &target->graph);
        *count += wanted == NULL || strcmp(target->graph.name, wanted) == 0;
    }
}

static enum app_exit measure_target(struct app *app, const struct target *target, bool first)
{
    struct fid_model_info info;
    struct app_layers layers = {0}, other = {0};
    struct app_layers_setting setting = {.graph = target->graph.name,
                                         .against = app_option_text(app, "against", NULL),
                                         .options = app_runtime_options(app),
                                         .effort = effort_of(app),
                                         .batch = app_option_whole(app, "batch", 1)};
    const char *picture = app_option_text(app, "svg", NULL);
    fid_model_info(target->model, &info);
    setting.path = info.path;
    enum app_exit code = APP_OK;
    if (target->model == app->detector_model && target->graph.free_size)
        code = read_size(app, &setting.width, &setting.height);
    if (code == APP_OK)
        code = app_layers_measure(&setting, &layers, &other);
    const struct app_layers *against = setting.against != NULL ? &other : NULL;
    if (code == APP_OK && picture != NULL)
        code = app_layers_draw(&layers, picture);
    if (code == APP_OK && app_option_flag(app, "json"))
        app_layers_write(&layers, against);
    else if (code == APP_OK) {
        fputs(first ? "" : "\n", stdout);
        app_layers_print(&layers, against);
    }
    app_layers_free(&layers);
    app_layers_free(&other);
    return code;
}

static enum app_exit measure_layers(struct app *app, bool recognizer, bool detector)
{
    struct target targets[TARGETS];
    size_t count = 0;
    enum app_exit code = open_models(app, recognizer, detector);
    if (code != APP_OK)
        return code;
    add_graphs(app, app->recognizer, targets, &count);
    add_graphs(app, app->detector_model, targets, &count);
    if (count == 0) {
        app_warn("there is no graph '%s'", app_option_text(app, "graph", ""));
        return APP_MODEL;
    }
    if (count > 1 && app_option_text(app, "svg", NULL) != NULL)
        return app_usage(app,
                         "--svg draws one graph, and there are %zu: choose one by --model or "
                         "--detector, and by --graph",
                         count);
    for (size_t i = 0; i < count && code == APP_OK; i++)
        code = measure_target(app, &targets[i], i == 0);
    return code;
}

static enum app_exit run_layers(struct app *app)
{
    const bool model = app_option_text(app, "model", NULL) != NULL;
    const bool detector = app_option_text(app, "detector", NULL) != NULL;
    return measure_layers(app, model || !detector, detector || !model);
}

/* ---- stages ---- */

static enum app_exit measure_picture(struct app *app, const char *picture)
{
    struct app_stages stages = {0};
    struct app_stages_setting setting = {.picture = picture,
                                         .people = app_option_whole(app, "people", PEOPLE),
                                         .effort = effort_of(app)};
    enum app_exit code = read_size(app, &setting.width, &setting.height);
    if (code == APP_OK)
        code = app_stages_measure(app, &setting, &stages);
    if (code != APP_OK)
        return code;
    if (app_option_flag(app, "json"))
        app_stages_write(app, picture, &stages);
    else
        app_stages_print(app, picture, &stages);
    return APP_OK;
}

/* pictures[count]; none: the made-up one. */
static enum app_exit measure_stages(struct app *app, char **pictures, int count)
{
    if (app_option_text(app, "size", NULL) != NULL)
        app->max_side = -1; /* examined at the requested size */
    enum app_exit code = app_open_embedder(app, app_option_whole(app, "batch", 1));
    if (code == APP_OK)
        code = app_open_detector(app);
    if (code == APP_OK && count == 0)
        return measure_picture(app, NULL);
    for (int i = 0; i < count && code == APP_OK; i++)
        code = measure_picture(app, pictures[i]);
    return code;
}

static enum app_exit run_stages(struct app *app)
{
    return measure_stages(app, app->arguments.words + 1, app->arguments.count - 1);
}

static enum app_exit run_all(struct app *app)
{
    const int words = app->arguments.count > 0;
    enum app_exit code = measure_layers(app, true, true);
    if (code == APP_OK && !app_option_flag(app, "json"))
        putchar('\n');
    return code == APP_OK
               ? measure_stages(app, app->arguments.words + words, app->arguments.count - words)
               : code;
}

/* ---- peaks ---- */

static void print_rate(const char *name, const char *unit, double one, double all)
{
    if (isfinite(one))
        printf("%-44s %9.1f %9.1f %s\n", name, one * 1e-9, all * 1e-9, unit);
    else
        printf("%-44s not on this machine\n", name);
}

static void write_rate(struct app_json *json, const char *name, const char *unit, double one,
                       double all)
{
    app_json_open(json, NULL, '{');
    app_json_text(json, "name", name);
    app_json_text(json, "unit", unit);
    app_json_number(json, "one", one * 1e-9, 1);
    app_json_number(json, "all", all * 1e-9, 1);
    app_json_close(json, '}');
}

/* Prints one line, or writes one object into the array of the JSON. */
static void tell_rate(struct app_json *json, const char *name, const char *unit, double one,
                      double all)
{
    if (json != NULL)
        write_rate(json, name, unit, one, all);
    else
        print_rate(name, unit, one, all);
}

static void tell_rates(struct app_json *json, int threads)
{
    struct app_product product;
    for (size_t i = 0; app_product(i, &product) && !app_interrupted(); i++)
        tell_rate(json, product.name, product.unit, app_product_rate(i, 1),
                  app_product_rate(i, threads));
    if (!app_interrupted())
        tell_rate(json, "read from memory", "GB/s", app_read_bandwidth(1),
                  app_read_bandwidth(threads));
}

static enum app_exit run_peaks(struct app *app)
{
    enum app_exit code = app_open_runtime(app);
    if (code != APP_OK)
        return code;
    const int threads = fid_runtime_threads(app->runtime);
    const double clock = app_clock_hz() * 1e-9;
    if (!app_option_flag(app, "json")) {
        if (isfinite(clock))
            printf("clock of one busy core: %.2f GHz\n", clock);
        printf("%-44s %9d %9d threads\n", "", 1, threads);
        tell_rates(NULL, threads);
    } else {
        struct app_json json = app_json_begin(stdout);
        app_json_open(&json, NULL, '{');
        app_json_whole(&json, "v", 1);
        app_json_text(&json, "measured", "peaks");
        app_json_number(&json, "clock_ghz", clock, 3);
        app_json_whole(&json, "threads", threads);
        app_json_open(&json, "rates", '[');
        tell_rates(&json, threads);
        app_json_close(&json, ']');
        app_json_close(&json, '}');
        app_json_line(&json);
    }
    return app_interrupted() ? APP_INTERRUPTED : APP_OK;
}

/* ---- compare ---- */

static enum app_exit run_compare(struct app *app)
{
    const char *path_a = app->arguments.words[1], *path_b = app->arguments.words[2];
    struct app_layers *a = NULL, *b = NULL;
    size_t count_a = 0, count_b = 0;
    enum app_exit code = app_layers_read(path_a, &a, &count_a);
    if (code == APP_OK)
        code = app_layers_read(path_b, &b, &count_b);
    if (code == APP_OK && count_a != count_b) {
        app_warn(
            "%s is of %zu graphs and %s of %zu: only results of the same graphs can be compared",
            path_a, count_a, path_b, count_b);
        code = APP_INPUT;
    }
    for (size_t i = 0; code == APP_OK && i < count_a; i++) {
        fputs(i > 0 ? "\n" : "", stdout);
        code = app_layers_compare(path_a, &a[i], path_b, &b[i]);
    }
    app_layers_free_list(a, count_a);
    app_layers_free_list(b, count_b);
    return code;
}

/* ---- the verb ---- */

enum { ALL = 1, LAYERS = 2, STAGES = 4, PEAKS = 8, COMPARE = 16 };

static const struct action {
    const char *name;
    unsigned flag;
    enum app_exit (*run)(struct app *app);
    int most_words; /* after the name; -1: any number */
} actions[] = {
    {"all", ALL, run_all, -1},
    {"layers", LAYERS, run_layers, 0},
    {"stages", STAGES, run_stages, -1},
    {"peaks", PEAKS, run_peaks, 0},
    {"compare", COMPARE, run_compare, 2},
};

enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static const struct {
    const char *option;
    unsigned of; /* the actions that take the option */
} takes[] = {
    {"runs", ALL | LAYERS | STAGES},
    {"seconds", ALL | LAYERS | STAGES},
    {"batch", ALL | LAYERS | STAGES},
    {"size", ALL | LAYERS | STAGES},
    {"people", ALL | STAGES},
    {"graph", LAYERS},
    {"against", LAYERS},
    {"svg", LAYERS},
};

static enum app_exit check(const struct app *app, const struct action *action)
{
    int width, height;
    const int words = app->arguments.count - 1;
    for (size_t i = 0; i < sizeof takes / sizeof takes[0]; i++)
        if ((takes[i].of & action->flag) == 0 && app_option_text(app, takes[i].option, NULL))
            return app_usage(app, "%s takes no --%s", action->name, takes[i].option);
    if (app_option_text(app, "runs", NULL) != NULL && app_option_text(app, "seconds", NULL) != NULL)
        return app_usage(app, "give either --runs or --seconds");
    if (action->most_words >= 0 && words > action->most_words)
        return app_usage(app, "%s has no use for '%s'", action->name,
                         app->arguments.words[1 + action->most_words]);
    if (action->flag == COMPARE && words < 2)
        return app_usage(app, "compare needs two files, which faceid bench layers --json wrote");
    return read_size(app, &width, &height);
}

static enum app_exit run(struct app *app)
{
    const char *name = app->arguments.count > 0 ? app->arguments.words[0] : actions[0].name;
    for (int i = 0; i < ACTION_COUNT; i++)
        if (strcmp(name, actions[i].name) == 0) {
            enum app_exit code = check(app, &actions[i]);
            return code == APP_OK ? actions[i].run(app) : code;
        }
    return app_usage(app, "'%s' is not all, layers, stages, peaks or compare", name);
}

const struct app_verb app_verb_bench = {
    .name = "bench",
    .arguments = "all|layers|stages|peaks|compare [FILE]...",
    .summary = "how fast this machine is, by layer and by stage",
    .details =
        "  all      layers, then stages; the default\n"
        "  layers   the networks by layer: method, kernel, shape, time, speed, bytes\n"
        "  stages   a frame: decode, detect, align, embed, look up\n"
        "  peaks    clock, and the peaks of multiply-add and of reading memory\n"
        "  compare  two FILEs written by layers --json, side by side\n"
        "All times are given as fastest and median. layers measures --model and --detector,\n"
        "whichever are given, or both, with a fixed pattern as input. It reports each layer's\n"
        "share of the multiply-add peak measured in the same run, its bytes (input, weights and\n"
        "output once each), then the sum, the whole pass, load time and memory. GFLOP counts two\n"
        "per multiply-add of a direct convolution; Winograd does fewer, so such a layer may\n"
        "exceed 100 % of the peak. stages examines each FILE, a picture, as a JPEG, or a made-up\n"
        "one; a picture without a face gets a made-up face. No gallery is touched.\n",
    .examples = "faceid bench\tlayers and stages with the models in use\n"
                "faceid bench stages --threads 1 a.jpg\ta frame on one core\n"
                "faceid bench layers --model A.fid --json\ta network by layer, for programs\n"
                "faceid bench compare before.json after.json\twhat a change brought\n"
                "faceid bench peaks\tthe limits of this CPU\n",
    .min_arguments = 0,
    .max_arguments = -1,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR,
    .options = bench_options,
    .run = run,
};
