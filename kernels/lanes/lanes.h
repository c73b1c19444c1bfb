/* lanes.h - kernels written once for vectors of any width.
 *
 * A lanes_<isa>.h gives the vector type `lanes_f32`, how many LANES it has, and the primitives
 * below, between this file and post_lanes.h; the other *_lanes.h beside it are whole slots in these
 * terms. What wants the registers of one instruction set (gemm_f32, depthwise_f32) is written in
 * that folder instead.
 *
 *     load_lanes(p, n)      n lanes from p, the others zero; nothing past them is read
 *     store_lanes(p, v, n)  n lanes to p; nothing past them is written
 *     set_lanes(x)  add_lanes(a, b)  mul_lanes(a, b)  fma_lanes(a, b, c) = a · b + c, rounded once
 *     div_lanes(a, b) = a / b, off by 2^-22 of itself at most, for normal b
 *     max_lanes(a, b) = a > b ? a : b    min_lanes(a, b) = a < b ? a : b
 *     negative_lanes(v, a) = v < 0 ? a : v    sum_lanes(v) = the sum over the lanes
 *     power_lanes(n) = 2^n for whole n, -126 ≤ n ≤ 127
 *
 * n is the constant LANES in the body of a row and variable in its tail only. Everything is inlined
 * with constant arguments: a kernel writes its tile as a loop over a constant number of vectors,
 * and the compiler makes straight code of it. */
#ifndef FID_KERNELS_LANES_H
#define FID_KERNELS_LANES_H

#include "kernels/size.h"
#include "kernels/tables.h"

#define FID_INLINE static inline __attribute__((always_inline))
/* Before a loop with a constant count over an array that has to live in registers: without it the
 * compilers unroll too late to take the array off the stack. */
#ifdef __clang__
/* Under the sanitizers not every loop can be unrolled: slower, but no fault. */
#pragma clang diagnostic ignored "-Wpass-failed"
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 40")
#endif

/* Keeps the compiler from holding what it loaded in registers that the sums need, or from loading
 * again for each use what it holds. */
#define FORGET_LOADS() __asm__ volatile("" ::: "memory")

/* Before a walk from a pointer on: without it the compiler makes a pointer of each step before the
 * loop over the channels, more than there are registers. */
#define FORGET(pointer) __asm__("" : "+r"(pointer))

/* n, of which the compiler may know that it is less than `whole`, a vector: the choice between
 * whole and partial loads is then made once, when it inlines. */
FID_INLINE size_t tail_of(const size_t whole, size_t n)
{
    if (n >= whole)
        __builtin_unreachable();
    return n;
}

#endif
