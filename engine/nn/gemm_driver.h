/* gemm_driver.h - a matrix product in tiles: blocking for the caches and splitting for the threads.
 *
 *   C[i][j] = post( bias[j] + Σ_{t<taps} Σ_{p<k} A_t[i][p] · B[t·k + p][j] ),  i < rows, j <
 * columns
 *
 * The left matrix is not stored: a source gives pointers to its rows, a tile at a time. */
#ifndef FID_NN_GEMM_DRIVER_H
#define FID_NN_GEMM_DRIVER_H

#include "engine/nn/step.h"

/* Writes the pointers of rows first..first+count-1: tap t of row first+i at a[t·count + i].
 * patches: count · patch floats to point at, for sources that copy. */
typedef void (*fid_gemm_source_fn)(const struct fid_step *step, const struct fid_run *run,
                                   size_t first, size_t count, const float **a, float *patches);

struct fid_gemm {
    size_t columns, taps, k;
    size_t patch;          /* floats a source writes for each row; 0: it copies nothing */
    const float *residual; /* [rows][columns] or NULL */
    float *c;              /* [rows][columns] */
    fid_gemm_source_fn source;
};

/* Bytes of scratch for each worker. */
size_t fid_gemm_scratch_bytes(const struct fid_gemm *gemm, const struct fid_kernels *kernels);

size_t fid_gemm_packed_bytes(const struct fid_gemm *gemm, const struct fid_kernels *kernels);
/* Packs filter [columns][taps · k] and bias [columns] with all workers. */
void fid_gemm_pack(const struct fid_gemm *gemm, const struct fid_plan_context *context,
                   const float *filter, const float *bias, float *packed);

/* The product for `rows` rows, step's post and sigmoid included. The bits depend neither on the
 * number of workers nor on rows. */
void fid_gemm_run(const struct fid_gemm *gemm, const struct fid_step *step,
                  const struct fid_run *run, size_t rows);

#endif
