/* kernel_bench.h - what the lines of bench_kernels share, and those of the slots for bytes, of
 * Winograd's transforms and of packing. */
#ifndef BENCH_KERNEL_BENCH_H
#define BENCH_KERNEL_BENCH_H

#include "kernels/kernels.h"

struct bench {
    const struct fid_kernels *table;
    double peak;      /* FLOP/s of one core at this level's width; NAN: not known */
    double byte_peak; /* the same of dot products of bytes; NAN: not known */
    const char *word;
    bool json;
};

/* Does the line's name contain the word? */
bool bench_wanted(const struct bench *bench, const char *name);

/* Measures and prints. `work` of one run is in units: flops; ops of bytes ("Gop/s"), of which
 * products are held against the peak; or bytes ("GB/s"). */
void bench_line(const struct bench *bench, const char *name, void (*run)(void *), void *context,
                double work, const char *unit);

/* Numbers around 1, never denormal; 64-byte aligned; the caller frees them. */
float *bench_numbers(size_t count);

/* All lines of a slot. */
void bench_gemm_s8(const struct bench *bench);
void bench_depthwise_s8(const struct bench *bench);
void bench_add_u8(const struct bench *bench);
void bench_max_pool_u8(const struct bench *bench);
void bench_average_u8(const struct bench *bench);
void bench_to_u8(const struct bench *bench);
void bench_from_u8(const struct bench *bench);
void bench_winograd_input(const struct bench *bench);
void bench_winograd_output(const struct bench *bench);
void bench_packing(const struct bench *bench); /* of filters, as the table wants them */

enum { BENCH_SIDE_MAX = 7 };

/* The windows of output row y: squares of `side` over a picture of pixels · stride + side a side,
 * whose pixels are channels numbers in pixel_bytes. rows: BENCH_SIDE_MAX of them. */
struct fid_windows bench_slide(const void *picture, size_t pixel_bytes, size_t channels,
                               size_t pixels, size_t side, size_t stride, size_t y,
                               struct fid_pixels *rows);

#endif
