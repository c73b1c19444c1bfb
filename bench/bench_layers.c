/* bench_layers MODEL.fid [--graph NAME] [--batch N] [--threads N] [--isa NAME] [--method NAME]
 *              [--compare METHOD] [--runs N] [--json]
 *
 * Time of a forward pass by layer: what each step is, how it is computed, its size, its fastest and
 * median time over the runs, its speed and its share; then the whole pass, the load time and the
 * peak of resident memory. --compare runs a second session with that method in turns with the first
 * and prints both whole passes, so that a busy machine slows both alike. The input is a fixed
 * pattern; the peak is that of the process, so of both sessions with --compare. */
#include "engine/fid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct arguments {
    const char *model, *graph, *compare;
    struct fid_options options;
    int batch, runs;
    bool json;
};

/* One session with everything it stands on and the times of its runs. */
struct subject {
    struct fid_runtime *runtime;
    struct fid_model *model;
    struct fid_session *session;
    double load_ms;
    size_t step_count;
    double *step_ms;  /* [step][run] */
    double *whole_ms; /* [run] */
};

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("bench_layers: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* ---- measuring ---- */

static void fill_input(struct fid_session *session)
{
    struct fid_value input;
    uint32_t state = 1;
    fid_session_input(session, &input);
    const size_t count = (size_t)input.n * (size_t)input.h * (size_t)input.w * (size_t)input.c;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes */
        input.data[i] = (float)(state >> 8) / (float)(1 << 23) - 1.0f;
    }
}

static void open_subject(struct subject *subject, const struct arguments *arguments,
                         const char *method)
{
    struct fid_error error;
    struct fid_options options = arguments->options;
    struct fid_step_info step;
    const struct fid_session_options session_options = {.profile = true};
    options.method = method;
    const double start = now_ms();
    if (fid_runtime_open(&subject->runtime, &options, &error) != FID_OK ||
        fid_model_open(subject->runtime, arguments->model, &subject->model, &error) != FID_OK ||
        fid_session_open(subject->runtime, subject->model, arguments->graph, arguments->batch, 0, 0,
                         &session_options, &subject->session, &error) != FID_OK)
        die("%s", error.text);
    subject->load_ms = now_ms() - start;
    while (fid_session_step(subject->session, subject->step_count, &step))
        subject->step_count++;
    const size_t runs = (size_t)arguments->runs;
    subject->step_ms = calloc(subject->step_count * runs, sizeof(double));
    subject->whole_ms = calloc(runs, sizeof(double));
    if (subject->step_ms == NULL || subject->whole_ms == NULL)
        die("no memory for %d runs", arguments->runs);
    fill_input(subject->session);
    fid_session_run(subject->session, arguments->batch); /* to warm up */
}

static void run_once(struct subject *subject, const struct arguments *arguments, int run)
{
    struct fid_step_info step;
    const double start = now_ms();
    fid_session_run(subject->session, arguments->batch);
    subject->whole_ms[run] = now_ms() - start;
    for (size_t i = 0; fid_session_step(subject->session, i, &step); i++)
        subject->step_ms[i * (size_t)arguments->runs + (size_t)run] = (double)step.last_ns * 1e-6;
}

static void close_subject(struct subject *subject)
{
    fid_session_close(&subject->session);
    fid_model_close(&subject->model);
    fid_runtime_close(&subject->runtime);
    free(subject->step_ms);
    free(subject->whole_ms);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the times; FILLS the smallest and the middle one. */
static void summarise(double *times, int count, double *least, double *median)
{
    qsort(times, (size_t)count, sizeof *times, by_value);
    *least = times[0];
    *median = times[count / 2];
}

static double peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}

/* ---- printing ---- */

struct row {
    struct fid_step_info info;
    double least, median, gflops, share;
};

/* The rows of all steps; the caller frees them. */
static struct row *make_rows(struct subject *subject, const struct arguments *arguments)
{
    struct row *rows = calloc(subject->step_count + 1, sizeof *rows);
    double sum = 0;
    if (rows == NULL)
        die("no memory for %zu rows", subject->step_count);
    for (size_t i = 0; i < subject->step_count; i++) {
        struct row *row = &rows[i];
        fid_session_step(subject->session, i, &row->info);
        summarise(subject->step_ms + i * (size_t)arguments->runs, arguments->runs, &row->least,
                  &row->median);
        row->gflops =
            row->least > 0 ? 2e-6 * (double)row->info.macs * arguments->batch / row->least : 0;
        sum += row->least;
    }
    for (size_t i = 0; i < subject->step_count; i++)
        rows[i].share = sum > 0 ? 100.0 * rows[i].least / sum : 0;
    return rows;
}

static void print_table(const struct row *rows, size_t count)
{
    double least = 0, median = 0;
    uint64_t macs = 0;
    printf("%-28s %-14s %-16s %-20s %-14s %8s %9s %9s %7s %6s\n", "layer", "op", "method", "kernel",
           "output", "MMAC", "ms min", "ms median", "GFLOP/s", "share");
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        char shape[40];
        snprintf(shape, sizeof shape, "%dx%dx%d", row->info.h, row->info.w, row->info.c);
        printf("%-28.28s %-14.14s %-16s %-20s %-14s %8.2f %9.3f %9.3f %7.1f %5.1f%%\n",
               row->info.name, row->info.op, row->info.method, row->info.kernel, shape,
               (double)row->info.macs * 1e-6, row->least, row->median, row->gflops, row->share);
        least += row->least;
        median += row->median;
        macs += row->info.macs;
    }
    printf("%-28s %-14s %-16s %-20s %-14s %8.2f %9.3f %9.3f\n", "sum", "", "", "", "",
           (double)macs * 1e-6, least, median);
}

