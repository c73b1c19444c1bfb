/* kernels.h - the contract of every kernel slot. The only header of this folder that others
 * include.
 *
 * A kernel knows pointers, sizes and strides, nothing else: no tensors, files, threads or malloc.
 * Sizes and strides count elements unless the name ends in _bytes. Nothing is read or written
 * outside what the contract names: a kernel handles its own edges. Activations are channels-last
 * (NHWC), so a "pixel" is `channels` numbers in a row. Unless a contract says otherwise, pointers
 * need the alignment of their element only, and outputs do not overlap inputs.
 *
 * Accuracy classes: `exact` gives the reference's bits; `sum(k)` adds k products in any order and
 * with or without fused multiply-add: |ref - got| ≤ (k + 8) · 2^-24 · 2 · Σ|a·b| for each number
 * (before a clamp, which does not widen it), and (k + 8) · 2^-149 more where products underflow.
 * A table that flushes denormals (32-bit NEON can do nothing else) takes numbers below 2^-126 for
 * zero wherever they are read or made: `exact` then gives the reference's value within 2^-126 for
 * each number read or made, and a sum may differ by 2^-126 · (2 + |a| + |b|) more for each product.
 * For any one table a number depends only on its own inputs, never on m, n or the place in a tile,
 * so that splitting the work changes no bit. */
#ifndef FID_KERNELS_H
#define FID_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happens to a sum v of output channel j before it is stored, in this order:
 *   v += residual[i · residual_stride + j]      if residual
 *   v  = v < 0 ? slope[j] · v : v               if slope
 *   v  = min(max(v, min), max)                  always; ±INFINITY for no limit
 * residual and slope are given at the tile's first row and column. The residual may be the output.
 */
struct fid_post_f32 {
    const float *residual;
    size_t residual_stride;
    const float *slope;
    float min, max;
};

/* gemm_f32: one tile of a matrix product whose left rows are gathered through pointers.
 *
 *   C[i][j] = post( bias[j] + Σ_{t<taps} Σ_{p<k} a[t·m + i][p] · B[t·k + p][j] )
 *
 *   1 ≤ m ≤ mr, 1 ≤ n ≤ nr, taps ≥ 1, k ≥ 1
 *   a       taps × m pointers, each to k numbers in a row. taps = 1 is a plain GEMM; more is a
 *           convolution without a patch matrix: one pointer for each tap and pixel, those on the
 *           padding pointing at zeros.
 *   panel   one packed panel (fid_pack_panels): bias[nr], then taps·k rows of nr numbers; aligned
 *           to 64 bytes, columns past n are zero and may be read
 *   c       m rows of n numbers, c_stride apart
 *   next    what will be read soon: up to taps·k cache lines from here may be prefetched, which
 *           neither reads nor faults; NULL for nothing
 * Accuracy: sum(taps·k + 1). */
#define FID_GEMM_F32_ARGS                                                                  \
    (size_t m, size_t n, size_t taps, size_t k, const float *const *a, const float *panel, \
     float *c, size_t c_stride, const struct fid_post_f32 *post, const void *next)

/* The windows that slide over a row of pictures' pixels, of f32 or of bytes: tap (ky, kx) of window
 * x, in(x, ky, kx), is the pixel
 *
 *   column(x, kx) = x · stride + kx · dilation - pad
 *
 * of row ky, if that is in 0..width-1; else it lies on the padding. Sizes are at least 1. */
struct fid_pixels {
    const void *first; /* pixel 0 */
    size_t step;       /* numbers from a pixel to the next */
};
struct fid_windows {
    const struct fid_pixels *rows; /* kernel_h */
    size_t kernel_h, kernel_w, stride, dilation, pad, width;
    const void *padding; /* a pixel of it, for depthwise_s8 */
};

/* depthwise_f32: a convolution in which each channel keeps to itself.
 *
 *   s[x][j] = bias[j] + Σ_{kx<kernel_w} Σ_{ky<kernel_h} in(x, ky, kx)[j] · w[kx·kernel_h + ky][j]
 *   out[x][j] = post(s[x][j]),  x < pixels, j < channels
 *
 *   in      the windows; taps on the padding add nothing. A row of the picture that lies on the
 *           padding is `channels` zeros with a step of 0.
 *   packed  fid_pack_depthwise: blocks of cr channels: bias[cr], then kernel_w · kernel_h × cr;
 *           64-byte aligned
 *   out     pixels rows, out_stride apart; post's residual and slope are given for pixel 0 and
 *           channel 0
 * Accuracy: sum(kernel_h · kernel_w + 1). */
