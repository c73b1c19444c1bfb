/* clock.h - the clock for frames, results and the window. */
#ifndef APP_CLOCK_H
#define APP_CLOCK_H

#include <stdint.h>
#include <time.h>

#define APP_NS_PER_S  UINT64_C(1000000000)
#define APP_NS_PER_MS UINT64_C(1000000)

/* Nanoseconds of CLOCK_MONOTONIC, the clock of V4L2's time stamps. */
static inline uint64_t app_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * APP_NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif
