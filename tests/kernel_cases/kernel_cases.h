/* kernel_cases.h - what the cases of the kernel slots share. Every table, the reference included,
 * is compared with loops in double precision; where the class is `exact`, with the reference's bits
 * too.
 *
 * An oracle's error is that of double precision, so a table has half of the contract's tolerance:
 * two tables that pass differ by no more than kernels.h allows. */
#ifndef KERNEL_CASES_H
#define KERNEL_CASES_H

#include "kernels/kernels.h"
#include "tests/check/check.h"

/* One function a slot, in the file of the slot's name. */
#define FID_SLOT(slot, result, args) void cases_##slot(const struct fid_kernels *table);
#include "kernels/kernel_list.h"
#undef FID_SLOT

/* Memory whose end is a guard page, and from which a case of any size takes the last `count`
 * floats. What lies before them is a canary. */
struct buffer {
    float *memory;
    size_t capacity;
};
struct buffer buffer_new(size_t capacity);
/* The last `count` floats, all of the buffer overwritten with canaries. `alignment` in bytes; more
 * than 4 moves the start back, so that the end may be some floats before the guard. */
float *buffer_take(const struct buffer *buffer, size_t count, size_t alignment);
/* Are all floats of the buffer but `rows` rows of n, `stride` apart from `start`
 * on, still canaries? */
bool buffer_intact(const struct buffer *buffer, const float *start, size_t rows, size_t n,
                   size_t stride);

/* Kinds of numbers that sums go wrong on. Products of two HUGE ones do not
 * overflow a sum of 10^4. */
enum fill { FILL_RANDOM, FILL_TINY, FILL_DENORMAL, FILL_HUGE, FILL_ZEROS, FILL_CANCEL, FILL_COUNT };
void fill(float *out, size_t count, enum fill kind);
enum fill any_fill(void);
const char *fill_name(enum fill kind);

/* What a sum should be: its value, Σ|a·b|, the number of products, and how far a table that flushes
 * denormals may be off besides: 2^-126 for each number that it reads or makes, times what that is
 * multiplied with. */
struct sum {
    double value, magnitude, flushed;
    size_t terms;
};
void sum_add(struct sum *sum, float a, float b);
/* struct fid_post_f32 in double precision; the residual is one more term. */
void sum_post(struct sum *sum, size_t i, size_t j, const struct fid_post_f32 *post);
bool sum_close(const struct sum *sum, float got);
double sum_tolerance(const struct sum *sum);

/* Tells whether the table whose cases come now flushes denormals: sum_close allows for it then. */
void expect_flushing(bool flushes);
/* The class `exact`: the reference's bits; from a table that flushes denormals, a value that
 * differs from it by no more than sum->flushed. */
bool exactly(const struct sum *sum, float got, float reference);

/* A random post: with or without residual (rows of n, tightly at a guard page, or NULL), slope and
 * limits, infinite ones among them. The buffers hold what it points to. */
struct post_buffers {
    struct buffer residual, slope;
};
struct post_buffers post_buffers_new(size_t rows, size_t n);
struct fid_post_f32 any_post(const struct post_buffers *buffers, size_t rows, size_t n,
                             enum fill kind);

/* Windows of a pool for a row of `pixels`: anywhere, but each with a column in the picture; up to
 * 2 · pixels + side_max columns wide. Rows are the caller's. */
struct fid_windows any_pool_windows(size_t pixels, size_t side_max);
/* Any padding and width up to width_max, so that windows begin and end anywhere, or lie on the
 * padding alone. */
void any_edges(struct fid_windows *windows, size_t pixels, size_t width_max);
/* Tap (ky, kx) of window x, a pixel of numbers of `size` bytes; NULL on the padding. */
const void *tap_of(const struct fid_windows *windows, size_t x, size_t ky, size_t kx, size_t size);

bool same_bits(float a, float b);
size_t any_of(const size_t *list, size_t count);
#define ANY_OF(...) \
    any_of((const size_t[]){__VA_ARGS__}, sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))

#endif