#define FID_DEPTHWISE_F32_ARGS                                                          \
    (size_t pixels, size_t channels, const struct fid_windows *in, const float *packed, \
     float *out, size_t out_stride, const struct fid_post_f32 *post)

/* winograd_input_f32: a tile of α × α pixels, α = m + 2 and m = 2 or 4, into the terms of
 * Winograd's products (kernels/winograd.h):
 *
 *   out[(y·α + x) · out_step + j] = Σ_{v,u<α} Bᵀ[y][v] · Bᵀ[x][u] · in[v·α + u][j],  j < channels
 *
 *   in      α² pointers to pixels, row by row; those on the padding point at `channels` zeros
 * Accuracy: sum(α²). */
#define FID_WINOGRAD_INPUT_F32_ARGS \
    (size_t m, size_t channels, const float *const *in, float *out, size_t out_step)

/* winograd_output_f32: the products of a tile back into m × m pixels, of which those in the first
 * `rows` rows and `columns` columns are stored:
 *
 *   out[y·row_step + x·column_step + j] =
 *       post( bias[j] + Σ_{v,u<α} Aᵀ[y][v] · Aᵀ[x][u] · in[(v·α + u) · in_step + j] ),  j <
 * channels
 *
 *   post    its residual stands as out does, at the same steps; residual_stride is not looked at
 * Accuracy: sum(α² + 1). */
#define FID_WINOGRAD_OUTPUT_F32_ARGS                                                             \
    (size_t m, size_t channels, const float *in, size_t in_step, const float *bias, size_t rows, \
     size_t columns, float *out, size_t row_step, size_t column_step,                            \
     const struct fid_post_f32 *post)

/* max_pool_f32: out[x][j] = clamp( max_{ky,kx} in(x, ky, kx)[j], min, max ), row by row of the
 * window. The windows' rows are those in the picture alone; columns on the padding are left out,
 * and each window has one that is not. Accuracy: exact. */
#define FID_MAX_POOL_F32_ARGS                                                                     \
    (size_t pixels, size_t channels, const struct fid_windows *in, float *out, size_t out_stride, \
     float min, float max)

/* average_f32: out[j] = scale · Σ_{t<taps} in[t][j], added in the order of t, then multiplied.
 * One output pixel a call. Accuracy: exact. */
#define FID_AVERAGE_F32_ARGS \
    (size_t channels, size_t taps, const float *const *in, float scale, float *out)

/* add_f32: out[x][j] = post( a[x][j] + b[x][j] ); rows follow each other without a gap; out may be
 * a or b. Accuracy: exact. */
#define FID_ADD_F32_ARGS                                                         \
    (size_t pixels, size_t channels, const float *a, const float *b, float *out, \
     const struct fid_post_f32 *post)

/* affine_f32: out[x][j] = post( in[x][j] · scale[j] + shift[j] ); scale and shift may be NULL for 1
 * and 0 (so that it is an activation alone); rows without a gap; out may be in.
 * Accuracy: sum(1). */
#define FID_AFFINE_F32_ARGS                                                                   \
    (size_t pixels, size_t channels, const float *in, const float *scale, const float *shift, \
     float *out, const struct fid_post_f32 *post)

/* layer_norm_f32: every pixel to mean 0 and variance 1, then a scale and shift for each channel:
 *
 *   out[x][j] = (in[x][j] - mean) / sqrt(variance + epsilon) · scale[j] + shift[j]
 *
 * with mean and variance (divisor: channels) of in[x]; rows without a gap; out may be in; channels
 * < 2^20. Accuracy, where nothing overflows: with d = |in[x][j] - mean|, s = sqrt(variance +
 * epsilon) and e = (channels + 8) · 2^-23 · (mean of |in[x]|) the error is at most
 * 2 · |scale[j]| · (e + d · (e / s + (channels + 16) · 2^-23)) / s + 2^-22 · |shift[j]|. */
#define FID_LAYER_NORM_F32_ARGS                                                               \
    (size_t pixels, size_t channels, const float *in, const float *scale, const float *shift, \
     float epsilon, float *out)

/* gelu_f32: v[i] = v[i] · Φ(v[i]), i < count, with the normal distribution's Φ. Finite numbers.
 * Accuracy: |ref - got| ≤ 2^-20 · |v[i]|. */
#define FID_GELU_F32_ARGS (size_t count, float *v)

