/* What a count says about a chance, against sums over all outcomes. */
#include "engine/face/evaluate/binomial.h"
#include "tests/check/check.h"

#include <math.h>

/* The chance of just k of n, factor by factor. */
static long double just(size_t k, size_t n, long double p)
{
    long double chance = 1.0L;
    for (size_t i = 1; i <= k; i++)
        chance *= p * (long double)(n - k + i) / (long double)i;
    for (size_t i = 0; i < n - k; i++)
        chance *= 1.0L - p;
    return chance;
}

static long double at_most(size_t k, size_t n, long double p)
{
    long double sum = 0.0L;
    for (size_t i = 0; i <= k; i++)
        sum += just(i, n, p);
    return sum;
}

static void tails_are_sums(void)
{
    for (size_t n = 1; n <= 60; n += n < 8 ? 1 : 13)
        for (size_t k = 0; k <= n; k++)
            for (int i = 0; i <= 20; i++) {
                double p = i / 20.0, got = fid_binomial_at_most(k, n, p);
                double want = (double)at_most(k, n, p);
                /* A term is the power of a rounded logarithm: n halves of the last bit or so. */
                CHECK_THAT(fabs(got - want) < 1e-13, "at most %zu of %zu, %g: %.17g, not %.17g", k,
                           n, p, got, want);
            }
}

/* Solved with 60 decimals and whole binomials by another program. */
static void known_intervals(void)
{
    static const struct {
        size_t k, n;
        double confidence, low, high;
    } cases[] = {
        {0, 10, 0.95, 0.000000000000000, 0.308497107818761},
        {5, 10, 0.95, 0.187086028447399, 0.812913971552601},
        {0, 300, 0.95, 0.000000000000000, 0.012220974694294},
        {3, 300, 0.95, 0.002067007235092, 0.028944511255693},
        {1, 150, 0.95, 0.000168771143110, 0.036583167740580},
        {7, 1000, 0.95, 0.002818858759621, 0.014369194978919},
        {297, 300, 0.95, 0.971055488744307, 0.997932992764908},
        {4, 8, 0.9, 0.192902949994131, 0.807097050005869},
        {1, 1, 0.99, 0.005000000000000, 1.000000000000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double low, high;
        fid_binomial_interval(cases[i].k, cases[i].n, cases[i].confidence, &low, &high);
        CHECK_THAT(fabs(low - cases[i].low) < 1e-12 && fabs(high - cases[i].high) < 1e-12,
                   "%zu of %zu: %.15f to %.15f", cases[i].k, cases[i].n, low, high);
    }
}

/* For any chance the interval misses it in at most 5 % of all outcomes, and on either side
 * in at most 2.5 %. */
static void intervals_cover(void)
{
    enum { N = 40 };
    double low[N + 1], high[N + 1];
    for (size_t k = 0; k <= N; k++)
        fid_binomial_interval(k, N, 0.95, &low[k], &high[k]);
    for (int i = 1; i < 1000; i++) {
        long double p = i / 1000.0L, above = 0.0L, below = 0.0L;
        for (size_t k = 0; k <= N; k++) {
            above += low[k] > (double)p ? just(k, N, p) : 0.0L;
            below += high[k] < (double)p ? just(k, N, p) : 0.0L;
        }
        CHECK_THAT(above <= 0.025L && below <= 0.025L, "p %.3f: missed with %.5f and %.5f",
                   (double)p, (double)above, (double)below);
    }
}

static void ends_are_closed(void)
{
    double low, high;
    fid_binomial_interval(0, 0, 0.95, &low, &high);
    CHECK(low == 0.0 && high == 1.0);
    fid_binomial_interval(0, 1000000, 0.95, &low, &high);
    CHECK(low == 0.0 && fabs(high - (1.0 - pow(0.025, 1e-6))) < 1e-15);
    fid_binomial_interval(1000000, 1000000, 0.95, &low, &high);
    CHECK(high == 1.0 && fabs(low - pow(0.025, 1e-6)) < 1e-15);
    CHECK(fid_binomial_at_most(0, 5, 0.0) == 1.0 && fid_binomial_at_most(4, 5, 1.0) == 0.0 &&
          fid_binomial_at_most(5, 5, 1.0) == 1.0);
}

CHECK_MAIN(CHECK_CASE(tails_are_sums), CHECK_CASE(known_intervals), CHECK_CASE(intervals_cover),
           CHECK_CASE(ends_are_closed))
