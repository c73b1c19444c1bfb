/* clock.h - the clocks of everything that is timed. */
#ifndef FID_BASE_CLOCK_H
#define FID_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t fid_clock_ns(void);

/* Nanoseconds that this thread has worked so far, which no other program's load stretches. */
uint64_t fid_clock_thread_ns(void);

#endif
