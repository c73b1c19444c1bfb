/* binomial.c - Clopper and Pearson's bounds of a share. */
#include "engine/face/evaluate/binomial.h"

#include <assert.h>
#include <math.h>

/* lgamma_r, because lgamma writes a global. */
static double log_factorial(double n)
{
    int sign;
    return lgamma_r(n + 1.0, &sign);
}

/* The chance of just k of n; 0 < p < 1. */
static double just(double k, double n, double p)
{
    return exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) + k * log(p) +
               (n - k) * log1p(-p));
}

/* The sum of the terms 0..k, which fall from k down: k is not above n * p. */
static double lower_tail(double k, double n, double p)
{
    double term = just(k, n, p), sum = term;
    for (double i = k; i > 0.0 && term > sum * 1e-18; i--) {
        term *= i / (n - i + 1.0) * ((1.0 - p) / p);
        sum += term;
    }
    return sum;
}

double fid_binomial_at_most(size_t k, size_t n, double p)
{
    assert(p >= 0.0 && p <= 1.0);
    if (k >= n || p <= 0.0)
        return 1.0;
    if (p >= 1.0)
        return 0.0;
    double count = (double)n, most = (double)k;
    if (most <= count * p)
        return fmin(lower_tail(most, count, p), 1.0);
    /* Of more than k: at most n - k - 1 of what does not happen. */
    return fmax(1.0 - lower_tail(count - most - 1.0, count, 1.0 - p), 0.0);
}

/* The chance at which at most k of n are as rare as `rare`: halving, until numbers end. */
static double upper_bound(size_t k, size_t n, double rare)
{
    if (k >= n)
        return 1.0;
    double low = (double)k / (double)n, high = 1.0, middle;
    while ((middle = (low + high) / 2.0) > low && middle < high)
        if (fid_binomial_at_most(k, n, middle) > rare)
            low = middle;
        else
            high = middle;
    return high;
}

void fid_binomial_interval(size_t k, size_t n, double confidence, double *low, double *high)
{
    assert(k <= n && confidence > 0.0 && confidence < 1.0);
    double rare = (1.0 - confidence) / 2.0;
    *high = upper_bound(k, n, rare);
    *low = 1.0 - upper_bound(n - k, n, rare);
}
