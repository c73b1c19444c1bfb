/* size.h - size arithmetic. Every size that comes from a file or a picture goes through the checked
 * functions; they return false on overflow and leave *result alone. */
#ifndef FID_BASE_SIZE_H
#define FID_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool fid_size_add(size_t a, size_t b, size_t *result)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *result = sum;
    return true;
}

static inline bool fid_size_mul(size_t a, size_t b, size_t *result)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *result = product;
    return true;
}

/* Rounds up to a multiple of align, a power of two. */
static inline bool fid_size_align(size_t a, size_t align, size_t *result)
{
    size_t sum;
    if (!fid_size_add(a, align - 1, &sum))
        return false;
    *result = sum & ~(align - 1);
    return true;
}

static inline size_t fid_min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* a / b, rounded up; a + b - 1 fits a size_t. */
static inline size_t fid_ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Rounds up to a multiple of align; bytes + align - 1 fits 64 bits. */
static inline uint64_t fid_align_up(uint64_t bytes, uint64_t align)
{
    return (bytes + align - 1) / align * align;
}

#endif
