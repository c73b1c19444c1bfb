/* peak.c - the clock, the peaks of multiply-adds and the speed of memory, each the best of short
 * samples. */
#include "app/bench/peak.h"
#include "app/bench/products.h"
#include "app/bench/times.h"

#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Short and many, so that some are undisturbed on a busy machine. */
enum { LOOP_SAMPLES = 45, READ_SAMPLES = 15 };

/* ---- reading ---- */

enum { READ_BYTES = 128 << 20 }; /* of all threads; more than most last-level caches hold */

typedef uint64_t words __attribute__((vector_size(16)));

static void read_through(const void *memory, size_t bytes)
{
    const words *at = memory, *const end = at + bytes / sizeof *at / 8 * 8;
    words a = {0}, b = {0}, c = {0}, d = {0};
    for (; at < end; at += 8) {
        a ^= at[0] ^ at[1];
        b ^= at[2] ^ at[3];
        c ^= at[4] ^ at[5];
        d ^= at[6] ^ at[7];
    }
    a ^= b ^ c ^ d;
    __asm__ volatile("" ::"r"(a[0] ^ a[1])); /* the sum is used, so the loop is not removed */
}

/* ---- several threads at once ---- */

struct task {
    void (*run)(size_t steps); /* or, if NULL, reading */
    size_t steps, bytes;
    int samples; /* ≤ LOOP_SAMPLES */
};

struct crew { /* what its workers share */
    const struct task *task;
    pthread_mutex_t gate; /* locked until all threads are started */
    bool complete;        /* they are, and the work begins */
    pthread_barrier_t barrier;
};

struct worker {
    pthread_t thread;
    struct crew *crew;
    void *memory; /* to read through, of task->bytes; owned */
    double start[LOOP_SAMPLES], end[LOOP_SAMPLES];
};

static void *work(void *context)
{
    struct worker *w = context;
    const struct task *task = w->crew->task;
    pthread_mutex_lock(&w->crew->gate);
    const bool complete = w->crew->complete;
    pthread_mutex_unlock(&w->crew->gate);
    if (!complete)
        return NULL;
    if (w->memory != NULL) /* separate pages, not the shared zero page */
        memset(w->memory, 1, task->bytes);
    for (int i = 0; i < task->samples; i++) {
        pthread_barrier_wait(&w->crew->barrier);
        w->start[i] = app_now_ms();
        if (task->run != NULL)
            task->run(task->steps);
        else
            read_through(w->memory, task->bytes);
        w->end[i] = app_now_ms();
    }
    return NULL;
}

/* Starts all threads, or none if one cannot be started: false. */
static bool run_crew(struct crew *crew, struct worker *workers, int threads)
{
    int started = 0;
    pthread_mutex_lock(&crew->gate);
    while (started < threads &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    crew->complete = started == threads;
    pthread_mutex_unlock(&crew->gate);
    for (int t = 0; t < started; t++)
        pthread_join(workers[t].thread, NULL);
    return crew->complete;
}

/* From the first thread's start to the last one's end, in ms. */
static double shortest_sample(const struct worker *workers, int threads)
{
    double best = INFINITY;
    for (int i = 0; i < workers[0].crew->task->samples; i++) {
        double start = INFINITY, end = 0;
        for (int t = 0; t < threads; t++) {
            start = fmin(start, workers[t].start[i]);
            end = fmax(end, workers[t].end[i]);
        }
        best = fmin(best, end - start);
    }
    return best;
}

/* The shortest time in ms that this many threads take, each for its own task; NAN if there is no
 * memory or no thread. */
static double shortest(const struct task *task, int threads)
{
    struct crew crew = {.task = task, .gate = PTHREAD_MUTEX_INITIALIZER};
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    if (workers == NULL || pthread_barrier_init(&crew.barrier, NULL, (unsigned)threads) != 0) {
        free(workers);
        return NAN;
    }
    bool ready = true;
    for (int t = 0; t < threads; t++) {
        workers[t].crew = &crew;
        if (task->run == NULL)
            ready = (workers[t].memory = aligned_alloc(64, task->bytes)) != NULL && ready;
    }
    ready = ready && run_crew(&crew, workers, threads);
    const double best = ready ? shortest_sample(workers, threads) : NAN;
    for (int t = 0; t < threads; t++)
        free(workers[t].memory);
    free(workers);
    pthread_barrier_destroy(&crew.barrier);
    return best;
}

/* ---- the figures ---- */

static double loop_rate(const struct app_product_loop *loop, int threads)
{
    const struct task task = {.run = loop->run, .steps = loop->steps, .samples = LOOP_SAMPLES};
    return 1e3 * (double)loop->steps * loop->operations * threads / shortest(&task, threads);
}

bool app_product(size_t i, struct app_product *product)
{
    const struct app_product_loop *loop = &app_product_loops[i];
    if (loop->name != NULL)
        *product = (struct app_product){loop->name, loop->unit, loop->here()};
    return loop->name != NULL;
}

double app_product_rate(size_t i, int threads)
{
    const struct app_product_loop *loop = &app_product_loops[i];
    return loop->here() ? loop_rate(loop, threads) : NAN;
}

double app_fma_peak(const char *isa, int threads)
{
    const struct app_product_loop *loop = app_fma_loop(isa);
    return loop != NULL ? loop_rate(loop, threads) : NAN;
}

double app_byte_peak(const char *isa, int threads)
{
    static const struct {
        const char *isa, *product;
    } known[] = {
        {"avx2", "int16 vpmaddwd, vpaddd, 256 bit"}, {"avx512", "int16 vpmaddwd, vpaddd, 256 bit"},
        {"avx2_vnni", "int8 vpdpbusd, 256 bit"},     {"avx512_vnni", "int8 vpdpbusd, 512 bit"},
        {"amx", "int8 vpdpbusd, 512 bit"},           {"neon", "int8 smull, sadalp, 128 bit"},
        {"neon_crc", "int8 smull, sadalp, 128 bit"}, {"neon_dot", "int8 sdot, 128 bit"},
        {"neon_i8mm", "int8 smmla, 128 bit"}};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        for (size_t i = 0; strcmp(known[k].isa, isa) == 0 && app_product_loops[i].name; i++)
            if (strcmp(known[k].product, app_product_loops[i].name) == 0)
                return app_product_rate(i, threads);
    return NAN;
}

double app_clock_hz(void)
{
    enum { STEPS = 100000 };
    const struct task task = {.run = app_clock_loop, .steps = STEPS, .samples = LOOP_SAMPLES};
    return app_clock_loop != NULL ? 1e3 * STEPS * app_clock_cycles / shortest(&task, 1) : NAN;
}

double app_read_bandwidth(int threads)
{
    const struct task task = {.bytes = READ_BYTES / (size_t)threads / 128 * 128,
                              .samples = READ_SAMPLES};
    return 1e3 * (double)task.bytes * threads / shortest(&task, threads);
}
