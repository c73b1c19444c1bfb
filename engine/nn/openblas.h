/* openblas.h - OpenBLAS, loaded at its first use. */
#ifndef FID_NN_OPENBLAS_H
#define FID_NN_OPENBLAS_H

#include "engine/base/status.h"

/* The C BLAS interface's numbers for row-major order and transposition. */
enum { FID_BLAS_ROW_MAJOR = 101, FID_BLAS_NO_TRANS = 111, FID_BLAS_TRANS = 112 };

struct fid_openblas {
    void (*sgemm)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                  const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
};

/* Loads the library and sets it to one thread. FID_UNSUPPORTED: not installed, or left out of this
 * build (OPENBLAS=0). It stays loaded to the end of the process: its own threads cannot be taken
 * away safely. */
enum fid_status fid_openblas_load(struct fid_openblas *openblas, struct fid_error *error);

#endif
