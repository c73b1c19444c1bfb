/* peak.h - what this machine can do at most, to measure everything else against. */
#ifndef APP_PEAK_H
#define APP_PEAK_H

#include <stdbool.h>
#include <stddef.h>

/* Cycles a second of one busy core, by a chain of instructions each of which needs the one before.
 * NAN where no such chain is known. */
double app_clock_hz(void);

/* The multiply-add instructions that are known for this kind of CPU, each doing nothing but that on
 * registers: a name ("f32 vfmadd231ps, 512 bit"), a unit ("GFLOP/s" or "GOP/s") and whether this
 * CPU and its system let it run. False past the end. */
struct app_product {
    const char *name, *unit; /* static */
    bool here;
};
bool app_product(size_t i, struct app_product *product);

/* Operations a second of so many threads at once that do nothing else, a multiply-add counted as
 * two. NAN where the CPU has it not, or where the threads cannot be had. */
double app_product_rate(size_t i, int threads);

/* The same for multiply-adds of f32 as wide as the kernel table of this name has them ("ref" is
 * held against the widest but AVX-512). */
double app_fma_peak(const char *isa, int threads);

/* The same for products of bytes, by the instructions that the table's kernels use; tiles are held
 * against the dot products in 512 bits. NAN where it has no kernels for bytes of its own. */
double app_byte_peak(const char *isa, int threads);

/* Bytes a second that so many threads read at once from memory that no cache holds; NAN where there
 * is no memory for that. */
double app_read_bandwidth(int threads);

#endif
