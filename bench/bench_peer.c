/* bench_peer - one line about one process: how fast a network is, how soon the first output is
 * there, how much memory it took and how right it is. Started by bench/peer. */
#include "bench/common.h"
#include "engine/fid.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char bench_name[] = "bench/peer";

static const char usage[] =
    "usage: bench/peer [SWITCH...] MODELDIR BATCH THREADS RUNS PREC\n"
    "\n"
    "Times a network on BATCH copies of MODELDIR/input.bin ([c][h][w] f32) and compares the last\n"
    "output with MODELDIR/ref.bin. PREC is fp32 (MODELDIR/resnet50.onnx, converted once to\n"
    "MODELDIR/faceid.fid) or int8 (MODELDIR/int8.fid, which faceid model quantize makes). Prints "
    "one\n"
    "line: program, version with kernel table, precision, batch, threads, fastest and median ms "
    "of\n"
    "RUNS runs (after 5 to warm up, if RUNS > 1), ms from the process's start to the first output\n"
    "and to the end of loading, peak resident MB, cosine and largest error against the reference.\n"
    "The start is T0 of the environment (ns since 1970), else main's.\n"
    "\n"
    "  --model NAME   the file of MODELDIR to run, as it is (default: PREC's)\n"
    "  --isa NAME     kernel table (default: FID_ISA of the environment, else the best)\n"
    "  --method NAME  convolution method wherever it applies (default: chosen by layer)\n"
    "  --low-memory    no filters packed larger than they are: less memory, slower\n"
    "  --help         this text\n"
    "\n"
    "Exit codes: 0 measured; 1 a file or model cannot be used; 2 wrong usage.\n";

struct arguments {
    const char *folder, *model;
    int batch, threads, runs;
    const char *precision;
    struct fid_options options;
    struct fid_session_options session_options;
};

/* Wall clock in ms since 1970, the clock of T0. */
static double wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double start_ms(void)
{
    const char *text = getenv("T0");
    return text != NULL && *text != '\0' ? strtod(text, NULL) * 1e-6 : wall_ms();
}

/* ---- the command line ---- */

/* Everything that a switch can turn on or off in the engine is set here. */
static void take_switch(struct arguments *arguments, int argc, char **argv, int *i)
{
    if (strcmp(argv[*i], "--model") == 0)
        arguments->model = bench_value(argc, argv, i);
    else if (strcmp(argv[*i], "--isa") == 0)
        arguments->options.isa = bench_value(argc, argv, i);
    else if (strcmp(argv[*i], "--low-memory") == 0)
        arguments->options.low_memory = true;
    else if (strcmp(argv[*i], "--method") == 0)
        arguments->options.method = bench_value(argc, argv, i);
    else
        bench_refuse("there is no switch %s (--help lists them)", argv[*i]);
}

/* The file of MODELDIR for a precision. */
static const char *model_of(const char *precision)
{
    if (strcmp(precision, "fp32") == 0)
        return "faceid.fid";
    if (strcmp(precision, "int8") == 0)
        return "int8.fid";
    bench_refuse("there is no precision '%s' here, only fp32 and int8", precision);
}

static const char *isa_of_environment(void)
{
    const char *isa = getenv("FID_ISA");
    return isa != NULL && *isa != '\0' ? isa : NULL;
}

static struct arguments read_arguments(int argc, char **argv)
{
    enum { WORDS = 5 };
    struct arguments arguments = {.options = {.isa = isa_of_environment()}};
    const char *words[WORDS];
    int count = 0;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            exit(0);
        } else if (argv[i][0] == '-')
            take_switch(&arguments, argc, argv, &i);
        else if (count < WORDS)
            words[count++] = argv[i];
        else
            bench_refuse("'%s' is one word too many (--help has more)", argv[i]);
    if (count != WORDS)
        bench_refuse("wants MODELDIR BATCH THREADS RUNS PREC (--help has more)");
    arguments.folder = words[0];
    arguments.batch = bench_number("BATCH", words[1], 1);
    arguments.threads = arguments.options.threads = bench_number("THREADS", words[2], 1);
    arguments.runs = bench_number("RUNS", words[3], 1);
    arguments.precision = words[4];
    const char *model = model_of(arguments.precision);
    if (arguments.model == NULL)
        arguments.model = model;
    return arguments;
}

/* ---- files ---- */

static void path_of(char *path, size_t bytes, const char *folder, const char *name)
{
    if ((size_t)snprintf(path, bytes, "%s/%s", folder, name) >= bytes)
        bench_fail("the name of the folder %.100s... is too long", folder);
}

