/* float_mode.h - how this thread's arithmetic treats numbers below 2^-126 (subnormal ones):
 * exactly, which takes a hundred times as long on many CPUs, or as zero. */
#ifndef FID_BASE_FLOAT_MODE_H
#define FID_BASE_FLOAT_MODE_H

#include <stdint.h>

/* The mode of the calling thread; means nothing but to fid_float_mode_set, in any thread. */
uint64_t fid_float_mode(void);
void fid_float_mode_set(uint64_t mode);

/* A mode as it is, but that results and operands below 2^-126 are zero; the same mode where the CPU
 * has no such switch. */
uint64_t fid_float_mode_flushing(uint64_t mode);

#endif
