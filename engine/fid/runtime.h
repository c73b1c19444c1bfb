/* runtime.h - the CPU, its kernels and threads, which models and sessions run on. */
#ifndef FID_RUNTIME_H
#define FID_RUNTIME_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- runtime: the CPU, its kernels and threads ---- */

struct fid_runtime;

typedef void (*fid_log_fn)(void *ctx, const char *line);

struct fid_options {
    int threads;        /* 0: one for each core; 1: none besides the caller */
    const char *isa;    /* kernel table by name ("ref", "avx2", "neon"); NULL: the best */
    const char *method; /* convolution method by name ("im2col_gemm", "im2col_openblas", ...), used
                           wherever it applies; NULL: chosen layer by layer */
    bool low_memory;    /* methods whose packed weights are larger than the filter are not chosen */
    fid_log_fn log;     /* what was chosen and why; NULL: silent */
    void *log_ctx;
};

/* options may be NULL for the defaults (zeros). FID_INVALID: negative threads; FID_UNSUPPORTED: a
 * table that is not in this build or that the CPU cannot run; FID_NO_MEMORY. */
enum fid_status fid_runtime_open(struct fid_runtime **runtime, const struct fid_options *options,
                                 struct fid_error *error);
void fid_runtime_close(struct fid_runtime **runtime);

const char *fid_runtime_isa(const struct fid_runtime *runtime); /* name of the kernel table */
int fid_runtime_threads(const struct fid_runtime *runtime);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
