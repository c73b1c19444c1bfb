/* byte_cases.h - what the cases of the slots for bytes share. Their oracle counts in 64-bit
 * integers, then takes each operation of f32 in double precision and rounds it: of two floats that
 * is the float that one rounding gives. So it knows the very bits that the class `exact` asks for,
 * of the reference as of every other table. */
#ifndef BYTE_CASES_H
#define BYTE_CASES_H

#include "tests/kernel_cases/kernel_cases.h"

/* struct buffer for bytes. bytes_take leaves `slack` bytes of any value between the end and the
 * guard page, which may be read; `alignment` 0 is for none. */
struct bytes {
    uint8_t *memory;
    size_t capacity;
};
struct bytes bytes_new(size_t capacity);
uint8_t *bytes_take(const struct bytes *bytes, size_t count, size_t alignment, size_t slack);
/* Is all but `rows` rows of n bytes, `stride` apart from `start` on, as bytes_take left it? */
bool bytes_intact(const struct bytes *bytes, const uint8_t *start, size_t rows, size_t n,
                  size_t stride);

enum { READ_BEHIND = 63 }; /* what kernels.h allows behind the bytes of a pixel */

/* Kinds of bytes: any; the extreme ones; 0, or of weights -127; 255, or of weights 127; 0 to 2, or
 * of weights -1 to 1. */
enum byte_fill { BYTES_ANY, BYTES_EXTREME, BYTES_LEAST, BYTES_MOST, BYTES_SMALL, BYTES_FILLS };
void fill_bytes(uint8_t *out, size_t count, enum byte_fill kind);
void fill_weights(int8_t *out, size_t count, enum byte_fill kind);
enum byte_fill any_byte_fill(void);
/* What a sum of `count` products of such bytes and weights may come to. */
double sum_magnitude(size_t count, enum byte_fill bytes, enum byte_fill weights);

/* The vectors of struct fid_post_s8 for n columns whose sums are about `magnitude`, and a post that
 * fits them, without residual yet. */
enum { COLUMNS_MAX = 256 };
struct columns {
    int32_t bias[COLUMNS_MAX];
    float scale[COLUMNS_MAX], low[COLUMNS_MAX], high[COLUMNS_MAX];
    float slope[COLUMNS_MAX], residual[COLUMNS_MAX];
};
struct fid_post_s8 any_columns(struct columns *columns, size_t n, double magnitude);
struct fid_columns_s8 columns_of(const struct columns *columns);
/* Limits of n bytes around `zero`: the whole range, or less. */
void any_limits(float *low, float *high, size_t n, int32_t zero);

/* v of struct fid_post_s8, its limits included; `residual` is the byte, looked at
 * if the post has one. */
float posted(int64_t sum, size_t j, const struct columns *columns, uint8_t residual,
             const struct fid_post_s8 *post);
/* zero + v to the nearest integer, halves to even: -1 if that is no byte. */
int nearest_byte(float v, int32_t zero);
/* How many halves nearest_byte has seen since the start of the program. */
size_t halves_seen(void);

/* One operation of f32. */
float product(float a, float b);
float sum_of_two(float a, float b);
float limited(float v, float low, float high);

/* Level amx's gemm_s8 with its instructions written in C. */
void cases_gemm_s8_tiles(void);

#endif
