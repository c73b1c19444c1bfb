/* runtime.c - the CPU's kernels, the threads, and what the caller asked for. */
#include "engine/nn/runtime.h"

#include "engine/base/cache.h"
#include "engine/base/memory.h"
#include "engine/nn/ops/conv_methods.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void fid_runtime_log(const struct fid_runtime *runtime, const char *format, ...)
{
    char line[512];
    if (runtime->log == NULL)
        return;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length >= 0)
        runtime->log(runtime->log_ctx, line);
}

struct fid_plan_context fid_runtime_context(const struct fid_runtime *runtime, size_t n)
{
    return (struct fid_plan_context){.kernels = runtime->kernels,
                                     .pool = runtime->pool,
                                     .forced = runtime->method,
                                     .openblas = runtime->has_openblas ? &runtime->openblas : NULL,
                                     .n = n,
                                     .cache_bytes = runtime->cache_bytes,
                                     .low_memory = runtime->low_memory};
}

/* Appends a name to a list in words. */
static void list_name(char *list, size_t bytes, const char *name)
{
    size_t end = strlen(list);
    snprintf(list + end, bytes - end, "%s%s", end > 0 ? ", " : "", name);
}

static enum fid_status choose_kernels(struct fid_runtime *runtime, const char *isa,
                                      struct fid_error *error)
{
    runtime->kernels = isa != NULL ? fid_kernels_named(isa) : fid_kernels_best();
    if (runtime->kernels != NULL)
        return FID_OK;
    char known[128] = "";
    int usable;
    for (size_t i = 0; fid_kernels_at(i, &usable) != NULL; i++) {
        list_name(known, sizeof known, fid_kernels_at(i, &usable)->name);
        if (strcmp(fid_kernels_at(i, &usable)->name, isa) == 0)
            return fid_fail(error, FID_UNSUPPORTED, "kernels '%s': this CPU offers only: %s", isa,
                            fid_cpu_text());
    }
    return fid_fail(error, FID_UNSUPPORTED, "kernels '%s' are not in this build, which has %s", isa,
                    known);
}

static enum fid_status choose_method(struct fid_runtime *runtime, const char *name,
                                     struct fid_error *error)
{
    if (name == NULL)
        return FID_OK;
    runtime->method = fid_conv_method_named(name);
    if (runtime->method == NULL) {
        char known[256] = "";
        for (size_t i = 0; fid_conv_method_at(i) != NULL; i++)
            list_name(known, sizeof known, fid_conv_method_at(i)->name);
        return fid_fail(error, FID_INVALID, "there is no convolution method '%s'; there are %s",
                        name, known);
    }
    if (!runtime->method->needs_openblas)
        return FID_OK;
    enum fid_status status = fid_openblas_load(&runtime->openblas, error);
    runtime->has_openblas = status == FID_OK;
    return status;
}

enum fid_status fid_runtime_open(struct fid_runtime **out, const struct fid_options *options,
                                 struct fid_error *error)
{
    static const struct fid_options defaults = {0};
    enum fid_status status;
    struct fid_runtime *runtime = NULL;
    *out = NULL;
    if (options == NULL)
        options = &defaults;
    if (options->threads < 0 || options->threads > FID_POOL_MOST)
        return fid_fail(error, FID_INVALID, "threads: %d is not in 0..%d", options->threads,
                        FID_POOL_MOST);
    runtime = fid_calloc(1, sizeof *runtime);
    if (runtime == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a runtime");
    runtime->log = options->log;
    runtime->log_ctx = options->log_ctx;
    runtime->low_memory = options->low_memory;
    runtime->cache_bytes = fid_cache_bytes();
    status = choose_kernels(runtime, options->isa, error);
    if (status == FID_OK)
        status = choose_method(runtime, options->method, error);
    if (status == FID_OK)
        status = fid_pool_open(&runtime->pool,
                               options->threads ? options->threads : fid_pool_cores(), error);
    if (status != FID_OK)
        goto fail;
    fid_runtime_log(
        runtime, "kernels %s (%s; the CPU offers %s), %d threads, %zu KB of cache each%s%s%s",
        runtime->kernels->name, options->isa != NULL ? "as asked" : "the best", fid_cpu_text(),
        fid_pool_workers(runtime->pool), runtime->cache_bytes / 1024,
        options->method != NULL ? ", convolutions by " : "",
        options->method != NULL ? options->method : "", options->low_memory ? ", low memory" : "");
    *out = runtime;
    return FID_OK;
fail:
    fid_runtime_close(&runtime);
    return status;
}

void fid_runtime_close(struct fid_runtime **runtime)
{
    if (*runtime == NULL)
        return;
    fid_pool_close(&(*runtime)->pool);
    fid_free(*runtime);
    *runtime = NULL;
}

const char *fid_runtime_isa(const struct fid_runtime *runtime)
{
    return runtime->kernels->name;
}

int fid_runtime_threads(const struct fid_runtime *runtime)
{
    return fid_pool_workers(runtime->pool);
}
