/* runtime.h - what the rest of engine/nn knows of a runtime. */
#ifndef FID_NN_RUNTIME_H
#define FID_NN_RUNTIME_H

#include "engine/base/thread_pool.h"
#include "engine/fid/runtime.h"
#include "engine/nn/openblas.h"
#include "engine/nn/step.h"
#include "kernels/kernels.h"

struct fid_runtime {
    const struct fid_kernels *kernels;
    struct fid_pool *pool;                /* owned */
    const struct fid_conv_method *method; /* forced convolution method, or NULL */
    struct fid_openblas openblas;
    bool has_openblas;
    bool low_memory;
    size_t cache_bytes; /* fid_cache_bytes: how work is cut, and nothing that changes a bit */
    fid_log_fn log;     /* may be NULL */
    void *log_ctx;
};

/* What the ops need to know of it when they plan for n pictures. */
struct fid_plan_context fid_runtime_context(const struct fid_runtime *runtime, size_t n);

/* One line to the log; nothing without one. */
void fid_runtime_log(const struct fid_runtime *runtime, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
