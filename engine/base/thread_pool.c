/* thread_pool.c - persistent workers that take pieces from one counter.
 *
 * `left` counts the pieces of the current loop that nobody has taken; taking one is a compare and
 * swap from left to left - 1. Who has taken a piece knows that the loop cannot end before the piece
 * is done, so that the loop's fields are stable while it works, and a worker that wakes up late
 * finds left = 0 and touches nothing. Waiting begins with a short spin, because the layers of a
 * network follow each other within microseconds, and then sleeps. */
#include "engine/base/thread_pool.h"

#include "engine/base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define SPINS 2000 /* about 20..50 microseconds */

struct worker {
    struct fid_pool *pool;
    pthread_t thread;
    int number;
};

struct fid_pool {
    /* The current loop; written by its caller while left is 0 and all pieces are done. */
    fid_task_fn fn;
    void *ctx;
    size_t count;
    _Alignas(64) atomic_size_t left;
    _Alignas(64) atomic_size_t done;

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

/* Takes a piece; false when none is left. The first one taken is 0. */
static bool take_piece(struct fid_pool *pool, size_t *index)
{
    size_t left = atomic_load_explicit(&pool->left, memory_order_acquire);
    while (left > 0) {
        if (atomic_compare_exchange_weak_explicit(&pool->left, &left, left - 1,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            *index = pool->count - left;
            return true;
        }
    }
    return false;
}

static void work_off(struct fid_pool *pool, int number)
{
    size_t index;
    while (take_piece(pool, &index)) {
        const size_t count = pool->count;
        pool->fn(pool->ctx, index, number);
        if (atomic_fetch_add(&pool->done, 1) + 1 == count && atomic_load(&pool->caller_sleeps)) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->lock);
        }
    }
}

static bool has_work(struct fid_pool *pool)
{
    return atomic_load(&pool->left) > 0 || atomic_load(&pool->stop);
}

static void wait_for_work(struct fid_pool *pool)
{
    for (int i = 0; i < SPINS; i++) {
        if (has_work(pool))
            return;
        spin_pause();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!has_work(pool))
        pthread_cond_wait(&pool->work, &pool->lock);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *argument)
{
    const struct worker *worker = argument;
    struct fid_pool *pool = worker->pool;
    while (!atomic_load(&pool->stop)) {
        work_off(pool, worker->number);
        wait_for_work(pool);
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
    if (pool->threads == NULL) {
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
    fid_free(pool->threads);
    fid_free(pool);
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
    atomic_store(&pool->caller_sleeps, true);
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
    pthread_mutex_lock(&pool->loop_lock);
    if (pool->workers == 1 || count <= 1) { /* nobody else to wake, but still one loop at a time */
        for (size_t i = 0; i < count; i++)
            fn(ctx, i, 0);
        pthread_mutex_unlock(&pool->loop_lock);
        return;
    }
    pool->fn = fn;
    pool->ctx = ctx;
    pool->count = count;
    atomic_store(&pool->done, 0);
    atomic_store(&pool->left, count);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->work);
        pthread_mutex_unlock(&pool->lock);
    }
    work_off(pool, 0);
    wait_until_done(pool, count);
    pthread_mutex_unlock(&pool->loop_lock);
}
