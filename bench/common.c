#include "bench/common.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

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

double bench_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct bench_times bench_summary(double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, by_value);
    return (struct bench_times){samples[0], samples[count / 2]};
}

struct bench_times bench_measure(void (*run)(void *), void *context, int runs, int warm)
{
    double *samples = bench_alloc((size_t)runs, sizeof *samples);
    for (int i = 0; i < warm; i++)
        run(context);
    for (int i = 0; i < runs; i++) {
        const double start = bench_now_ms();
        run(context);
        samples[i] = bench_now_ms() - start;
    }
    const struct bench_times times = bench_summary(samples, (size_t)runs);
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

void bench_size(const char *option, const char *text, int *width, int *height)
{
    int used = 0;
    if (sscanf(text, "%5dx%5d%n", width, height, &used) != 2 || text[used] != '\0' || *width < 1 ||
        *height < 1 || *width > 32767 || *height > 32767)
        bench_refuse("%s: '%s' is no size such as 640x480", option, text);
}

const char *bench_value(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc)
        bench_refuse("%s needs a value (--help lists the switches)", argv[*i]);
    return argv[++*i];
}

void bench_pattern(float *numbers, size_t count)
{
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes */
        numbers[i] = (float)(state >> 8) / (float)(1 << 23) - 1.0f;
    }
}

double bench_peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}

void bench_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*c);
        else
            fputc(*c, out);
    fputc('"', out);
}

void bench_json_number(FILE *out, double number, int decimals)
{
    if (isfinite(number))
        fprintf(out, "%.*f", decimals, number);
    else
        fputs("null", out);
}
