/* thread_pool.c - persistent workers that share the pieces of a loop.
 *
 * Every worker begins with a stretch of its own, from its front: neighboring pieces touch
 * neighboring memory, and the loops of a network's layers hand the same part of a map to the same
 * core. Who is done helps the others, from the ends of their stretches. A stretch is one number of
 * two halves, so that taking a piece from either end is one compare and swap. Who has taken a piece
 * knows that the loop cannot end before the piece is done, so that the loop's fields are stable
 * while it works, and a worker that wakes up late finds empty stretches and touches nothing.
 * Waiting begins with a short spin, because the layers of a network follow each other within
 * microseconds, and then sleeps. */
#include "engine/base/thread_pool.h"

#include "engine/base/float_mode.h"
#include "engine/base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define SPINS 2000 /* about 20..50 microseconds */

struct worker {
    struct fid_pool *pool;
    pthread_t thread;
    int number;
};

/* The pieces first..end-1 that are not taken yet: end in the upper half. */
struct stretch {
    _Alignas(64) _Atomic uint64_t range;
};

static uint64_t make_range(uint64_t first, uint64_t end)
{
    return end << 32 | first;
}

struct fid_pool {
    /* The current loop; written by its caller while all stretches are empty and all pieces done. */
    fid_task_fn fn;
    void *ctx;
    size_t count;
    uint64_t float_mode;       /* the caller's */
    struct stretch *stretches; /* one a worker */
    _Alignas(64) atomic_size_t done;
    _Alignas(64) atomic_size_t loops; /* so far: a new number is new work */

    _Alignas(64) pthread_mutex_t loop_lock; /* one loop at a time */
    pthread_mutex_t lock;                   /* for the two conditions */
    pthread_cond_t work, finished;
    atomic_int sleepers; /* workers that wait for work, or are about to */
    atomic_bool caller_sleeps, stop;

    int workers, started;
    struct worker *threads; /* workers - 1 */
};

static inline void spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Takes a piece of a stretch, the first or the last; false when none is left. */
static bool take_piece(struct stretch *stretch, bool last, size_t *index)
{
    uint64_t range = atomic_load_explicit(&stretch->range, memory_order_acquire);
    for (;;) {
        const uint64_t first = range & UINT32_MAX, end = range >> 32;
        if (first >= end)
            return false;
        const uint64_t rest = last ? make_range(first, end - 1) : make_range(first + 1, end);
        if (atomic_compare_exchange_weak_explicit(&stretch->range, &range, rest,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            *index = (size_t)(last ? end - 1 : first);
            return true;
        }
    }
}

/* The worker's next piece: its own, or another's. */
static bool find_piece(struct fid_pool *pool, int number, size_t *index)
{
    if (take_piece(&pool->stretches[number], false, index))
        return true;
    for (int i = 1; i < pool->workers; i++)
        if (take_piece(&pool->stretches[(number + i) % pool->workers], true, index))
            return true;
    return false;
}

/* Hands out the stretches; a thread that sees one may begin. */
static void share_out(struct fid_pool *pool, size_t count)
{
    const size_t workers = (size_t)pool->workers;
    size_t first = 0;
    for (size_t i = 0; i < workers; i++) {
        const size_t end = count / workers * (i + 1) + (i + 1) * (count % workers) / workers;
        atomic_store_explicit(&pool->stretches[i].range, make_range(first, end),
                              memory_order_release);
        first = end;
    }
    atomic_fetch_add(&pool->loops, 1);
}

static void work_off(struct fid_pool *pool, int number)
{
    size_t index;
    const uint64_t own_mode = fid_float_mode();
    uint64_t mode = own_mode;
    while (find_piece(pool, number, &index)) {
        const size_t count = pool->count;
        if (pool->float_mode != mode)
            fid_float_mode_set(mode = pool->float_mode);
        pool->fn(pool->ctx, index, number);
        if (atomic_fetch_add(&pool->done, 1) + 1 == count && atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->lock);
        }
    }
    if (mode != own_mode)
        fid_float_mode_set(own_mode);
}

