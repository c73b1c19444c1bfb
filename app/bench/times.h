/* times.h - how long something took: the clock, and many samples in two figures. For `faceid bench`
 * and for the programs of bench/. */
#ifndef APP_TIMES_H
#define APP_TIMES_H

#include <stddef.h>

double app_now_ms(void); /* a monotonic clock */

struct app_times {
    double least, median; /* in the unit of the samples */
};
/* Sorts the samples; count ≥ 1. */
struct app_times app_times_of(double *samples, size_t count);

/* How long to measure: so many runs or, where seconds is above 0, as many as take that long. */
struct app_effort {
    int runs;
    double seconds;
};
/* The number of runs, 1 to 10000, when one takes run_ms. */
int app_effort_runs(const struct app_effort *effort, double run_ms);

/* FILLS count numbers with a fixed pattern between -1 and 1. */
void app_fill_pattern(float *numbers, size_t count);

/* Peak resident memory of this process so far, in MiB. */
double app_peak_memory_mb(void);

#endif