/* sigmoid_f32: v[i] = 1 / (1 + e^-v[i]), i < count. NaN stays NaN.
 * Accuracy: |ref - got| ≤ 2^-19 · ref + 2^-124. */
#define FID_SIGMOID_F32_ARGS (size_t count, float *v)

/* dot_f32: Σ_{p<k} a[p] · b[p]. Accuracy: sum(k). */
#define FID_DOT_F32_ARGS (size_t k, const float *a, const float *b)

/* dot_s8: Σ_{p<k} a[p] · b[p] of bytes in -127..127, k ≤ 65536. Accuracy: exact. */
#define FID_DOT_S8_ARGS (size_t k, const int8_t *a, const int8_t *b)

/* ---- bytes: networks in int8 ----
 *
 * Activations are bytes, 0..255, that stand for scale · (byte - zero); weights are -127..127. A sum
 * of products is an exact int32, and what follows is done in f32 with one rounding for each
 * operation written here (no fused multiply-add): so every table gives the same bits. Numbers are
 * finite, scales in 2^-90 .. 2^90, zeros in 0..255, and the caller knows that no sum leaves int32.
 *
 * Where pointers to pixels or rows are given (a, in), up to 63 bytes behind each may be read, and
 * what stands there does not matter. */

/* What happens to the sum s of output channel j, in this order:
 *   v  = (float)s · scale[j]
 *   v += (float)(residual[i · residual_stride + j] - residual_zero) · residual_scale[j]
 *                                            if residual
 *   v  = v < 0 ? slope[j] · v : v            if slope
 *   v  = min(max(v, low[j]), high[j])
 *   a byte: zero + v rounded to the nearest integer, halves to even; or f32: v, never -0
 * The six vectors stand in front of the packed weights. For bytes low ≥ -zero and
 * high ≤ 255 - zero, so that nothing is left to saturate; v is counted in steps of the output then.
 * For f32 low and high may be infinite. residual is given at the tile's first row and column; it
 * may be the output where that is bytes. */
struct fid_post_s8 {
    const uint8_t *residual;
    size_t residual_stride;
    int32_t residual_zero;
    int32_t zero;
    bool slope;
    bool f32; /* the output is f32, not bytes */
};
enum {
    FID_S8_BIAS,
    FID_S8_SCALE,
    FID_S8_LOW,
    FID_S8_HIGH,
    FID_S8_SLOPE,
    FID_S8_RESIDUAL,
    FID_S8_ROWS
};

/* gemm_s8: gemm_f32 for bytes.
 *
 *   s[i][j] = bias[j] + Σ_{t<taps} Σ_{p<k} a[t·m + i][p] · B[t·k + p][j];  C[i][j] = post(s[i][j])
 *
 *   1 ≤ m ≤ mr, 1 ≤ n ≤ nr, taps ≥ 1, k ≥ 1
 *   a       taps × m pointers, each to k bytes in a row. What is read behind them meets weights
 *           of 0.
 *   panel   one packed panel (fid_pack_panels_s8), aligned to 64 bytes: the FID_S8_ROWS vectors
 *           of nr numbers of 4 bytes, bias an int32, the others f32; then for each tap
 *           ceil(k / group) groups of nr · group bytes, column by column. Columns past n and rows
 *           past k are zero. Where the table says gemm_s8_signed, bias has 128 · Σ B in it, so
 *           that the kernel may take a byte a for the signed a - 128.
 *   c       m rows of n bytes or f32, c_stride apart (elements)
 *   next    as for gemm_f32, but up to taps · ceil(k / group) cache lines
 * Accuracy: exact. */
#define FID_GEMM_S8_ARGS                                                                    \
    (size_t m, size_t n, size_t taps, size_t k, const uint8_t *const *a, const void *panel, \
     void *c, size_t c_stride, const struct fid_post_s8 *post, const void *next)

/* depthwise_s8: depthwise_f32 for bytes.
 *
 *   s[x][j] = bias[j] + Σ_{kx<kernel_w} Σ_{ky<kernel_h} in(x, ky, kx)[j] · w[kx·kernel_h + ky][j]
 *   out[x][j] = post(s[x][j])
 *
 *   in      the windows; taps on the padding are its pixel, which is `channels` bytes of the
 *           input's zero, for bias counts on them. So is a row of the picture that lies on the
 *           padding, with a step of 0.
 *   packed  fid_pack_depthwise_s8: blocks of cr channels, each aligned to 64 bytes: the FID_S8_ROWS
 *           vectors of cr numbers, then ceil(taps / group) groups of cr · group bytes, channel by
 *           channel. Channels past the last and taps past the last are zero.
 *   out     pixels rows, out_stride apart; post's residual is given for pixel 0, channel 0
 * Accuracy: exact. */
