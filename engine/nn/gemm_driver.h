/* gemm_driver.h - matrix products in tiles: blocking for the caches and splitting for the threads.
 *
 *   C[i][j] = post( bias[j] + Σ_{t<taps} Σ_{p<k} A_t[i][p] · B[t·k + p][j] ),  i < rows, j <
 * columns
 *
 * The left matrix is not stored: a source gives pointers to its rows, a tile at a time. Several
 * products of one size with left and right matrices of their own go through at once (the positions
 * of Winograd's convolution): there is more to split, and the threads wait for each other once. */
#ifndef FID_NN_GEMM_DRIVER_H
#define FID_NN_GEMM_DRIVER_H

#include "engine/nn/step.h"

struct fid_gemm;

/* Rows of the left matrix of a product: count of them, the first number first. */
struct fid_gemm_rows {
    size_t product, first, count;
};

/* Writes the pointers of the rows: tap t of row first+i at a[t·count + i]. patches: count ·
 * patch_bytes to point at, for sources that copy. */
typedef void (*fid_gemm_source_fn)(const struct fid_gemm *gemm, const struct fid_run *run,
                                   const struct fid_gemm_rows *rows, const void **a, char *patches);

struct fid_gemm {
    const struct fid_step *step;
    size_t columns, taps, k;
    bool bytes;           /* gemm_s8: the step's input and filter are of bytes */
    size_t patch_bytes;   /* that a source writes for each row; 0: it copies nothing */
    const void *residual; /* [rows][columns], of the left matrix's type, or NULL */
    void *c;              /* [rows][columns], f32 or the step's output */
    fid_gemm_source_fn source;
    const void *source_ctx;
    size_t products;   /* of this size; their packed right matrices follow each other */
    size_t c_step;     /* floats from the c of a product to the next one's */
    bool intermediate; /* C is not the step's output: no post, no sigmoid */
};

/* FILLS the step's packed_bytes and scratch_bytes. */
void fid_gemm_set_needs(const struct fid_gemm *gemm, struct fid_step *step,
                        const struct fid_plan_context *context);

/* Packs filter [columns][taps · k] and bias [columns], tensors 0 and 1 of the step, into its packed
 * weights with all workers: one product. Of bytes with the vectors of quantized.h behind. */
void fid_gemm_pack(const struct fid_gemm *gemm, const struct fid_plan_context *context);

/* The products for `rows` rows each, the step's post and sigmoid included. The bits depend neither
 * on the number of workers nor on rows nor on the cache: no sum is split. */
void fid_gemm_run(const struct fid_gemm *gemm, const struct fid_run *run, size_t rows);

#endif
