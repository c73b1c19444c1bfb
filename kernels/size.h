/* size.h - sizes that packing and kernels round and cut. Inside kernels/ only. */
#ifndef FID_KERNELS_SIZE_H
#define FID_KERNELS_SIZE_H

#include <stddef.h>

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* a / b, rounded up. */
static inline size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

#endif