#define FID_DEPTHWISE_S8_ARGS                                                                     \
    (size_t pixels, size_t channels, const struct fid_windows *in, const void *packed, void *out, \
     size_t out_stride, const struct fid_post_s8 *post)

/* add_u8: the sum of two values, in steps of the output.
 *
 *   v = (float)(a[x][j] - a_zero) · a_scale[j] + (float)(b[x][j] - b_zero) · b_scale[j]
 *   v = v < 0 ? slope[j] · v : v  if slope;  v = min(max(v, low[j]), high[j])
 *   out[x][j] = zero + v rounded to the nearest integer, halves to even
 *
 * low, high and zero as in struct fid_post_s8; rows without a gap; out may be a or b.
 * Accuracy: exact. */
struct fid_add_u8 {
    const float *a_scale, *b_scale, *slope, *low, *high; /* [channels]; slope may be NULL */
    int32_t a_zero, b_zero, zero;
};
#define FID_ADD_U8_ARGS                                                                \
    (size_t pixels, size_t channels, const uint8_t *a, const uint8_t *b, uint8_t *out, \
     const struct fid_add_u8 *how)

/* max_pool_u8: max_pool_f32 for bytes, without limits. Accuracy: exact. */
#define FID_MAX_POOL_U8_ARGS \
    (size_t pixels, size_t channels, const struct fid_windows *in, uint8_t *out, size_t out_stride)

/* average_u8: out[j] = (float)(Σ_{t<taps} in[t][j] - taps · zero) · scale, taps < 2^23.
 * Accuracy: exact. */
#define FID_AVERAGE_U8_ARGS \
    (size_t channels, size_t taps, const uint8_t *const *in, int32_t zero, float scale, float *out)

/* to_u8: out[x][j] = zero + the nearest integer, halves to even, of
 * min(max(in[x][j] · inverse[j], -zero), 255 - zero); a NaN becomes 0; rows without a gap.
 * Accuracy: exact. */
#define FID_TO_U8_ARGS                                                                    \
    (size_t pixels, size_t channels, const float *in, const float *inverse, int32_t zero, \
     uint8_t *out)

/* from_u8: out[x][j] = (float)(in[x][j] - zero) · scale[j]; rows without a gap. Accuracy: exact. */
#define FID_FROM_U8_ARGS                                                                  \
    (size_t pixels, size_t channels, const uint8_t *in, const float *scale, int32_t zero, \
     float *out)

/* crc32c: the checksum of RFC 3720 continued over `bytes` more bytes. Start with 0; the inversions
 * are inside, so crc32c(crc32c(0, a), b) is the checksum of a followed by b. Accuracy: exact. */
#define FID_CRC32C_ARGS (uint32_t crc, const void *data, size_t bytes)

/* One function pointer type a slot, and the slots of the table: kernel_list.h has a line for each.
 */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a type and its parameters, not values */
#define FID_SLOT(name, result, args) typedef result(*fid_##name##_fn) args;
#include "kernels/kernel_list.h"
#undef FID_SLOT

/* A complete set of kernels: no slot is NULL. The tables are const and live for ever. */
struct fid_kernels {
    const char *name; /* "ref", "avx2", "neon", ...: isa_list.h */
    int flushes_denormals;
    struct { /* tiles of the products, channel blocks of the depthwise convolutions */
        size_t gemm_mr, gemm_nr, depthwise_cr;
        size_t gemm_s8_mr, gemm_s8_nr;
        size_t gemm_s8_group;      /* 4 or 8: bytes of a column that stand together */
        size_t gemm_s8_signed;     /* 1: see gemm_s8 */
        size_t depthwise_s8_cr;    /* at most 64 */
        size_t depthwise_s8_group; /* 1, 2 or 4: taps of a channel that stand together */
    } tile;
#define FID_SLOT(slot, result, args) fid_##slot##_fn slot;
#include "kernels/kernel_list.h"
#undef FID_SLOT
};

/* The best table that this CPU and its operating system can run; or the one called name ("ref",
 * "avx2", ...), NULL when there is no such table in this build or the CPU cannot run it. */
const struct fid_kernels *fid_kernels_best(void);
const struct fid_kernels *fid_kernels_named(const char *name);

