/* peak.c - the loops are assembly, so that each has the width it says whatever flags this file is
 * compiled with. 12 chains of multiply-adds: more than units × latency of any core so far. */
#include "bench/peak.h"
#include "bench/common.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 2000000, CHAINS = 12, SAMPLES = 15 };

typedef void (*fma_fn)(size_t steps);

#if defined(__x86_64__)

#define FMA_LOOP(reg)                                                                        \
    __asm__ volatile(".irp i,0,1,2,3,4,5,6,7,8,9,10,11,14,15\n"                              \
                     "vxorps %%xmm\\i, %%xmm\\i, %%xmm\\i\n"                                 \
                     ".endr\n"                                                               \
                     "1:\n"                                                                  \
                     ".irp i,0,1,2,3,4,5,6,7,8,9,10,11\n"                                    \
                     "vfmadd231ps %%" reg "14, %%" reg "15, %%" reg "\\i\n"                  \
                     ".endr\n"                                                               \
                     "dec %0\n"                                                              \
                     "jnz 1b\n"                                                              \
                     "vzeroupper\n"                                                          \
                     : "+r"(steps)                                                           \
                     :                                                                       \
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15")

static void fma_256(size_t steps)
{
    FMA_LOOP("ymm");
}

static void fma_512(size_t steps)
{
    FMA_LOOP("zmm");
}

static fma_fn choose(const char *isa, size_t *lanes)
{
    const bool wide = strncmp(isa, "avx512", 6) == 0;
    *lanes = wide ? 16 : 8;
    if (wide)
        return __builtin_cpu_supports("avx512f") ? fma_512 : NULL;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? fma_256 : NULL;
}

#elif defined(__aarch64__)

static void fma_128(size_t steps)
{
    __asm__ volatile(".irp i,0,1,2,3,4,5,6,7,16,17,18,19,30,31\n"
                     "movi v\\i\\().4s, #0\n"
                     ".endr\n"
                     "1:\n"
                     ".irp i,0,1,2,3,4,5,6,7,16,17,18,19\n"
                     "fmla v\\i\\().4s, v30.4s, v31.4s\n"
                     ".endr\n"
                     "subs %0, %0, #1\n"
                     "b.ne 1b\n"
                     : "+r"(steps)
                     :
                     : "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18",
                       "v19", "v30", "v31");
}

static fma_fn choose(const char *isa, size_t *lanes)
{
    (void)isa;
    *lanes = 4;
    return fma_128;
}

#else

static fma_fn choose(const char *isa, size_t *lanes)
{
    (void)isa;
    *lanes = 0;
    return NULL;
}

#endif

/* ---- reading ---- */

enum { READ_BYTES = 128 << 20 }; /* a thread; more than last-level caches hold */

typedef uint64_t words __attribute__((vector_size(16)));

static void read_through(const void *memory)
{
    const words *at = memory, *const end = at + READ_BYTES / sizeof *at;
    words a = {0}, b = {0}, c = {0}, d = {0};
    for (; at < end; at += 8) {
        a ^= at[0] ^ at[1];
        b ^= at[2] ^ at[3];
        c ^= at[4] ^ at[5];
        d ^= at[6] ^ at[7];
    }
    a ^= b ^ c ^ d;
    __asm__ volatile("" ::"r"(a[0] ^ a[1])); /* the sum is used: the loop stays */
}

/* ---- several threads at once ---- */

struct worker {
    pthread_t thread;
    pthread_barrier_t *barrier;
    fma_fn fma;   /* or, if NULL: */
    void *memory; /* to read through; owned */
    double start[SAMPLES], end[SAMPLES];
};

static void *work(void *context)
{
    struct worker *w = context;
    if (w->fma == NULL) {
        w->memory = bench_alloc(READ_BYTES, 1);
        memset(w->memory, 1, READ_BYTES); /* pages of its own, not the one page of zeros */
    }
    for (int i = 0; i < SAMPLES; i++) {
        pthread_barrier_wait(w->barrier);
        w->start[i] = bench_now_ms();
        if (w->fma != NULL)
            w->fma(STEPS);
        else
            read_through(w->memory);
        w->end[i] = bench_now_ms();
    }
    free(w->memory);
    return NULL;
}

/* The shortest time in ms from the first thread's start to the last one's end. */
static double shortest(fma_fn fma, int threads)
{
    struct worker *workers = bench_alloc((size_t)threads, sizeof *workers);
    pthread_barrier_t barrier;
    double best = INFINITY;
    if (pthread_barrier_init(&barrier, NULL, (unsigned)threads) != 0)
        bench_fail("no barrier for %d threads", threads);
    for (int t = 0; t < threads; t++) {
        workers[t] = (struct worker){.barrier = &barrier, .fma = fma};
        if (pthread_create(&workers[t].thread, NULL, work, &workers[t]) != 0)
            bench_fail("only %d of %d threads could be started", t, threads);
    }
    for (int t = 0; t < threads; t++)
        pthread_join(workers[t].thread, NULL);
    for (int i = 0; i < SAMPLES; i++) {
        double start = INFINITY, end = 0;
        for (int t = 0; t < threads; t++) {
            start = fmin(start, workers[t].start[i]);
            end = fmax(end, workers[t].end[i]);
        }
        best = fmin(best, end - start);
    }
    pthread_barrier_destroy(&barrier);
    free(workers);
    return best;
}

double bench_fma_peak(const char *isa, int threads)
{
    size_t lanes;
    const fma_fn fma = choose(isa, &lanes);
    if (fma == NULL)
        return NAN;
    return 2e3 * STEPS * CHAINS * (double)lanes * threads / shortest(fma, threads);
}

double bench_read_bandwidth(int threads)
{
    return 1e3 * READ_BYTES * threads / shortest(NULL, threads);
}
