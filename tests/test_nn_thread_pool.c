/* test_nn_thread_pool.c - every piece once, no worker twice at a time, no time
 * used without work. */
#include "engine/base/float_mode.h"
#include "engine/base/thread_pool.h"
#include "tests/check/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { PIECES_MAX = 300, WORKERS_MAX = 8 };

struct record {
    atomic_int runs[PIECES_MAX];
    atomic_int busy[WORKERS_MAX];
    atomic_int clashes;
};

static void record_piece(void *ctx, size_t index, int worker)
{
    struct record *record = ctx;
    if (worker < 0 || worker >= WORKERS_MAX || atomic_fetch_add(&record->busy[worker], 1) != 0)
        atomic_fetch_add(&record->clashes, 1);
    atomic_fetch_add(&record->runs[index], 1);
    atomic_fetch_sub(&record->busy[worker], 1);
}

/* One loop of count pieces: did each run once? */
static bool loop_is_right(struct fid_pool *pool, size_t count)
{
    struct record record = {0};
    bool right = true;
    fid_parallel_for(pool, count, record_piece, &record);
    for (size_t i = 0; i < PIECES_MAX; i++)
        right = right && atomic_load(&record.runs[i]) == (i < count);
    return right && atomic_load(&record.clashes) == 0;
}

static void every_piece_runs_once(void)
{
    for (int threads = 1; threads <= WORKERS_MAX; threads++) {
        struct fid_pool *pool;
        struct fid_error error;
        REQUIRE(fid_pool_open(&pool, threads, &error) == FID_OK);
        CHECK(fid_pool_workers(pool) == threads);
        for (int round = 0; round < 500; round++) {
            const size_t count = check_random_below(PIECES_MAX);
            CHECK_THAT(loop_is_right(pool, count), "%d threads, %zu pieces", threads, count);
        }
        fid_pool_close(&pool);
        CHECK(pool == NULL);
    }
}

static void null_is_the_serial_loop(void)
{
    struct fid_pool *none = NULL;
    CHECK(fid_pool_workers(NULL) == 1);
    CHECK(loop_is_right(NULL, 17));
    fid_pool_close(&none);
}

static void *call_many_times(void *argument)
{
    struct fid_pool *pool = argument;
    bool right = true;
    for (int i = 0; i < 300; i++)
        right = loop_is_right(pool, 40) && right;
    return right ? pool : NULL;
}

static void two_callers_take_turns(void)
{
    struct fid_pool *pool;
    pthread_t other;
    void *result;
    struct fid_error error;
    REQUIRE(fid_pool_open(&pool, 3, &error) == FID_OK);
    REQUIRE(pthread_create(&other, NULL, call_many_times, pool) == 0);
    CHECK(call_many_times(pool) != NULL);
    pthread_join(other, &result);
    CHECK(result != NULL);
    fid_pool_close(&pool);
}

struct durations {
    size_t turns[2]; /* of an empty loop, per piece */
};

static void take_time(void *ctx, size_t index, int worker)
{
    const struct durations *durations = ctx;
    (void)worker;
    for (volatile size_t turn = 0; turn < durations->turns[index];)
        turn++;
}

/* The other's piece ends before, while and after the caller goes to sleep: a wake-up that is lost
 * shows as a test that does not end. */
static void the_caller_is_woken(void)
{
    struct fid_pool *pool;
    struct fid_error error;
    REQUIRE(fid_pool_open(&pool, 2, &error) == FID_OK);
    for (int round = 0; round < 100000; round++) {
        const uint32_t longest = UINT32_C(1) << (8 + check_random_below(8));
        struct durations durations = {{check_random_below(50), check_random_below(longest)}};
        fid_parallel_for(pool, 2, take_time, &durations);
    }
    fid_pool_close(&pool);
}

static double process_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The workers may spin for some microseconds after a loop, and then have to sleep: a tenth of one
 * core would be 30 ms. */
static void idle_workers_sleep(void)
{
    struct fid_pool *pool;
    struct fid_error error;
    REQUIRE(fid_pool_open(&pool, 4, &error) == FID_OK);
    CHECK(loop_is_right(pool, 50));
    const double before = process_seconds();
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    CHECK(process_seconds() - before < 0.03);
    fid_pool_close(&pool);
}

/* Half of the smallest normal number: not 0, unless the thread flushes. */
static bool flushes(void)
{
    volatile float smallest = 0x1p-126f, half;
    half = smallest * 0.5f;
    return half == 0.0f;
}

struct flushing {
    atomic_int pieces;
};

static void count_if_flushing(void *ctx, size_t index, int worker)
{
    (void)index;
    (void)worker;
    if (flushes())
        atomic_fetch_add(&((struct flushing *)ctx)->pieces, 1);
    nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL); /* so that others take some, too */
}

/* Workers have the caller's mode while they work for it, and no longer. */
static void pieces_run_in_the_callers_float_mode(void)
{
    enum { PIECES = 64 };
    struct fid_pool *pool;
    struct fid_error error;
    const uint64_t before = fid_float_mode();
    if (fid_float_mode_flushing(before) == before) {
        check_skip("this CPU has no switch for subnormal numbers");
        return;
    }
    REQUIRE(fid_pool_open(&pool, 3, &error) == FID_OK);
    for (int round = 0; round < 20; round++) {
        struct flushing counts = {0};
        const bool flush = round % 2 == 0;
        fid_float_mode_set(flush ? fid_float_mode_flushing(before) : before);
        CHECK(flushes() == flush);
        fid_parallel_for(pool, PIECES, count_if_flushing, &counts);
        CHECK_THAT(atomic_load(&counts.pieces) == (flush ? PIECES : 0), "round %d: %d pieces flush",
                   round, atomic_load(&counts.pieces));
    }
    fid_float_mode_set(before);
    CHECK(!flushes());
    fid_pool_close(&pool);
}

CHECK_MAIN(CHECK_CASE(pieces_run_in_the_callers_float_mode), CHECK_CASE(every_piece_runs_once),
           CHECK_CASE(null_is_the_serial_loop), CHECK_CASE(two_callers_take_turns),
           CHECK_CASE(the_caller_is_woken), CHECK_CASE(idle_workers_sleep))
