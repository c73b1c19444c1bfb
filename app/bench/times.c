/* times.c - least and median of samples, and what a process has used. */
#include "app/bench/times.h"
#include "app/clock.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

double app_now_ms(void)
{
    return (double)app_now_ns() / (double)APP_NS_PER_MS;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct app_times app_times_of(double *samples, size_t count)
{
    qsort(samples, count, sizeof *samples, by_value);
    return (struct app_times){samples[0], samples[count / 2]};
}

int app_effort_runs(const struct app_effort *effort, double run_ms)
{
    enum { MOST = 10000 };
    if (effort->seconds <= 0)
        return effort->runs;
    return (int)fmin(fmax(ceil(1e3 * effort->seconds / fmax(run_ms, 1e-6)), 1), MOST);
}

void app_fill_pattern(float *numbers, size_t count)
{
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u; /* Numerical Recipes */
        numbers[i] = (float)(state >> 8) / (float)(1 << 23) - 1.0f;
    }
}

double app_peak_memory_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}
