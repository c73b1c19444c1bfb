/* clock.h - one clock for everything that is timed. */
#ifndef FID_BASE_CLOCK_H
#define FID_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t fid_clock_ns(void);

#endif