/* The tables of this build, from the reference upward: i = 0, 1, ...; NULL past the end. *usable
 * tells whether this CPU can run it. For tests, benches and messages. */
const struct fid_kernels *fid_kernels_at(size_t i, int *usable);

/* What the CPU offers, in words ("avx2 fma avx512f ..."), for messages. Static text. */
const char *fid_cpu_text(void);

/* ---- SHA-256 ---- */

/* sha256: takes `blocks` blocks of 64 bytes into the state of FIPS 180-4. Accuracy: exact. No slot
 * of a table: the instructions for it come apart from the vector levels, there are CPUs with either
 * alone, and the names of the levels stand in files with packed weights. */
#define FID_SHA256_ARGS (uint32_t state[8], const void *data, size_t blocks)
typedef void(*fid_sha256_fn) FID_SHA256_ARGS;

/* The best that this CPU can run; the reference beside the reference table. */
fid_sha256_fn fid_sha256_beside(const struct fid_kernels *table);

/* Those of this build, as fid_kernels_at has the tables: NULL past the end. */
fid_sha256_fn fid_sha256_at(size_t i, int *usable);

/* ---- packing (pack.c, portable) ---- */

#define FID_PACK_VERSION \
    2 /* one more with every change of a packed bit: files keep packed weights */

/* Number of floats of n packed columns with k rows each: panels · (1 + k) · nr. That may be more
 * than a size_t of 32 bits: check before allocating them. */
uint64_t fid_pack_panels_size(size_t n, size_t k, size_t nr);

/* Packs a filter matrix [n][k] (row j = output channel j) for gemm_f32: panels of nr columns, each
 * bias[nr] (zeros if bias is NULL), then k rows of nr; columns past n are zero.
 * Packs the panels first..first+count-1 only, so that threads can share the work. */
void fid_pack_panels(size_t n, size_t k, size_t nr, const float *filter, const float *bias,
                     size_t first, size_t count, float *packed);

/* Numbers of the packed filters of n output and k input channels, α² panel sets one after another.
 */
uint64_t fid_pack_winograd_size(size_t m, size_t n, size_t k, size_t nr);
/* Transforms filters [n][3][3][k] for Winograd's F(m × m, 3 × 3): position y·α + x holds
 * (G g Gᵀ)[y][x] of every pair of channels, packed as fid_pack_panels does, its bias zero. Packs
 * the panels first..first+count-1 of all positions, so that threads can share the work. */
void fid_pack_winograd(size_t m, size_t n, size_t k, size_t nr, const float *filter, size_t first,
                       size_t count, float *packed);

uint64_t fid_pack_depthwise_size(size_t channels, size_t taps, size_t cr);
/* Packs depthwise filters [channels][kernel_h][kernel_w] for depthwise_f32, column by column: tap
 * (ky, kx) becomes t = kx · kernel_h + ky. bias may be NULL. */
void fid_pack_depthwise(size_t channels, size_t kernel_h, size_t kernel_w, size_t cr,
                        const float *filter, const float *bias, float *packed);

/* What a product in bytes needs of each output column beside the weights, [n] each: the vectors of
 * struct fid_post_s8. residual may be NULL where there is none, slope where there is none. */
struct fid_columns_s8 {
    const int32_t *bias; /* with the input's zero in it: - zero · Σ B */
    const float *scale, *low, *high, *slope, *residual;
};

/* Bytes of n packed columns with taps · k rows. */
uint64_t fid_pack_panels_s8_size(size_t n, size_t taps, size_t k,
                                 const struct fid_kernels *kernels);
/* Packs a filter matrix [n][taps][k] for gemm_s8 of these kernels: the panels first..first+count-1
 * only, so that threads can share the work. */
void fid_pack_panels_s8(size_t n, size_t taps, size_t k, const struct fid_kernels *kernels,
                        const int8_t *filter, const struct fid_columns_s8 *columns, size_t first,
                        size_t count, void *packed);

uint64_t fid_pack_depthwise_s8_size(size_t channels, size_t taps,
                                    const struct fid_kernels *kernels);
/* Packs depthwise filters [channels][kernel_h][kernel_w] for depthwise_s8, taps column by column as
 * fid_pack_depthwise. */
void fid_pack_depthwise_s8(size_t channels, size_t kernel_h, size_t kernel_w,
                           const struct fid_kernels *kernels, const int8_t *filter,
                           const struct fid_columns_s8 *columns, void *packed);

#endif
