/* common.c - what the bench programs share: messages, aligned memory, timing, and numbers on the
 * command line. */
#include "bench/common.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *format, va_list args)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", bench_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    exit(BENCH_EXIT_FAILED);
}

void bench_refuse(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    exit(BENCH_EXIT_USAGE);
}

void *bench_alloc(size_t count, size_t bytes)
{
    const size_t size = (count * bytes + 64) / 64 * 64;
    void *memory = bytes > 0 && count <= (SIZE_MAX - 64) / bytes ? aligned_alloc(64, size) : NULL;
    if (memory == NULL)
        bench_fail("no memory for %zu x %zu bytes", count, bytes);
    return memset(memory, 0, size);
}

struct app_times bench_measure(void (*run)(void *), void *context, int runs, int warm)
{
    double *samples = bench_alloc((size_t)runs, sizeof *samples);
    for (int i = 0; i < warm; i++)
        run(context);
    for (int i = 0; i < runs; i++) {
        const double start = app_now_ms();
        run(context);
        samples[i] = app_now_ms() - start;
    }
    const struct app_times times = app_times_of(samples, (size_t)runs);
    free(samples);
    return times;
}

int bench_number(const char *option, const char *text, int least)
{
    char *end;
    const long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < least || value > 1000000)
        bench_refuse("%s: '%s' is no whole number from %d to 1000000", option, text, least);
    return (int)value;
}

const char *bench_value(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc)
        bench_refuse("%s needs a value (--help lists the switches)", argv[*i]);
    return argv[++*i];
}
