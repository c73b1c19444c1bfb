/* bench_layers - time of a forward pass by layer, against what the machine can do at most, measured
 * in the same run. `usage` below has the switches. */
#include "bench/layer_run.h"
#include "bench/peak.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char bench_name[] = "bench_layers";

static const char usage[] =
    "usage: bench_layers MODEL.fid [SWITCH...]\n"
    "       bench_layers --compare A.json B.json\n"
    "\n"
    "Time of a forward pass by layer: method, kernel, shape of the output with window and stride,\n"
    "GFLOP, fastest and median time, speed and its share of the multiply-add peak that is "
    "measured\n"
    "in the same run, bytes (input, weights and output once each), GB/s; then sum, whole pass, "
    "load\n"
    "time and memory. The input is a fixed pattern.\n"
    "\n"
    "  --isa NAME        kernel table (default: the best)\n"
    "  --method NAME     convolution method wherever it applies (default: chosen by layer)\n"
    "  --low-memory       no filters packed larger than they are: less memory, slower\n"
    "  --against METHOD  a second session with that method in turns with the first, so that a "
    "busy\n"
    "                    machine slows both alike; memory is then that of both\n"
    "  --threads N       default 1; 0: one for each core\n"
    "  --batch N         inputs at once (default 1)\n"
    "  --runs N          default 20, after 3 to warm up (none with 1)\n"
    "  --graph NAME      of a model with several graphs (default: the first)\n"
    "  --size WxH        of the input, for graphs of free size (default: the customary one)\n"
    "  --svg FILE        draw a roofline picture too\n"
    "  --json            print JSON instead of the table\n"
    "  --compare A B     two files that --json made, side by side\n"
    "  --help            this text\n"
    "\n"
    "GFLOP counts a direct convolution's multiply-adds as two each. Winograd does fewer, so such "
    "a\n"
    "layer may exceed 100 % of the peak.\n"
    "Exit codes: 0 measured; 1 a file or model cannot be used; 2 wrong usage.\n";

struct arguments {
    struct layer_setting setting;
    const char *against, *svg;
    const char *compare[2];
    bool json;
};

static void take_switch(struct arguments *arguments, int argc, char **argv, int *i)
{
    struct layer_setting *setting = &arguments->setting;
    const char *option = argv[*i];
    if (strcmp(option, "--json") == 0)
        arguments->json = true;
    else if (strcmp(option, "--graph") == 0)
        setting->graph = bench_value(argc, argv, i);
    else if (strcmp(option, "--isa") == 0)
        setting->options.isa = bench_value(argc, argv, i);
    else if (strcmp(option, "--low-memory") == 0)
        setting->options.low_memory = true;
    else if (strcmp(option, "--method") == 0)
        setting->options.method = bench_value(argc, argv, i);
    else if (strcmp(option, "--against") == 0)
        arguments->against = bench_value(argc, argv, i);
    else if (strcmp(option, "--svg") == 0)
        arguments->svg = bench_value(argc, argv, i);
    else if (strcmp(option, "--batch") == 0)
        setting->batch = bench_number(option, bench_value(argc, argv, i), 1);
    else if (strcmp(option, "--threads") == 0)
        setting->options.threads = bench_number(option, bench_value(argc, argv, i), 0);
    else if (strcmp(option, "--runs") == 0)
        setting->runs = bench_number(option, bench_value(argc, argv, i), 1);
    else if (strcmp(option, "--size") == 0)
        bench_size(option, bench_value(argc, argv, i), &setting->width, &setting->height);
    else if (strcmp(option, "--compare") == 0) {
        arguments->compare[0] = bench_value(argc, argv, i);
        arguments->compare[1] = bench_value(argc, argv, i);
    } else
        bench_refuse("there is no switch %s (--help lists them)", option);
}

static struct arguments read_arguments(int argc, char **argv)
{
    struct arguments arguments = {.setting = {.options = {.threads = 1}, .batch = 1, .runs = 20}};
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        } else if (argv[i][0] == '-')
            take_switch(&arguments, argc, argv, &i);
        else if (arguments.setting.model != NULL)
            bench_refuse("one model at a time: %s and %s", arguments.setting.model, argv[i]);
        else
            arguments.setting.model = argv[i];
    if ((arguments.setting.model == NULL) == (arguments.compare[0] == NULL))
        bench_refuse("needs either a MODEL.fid or --compare A.json B.json (--help has more)");
    return arguments;
}

static int compare(const struct arguments *arguments)
{
    struct layer_result a, b;
    layer_result_read(arguments->compare[0], &a);
    layer_result_read(arguments->compare[1], &b);
    layer_result_compare(arguments->compare[0], &a, arguments->compare[1], &b);
    layer_result_free(&a);
    layer_result_free(&b);
    return 0;
}

/* The peak is taken before and after the runs: the clock of a busy or hot machine wanders. Reading
 * memory comes last, so that the peak of resident memory is the session's own. */
static void measure(const struct arguments *arguments, struct layer_result *result,
                    struct layer_result *other)
{
    const char *against = arguments->against;
    struct layer_run *run = layer_run_open(&arguments->setting, arguments->setting.options.method);
    struct layer_run *second = against ? layer_run_open(&arguments->setting, against) : NULL;
    const double before = bench_fma_peak(layer_run_isa(run), layer_run_threads(run));
    for (int i = 0; i < arguments->setting.runs; i++) {
        layer_run_once(run);
        if (second != NULL)
            layer_run_once(second);
    }
    layer_run_result(run, result);
    if (second != NULL)
        layer_run_result(second, other);
    layer_run_close(&run);
    layer_run_close(&second);
    result->peak = other->peak = fmax(before, bench_fma_peak(result->isa, result->threads));
    result->bandwidth = other->bandwidth = bench_read_bandwidth(result->threads);
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv);
    struct layer_result result = {0}, other = {0};
    if (arguments.compare[0] != NULL)
        return compare(&arguments);
    measure(&arguments, &result, &other);
    const struct layer_result *against = arguments.against != NULL ? &other : NULL;
    if (arguments.svg != NULL)
        layer_result_draw(&result, arguments.svg);
    if (arguments.json)
        layer_result_write(&result, against, stdout);
    else
        layer_result_print(&result, against);
    layer_result_free(&result);
    layer_result_free(&other);
    return 0;
}