/* Has a loop begun after number `seen`? */
static bool has_work(struct fid_pool *pool, size_t seen)
{
    return atomic_load(&pool->loops) != seen || atomic_load(&pool->stop);
}

static void wait_for_work(struct fid_pool *pool, size_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (has_work(pool, seen))
            return;
        spin_pause();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!has_work(pool, seen))
        pthread_cond_wait(&pool->work, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *argument)
{
    const struct worker *worker = argument;
    struct fid_pool *pool = worker->pool;
    while (!atomic_load(&pool->stop)) {
        const size_t seen = atomic_load(&pool->loops);
        work_off(pool, worker->number);
        wait_for_work(pool, seen);
    }
    return NULL;
}

enum fid_status fid_pool_open(struct fid_pool **out, int threads, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    struct fid_pool *pool = fid_calloc(1, sizeof *pool);
    *out = NULL;
    if (pool == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for %d threads", threads);
    pthread_mutex_init(&pool->loop_lock, NULL);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->finished, NULL);
    pool->workers = threads;
    pool->threads = fid_calloc((size_t)threads, sizeof *pool->threads);
    pool->stretches = fid_calloc((size_t)threads, sizeof *pool->stretches);
    if (pool->threads == NULL || pool->stretches == NULL) {
        status = fid_fail(error, FID_NO_MEMORY, "no memory for %d threads", threads);
        goto fail;
    }
    for (int i = 0; i < threads - 1; i++) {
        struct worker *worker = &pool->threads[i];
        *worker = (struct worker){.pool = pool, .number = i + 1};
        int failed = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (failed != 0) {
            status = fid_fail(error, FID_NO_MEMORY, "cannot start thread %d of %d: %s", i + 2,
                              threads, strerror(failed));
            goto fail;
        }
        pool->started++;
    }
    *out = pool;
    return FID_OK;
fail:
    fid_pool_close(&pool);
    return status;
}

void fid_pool_close(struct fid_pool **out)
{
    struct fid_pool *pool = *out;
    *out = NULL;
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->threads[i].thread, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->loop_lock);
    fid_free(pool->stretches);
    fid_free(pool->threads);
    fid_free(pool);
}

int fid_pool_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > FID_POOL_MOST ? FID_POOL_MOST : (int)cores;
}

int fid_pool_workers(const struct fid_pool *pool)
{
    return pool != NULL ? pool->workers : 1;
}

/* Waits until every piece is done: those that others have taken may still run. */
static void wait_until_done(struct fid_pool *pool, size_t count)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&pool->done) == count)
            return;
        spin_pause();
    }
    pthread_mutex_lock(&pool->lock);
    /* A thread that finishes after the look at `done` below must see this. An exchange and not a
     * store: qemu 7.2 lets a later load overtake the STLR of a sequentially consistent store, as no
     * ARM core may, and the caller then slept for good once in some hundred thousand loops. */
    (void)atomic_exchange(&pool->caller_sleeps, true);
    while (atomic_load(&pool->done) != count)
        pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->caller_sleeps, false);
    pthread_mutex_unlock(&pool->lock);
}

void fid_parallel_for(struct fid_pool *pool, size_t count, fid_task_fn fn, void *ctx)
{
    if (pool == NULL) {
        for (size_t i = 0; i < count; i++)
            fn(ctx, i, 0);
        return;
    }
    assert(count <= UINT32_MAX);
    pthread_mutex_lock(&pool->loop_lock);
    if (pool->workers == 1 || count <= 1) { /* no thread to wake, but still one loop at a time */
        for (size_t i = 0; i < count; i++)
            fn(ctx, i, 0);
        pthread_mutex_unlock(&pool->loop_lock);
        return;
    }
    pool->fn = fn;
    pool->ctx = ctx;
    pool->count = count;
    pool->float_mode = fid_float_mode();
    atomic_store(&pool->done, 0);
    share_out(pool, count);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
    }
    work_off(pool, 0);
    wait_until_done(pool, count);
    pthread_mutex_unlock(&pool->loop_lock);
}
