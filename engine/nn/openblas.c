/* openblas.c - dlopen, so that programs that do not use OpenBLAS pay neither its
 * start-up nor its threads. */
#include "engine/nn/openblas.h"

#if FID_OPENBLAS

#include <dlfcn.h>
#include <string.h>

/* C has no cast from void * to a function pointer; POSIX promises equal representation. */
static void *find(void *library, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, size);
    return symbol;
}

enum fid_status fid_openblas_load(struct fid_openblas *openblas, struct fid_error *error)
{
    void (*set_threads)(int);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return fid_fail(
            error, FID_UNSUPPORTED,
            "im2col_openblas: libopenblas.so.0 is missing; install libopenblas0-pthread");
    if (!find(library, "cblas_sgemm", &openblas->sgemm, sizeof openblas->sgemm) ||
        !find(library, "openblas_set_num_threads", &set_threads, sizeof set_threads))
        return fid_fail(error, FID_UNSUPPORTED,
                        "im2col_openblas: this libopenblas.so.0 has no cblas_sgemm; install "
                        "libopenblas0-pthread");
    set_threads(1);
    return FID_OK;
}

#else

enum fid_status fid_openblas_load(struct fid_openblas *openblas, struct fid_error *error)
{
    (void)openblas;
    return fid_fail(error, FID_UNSUPPORTED,
                    "im2col_openblas is not in this build; install libopenblas0-pthread and build "
                    "with OPENBLAS=1");
}

#endif
