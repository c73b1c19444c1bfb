/* peak.h - what this machine can do at most, to measure everything else against. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

/* Floating-point operations a second of so many threads at once, each doing nothing but
 * independent multiply-adds of f32 in registers as wide as the kernel table of this name has them
 * ("ref" is held against the widest but AVX-512). NAN where that cannot be measured. A multiply-add
 * counts as two. */
double bench_fma_peak(const char *isa, int threads);

/* Bytes a second that so many threads read at once from memory that no cache holds. */
double bench_read_bandwidth(int threads);

#endif