static void print_json_rows(const struct row *rows, size_t count)
{
    printf("\"layers\":[");
    for (size_t i = 0; i < count; i++) {
        const struct fid_step_info *info = &rows[i].info;
        printf("%s\n{\"op\":\"%s\",\"method\":\"%s\",\"kernel\":\"%s\",\"number\":%zu,\"h\":%d,"
               "\"w\":%d,\"c\":%d,\"macs\":%llu,\"bytes\":%llu,\"min_ms\":%.6f,\"median_ms\":%.6f}",
               i > 0 ? "," : "", info->op, info->method, info->kernel, i, info->h, info->w, info->c,
               (unsigned long long)info->macs, (unsigned long long)info->bytes, rows[i].least,
               rows[i].median);
    }
    printf("],\n");
}

static void print_whole(struct subject *subject, const struct arguments *arguments,
                        const char *what)
{
    double least, median;
    struct fid_session_memory memory;
    summarise(subject->whole_ms, arguments->runs, &least, &median);
    fid_session_memory(subject->session, &memory);
    if (arguments->json)
        printf("\"%s\":{\"isa\":\"%s\",\"threads\":%d,\"batch\":%d,\"runs\":%d,\"min_ms\":%.6f,"
               "\"median_ms\":%.6f,\"load_ms\":%.3f,\"arena_bytes\":%zu,\"packed_bytes\":%zu,"
               "\"scratch_bytes\":%zu},\n",
               what, fid_runtime_isa(subject->runtime), fid_runtime_threads(subject->runtime),
               arguments->batch, arguments->runs, least, median, subject->load_ms,
               memory.arena_bytes, memory.packed_bytes, memory.scratch_bytes);
    else
        printf("%-16s %s, %d threads, batch %d, %d runs: min %.3f ms, median %.3f ms; load %.1f "
               "ms; values %.1f MB, weights %.1f MB, scratch %.1f MB\n",
               what, fid_runtime_isa(subject->runtime), fid_runtime_threads(subject->runtime),
               arguments->batch, arguments->runs, least, median, subject->load_ms,
               (double)memory.arena_bytes / 1048576, (double)memory.packed_bytes / 1048576,
               (double)memory.scratch_bytes / 1048576);
}

static void print_all(struct subject *subject, struct subject *other,
                      const struct arguments *arguments)
{
    struct row *rows = make_rows(subject, arguments);
    const char *method = arguments->options.method ? arguments->options.method : "chosen";
    if (arguments->json) {
        printf("{");
        print_json_rows(rows, subject->step_count);
    } else {
        print_table(rows, subject->step_count);
    }
    print_whole(subject, arguments, method);
    if (arguments->compare != NULL)
        print_whole(other, arguments, arguments->compare);
    if (arguments->json)
        printf("\"peak_rss_mb\":%.1f}\n", peak_mb());
    else
        printf("peak resident memory %.1f MB\n", peak_mb());
    free(rows);
}

/* ---- the command line ---- */

static int number(const char *option, const char *text, int least)
{
    char *end;
    const long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < least || value > 1000000)
        die("%s: '%s' is no number from %d up", option, text, least);
    return (int)value;
}

static void take_option(struct arguments *arguments, const char *option, const char *value)
{
    if (strcmp(option, "--graph") == 0)
        arguments->graph = value;
    else if (strcmp(option, "--isa") == 0)
        arguments->options.isa = value;
    else if (strcmp(option, "--method") == 0)
        arguments->options.method = value;
    else if (strcmp(option, "--compare") == 0)
        arguments->compare = value;
    else if (strcmp(option, "--batch") == 0)
        arguments->batch = number(option, value, 1);
    else if (strcmp(option, "--threads") == 0)
        arguments->options.threads = number(option, value, 0);
    else if (strcmp(option, "--runs") == 0)
        arguments->runs = number(option, value, 1);
    else
        die("unknown option %s", option);
}

static const char usage[] =
    "usage: bench_layers MODEL.fid [--graph NAME] [--batch N] [--threads N] [--isa NAME]\n"
    "                    [--method NAME] [--compare METHOD] [--runs N] [--json]\n"
    "methods: gemm_1x1 indirect_gemm im2col_gemm im2col_openblas depthwise direct";

static struct arguments read_arguments(int argc, char **argv)
{
    struct arguments arguments = {.options = {.threads = 1}, .batch = 1, .runs = 20};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            puts(usage);
            exit(0);
        }
        if (strcmp(argv[i], "--json") == 0)
            arguments.json = true;
        else if (argv[i][0] != '-')
            arguments.model = argv[i];
        else if (i + 1 == argc)
            die("%s needs a value", argv[i]);
        else {
            take_option(&arguments, argv[i], argv[i + 1]);
            i++;
        }
    }
    if (arguments.model == NULL)
        die("%s", usage);
    return arguments;
}

int main(int argc, char **argv)
{
    const struct arguments arguments = read_arguments(argc, argv);
    struct subject subject = {0}, other = {0};
    open_subject(&subject, &arguments, arguments.options.method);
    if (arguments.compare != NULL)
        open_subject(&other, &arguments, arguments.compare);
    for (int run = 0; run < arguments.runs; run++) {
        run_once(&subject, &arguments, run);
        if (arguments.compare != NULL)
            run_once(&other, &arguments, run);
    }
    print_all(&subject, &other, &arguments);
    close_subject(&subject);
    if (arguments.compare != NULL)
        close_subject(&other);
    return 0;
}
