/* binomial.h - what a count says about the chance behind it. */
#ifndef FID_FACE_BINOMIAL_H
#define FID_FACE_BINOMIAL_H

#include <stddef.h>

/* The chance of at most k of n, each happening with the chance p (0..1). */
double fid_binomial_at_most(size_t k, size_t n, double p);

/* FILLS the interval of Clopper and Pearson for the chance of what happened k times of n (k <= n):
 * 0 <= low <= k / n <= high <= 1. It misses the true chance with at most 1 - confidence, half of
 * that on each side; confidence lies between 0 and 1 (0.95). With n = 0 it is 0..1. */
void fid_binomial_interval(size_t k, size_t n, double confidence, double *low, double *high);

#endif
