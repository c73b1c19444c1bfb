/* common.h - what the benchmark programs share: refusals, samples, option values. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include "app/bench/times.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Every program here ends with 0 when it has measured, 1 when a file or a model cannot be used and
 * 2 when it was called in a wrong way. */
enum { BENCH_EXIT_FAILED = 1, BENCH_EXIT_USAGE = 2 };

/* The program's name, for its messages; each main file defines it. */
extern const char bench_name[];

/* Print "bench_name: " and the sentence on stderr and exit. */
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void bench_refuse(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Zeroed memory, aligned to 64 bytes; bench_fail when there is none. free() frees it. */
void *bench_alloc(size_t count, size_t bytes);

/* Milliseconds of one run(context): `runs` samples, after `warm` runs that are not counted. */
struct app_times bench_measure(void (*run)(void *), void *context, int runs, int warm);

/* The value of an option that is a whole number of at least `least`; bench_refuse otherwise. */
int bench_number(const char *option, const char *text, int least);
/* The word behind option argv[*i], to which *i is moved; bench_refuse when there is none. */
const char *bench_value(int argc, char **argv, int *i);

#endif
