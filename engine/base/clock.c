/* clock.c - the monotonic clock in nanoseconds. */
#include "engine/base/clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t fid_clock_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t fid_clock_thread_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}
