/* peak.h - the peaks of this machine, with which everything else is compared. */
#ifndef APP_PEAK_H
#define APP_PEAK_H

#include <stdbool.h>
#include <stddef.h>

/* Cycles per second of one busy core, by a chain of dependent instructions. NAN if no such chain
 * is known. */
double app_clock_hz(void);

/* The multiply-add instructions known for this architecture, each on registers only: a name ("f32
 * vfmadd231ps, 512 bit"), a unit ("GFLOP/s" or "GOP/s") and whether this CPU and its system can
 * run it. False past the end. */
struct app_product {
    const char *name, *unit; /* static */
    bool here;
};
bool app_product(size_t i, struct app_product *product);

/* Operations per second of this many threads together, a multiply-add counted as two. NAN if the
 * CPU lacks the instruction or the threads cannot be started. */
double app_product_rate(size_t i, int threads);

/* The same for f32 multiply-adds in the width of the kernel table of this name ("ref" is
 * compared with the widest except AVX-512). */
double app_fma_peak(const char *isa, int threads);

/* The same for int8, by the instructions that the table's kernels use; tiles are compared with the
 * 512-bit dot products. NAN if the table has no int8 kernels of its own. */
double app_byte_peak(const char *isa, int threads);

/* Bytes per second that this many threads read together from memory outside all caches; NAN if
 * there is no memory for that. */
double app_read_bandwidth(int threads);

#endif