/* Exactly count numbers of a file; the caller frees them. */
static float *read_floats(const char *folder, const char *name, size_t count)
{
    char path[4096], extra;
    path_of(path, sizeof path, folder, name);
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        bench_fail("%s: %s", path, strerror(errno));
    float *numbers = bench_alloc(count, sizeof *numbers);
    if (fread(numbers, sizeof *numbers, count, file) != count || fread(&extra, 1, 1, file) != 0)
        bench_fail("%s does not hold %zu numbers of 4 bytes", path, count);
    fclose(file);
    return numbers;
}

/* ---- the contestant ---- */

struct contestant {
    struct fid_runtime *runtime;
    struct fid_model *model;
    struct fid_session *session;
    int batch;
};

static void open_contestant(const struct arguments *arguments, struct contestant *c)
{
    char path[4096];
    struct fid_error error;
    path_of(path, sizeof path, arguments->folder, arguments->model);
    if (fid_runtime_open(&c->runtime, &arguments->options, &error) != FID_OK) {
        if (error.status == FID_INVALID || error.status == FID_UNSUPPORTED)
            bench_refuse("%s", error.text);
        bench_fail("%s", error.text);
    }
    if (fid_model_open(c->runtime, path, &c->model, &error) != FID_OK)
        bench_fail("%s%s", error.text,
                   error.status == FID_NOT_FOUND && strcmp(arguments->precision, "int8") == 0
                       ? "; faceid model quantize makes it of faceid.fid"
                       : "");
    if (fid_session_open(c->runtime, c->model, NULL, arguments->batch, 0, 0,
                         &arguments->session_options, &c->session, &error) != FID_OK)
        bench_fail("%s", error.text);
    c->batch = arguments->batch;
}

static void close_contestant(struct contestant *c)
{
    fid_session_close(&c->session);
    fid_model_close(&c->model);
    fid_runtime_close(&c->runtime);
}

/* Copies of input.bin, which is channels first, into the channels-last input. */
static void fill_input(const struct arguments *arguments, struct fid_session *session)
{
    struct fid_value input;
    fid_session_input(session, &input);
    const size_t pixels = (size_t)input.h * (size_t)input.w, channels = (size_t)input.c;
    float *planes = read_floats(arguments->folder, "input.bin", pixels * channels);
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            input.data[p * channels + c] = planes[c * pixels + p];
    for (size_t i = 1; i < (size_t)input.n; i++)
        memcpy(input.data + i * pixels * channels, input.data, pixels * channels * sizeof(float));
    free(planes);
}

static void run(void *context)
{
    struct contestant *c = context;
    fid_session_run(c->session, c->batch);
}

/* FILLS cosine and largest error of the last output of the batch against ref.bin. */
static void judge(const struct arguments *arguments, struct fid_session *session, double *cosine,
                  double *largest)
{
    struct fid_value value;
    fid_session_output(session, NULL, &value);
    const size_t count = (size_t)value.h * (size_t)value.w * (size_t)value.c;
    const float *got = value.data + ((size_t)value.n - 1) * count;
    float *want = read_floats(arguments->folder, "ref.bin", count);
    double both = 0, got_square = 0, want_square = 0;
    *largest = 0;
    for (size_t i = 0; i < count; i++) {
        const double a = got[i], b = want[i], error = fabs(a - b);
        both += a * b;
        got_square += a * a;
        want_square += b * b;
        if (isnan(error) || error > *largest) /* a NaN stays */
            *largest = error;
    }
    *cosine = both / sqrt(got_square * want_square);
    free(want);
}

int main(int argc, char **argv)
{
    enum { WARM_RUNS = 5 };
    const double start = start_ms();
    const struct arguments arguments = read_arguments(argc, argv);
    struct contestant contestant;
    char version[64];
    double cosine, largest;
    open_contestant(&arguments, &contestant);
    const double load = wall_ms() - start;
    fill_input(&arguments, contestant.session);
    run(&contestant);
    const double first = wall_ms() - start;
    judge(&arguments, contestant.session, &cosine, &largest);
    const struct app_times times =
        bench_measure(run, &contestant, arguments.runs, arguments.runs > 1 ? WARM_RUNS : 0);
    snprintf(version, sizeof version, "%s-%s", FID_VERSION, fid_runtime_isa(contestant.runtime));
    printf("%-10s %-16s %-5s b%d t%d min %8.2f median %8.2f ms  first %7.0f load %7.0f ms  "
           "rss %5.0f MB  cos %.5f maxerr %.2g\n",
           "faceid", version, arguments.precision, arguments.batch, arguments.threads, times.least,
           times.median, first, load, app_peak_memory_mb(), cosine, largest);
    close_contestant(&contestant);
    return 0;
}
