/* lean.c - preloaded into the program by tests/test_lean.py: memory runs out.
 *
 * LEAN_AT=K: the K-th request for memory after the start of main fails, of all threads together;
 * LEAN_LONG=1: and so do all behind it. LEAN_COUNT=FILE: how many there were is written there at
 * the end. Requests are malloc and its kin, from any library, and anonymous mappings. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#pragma GCC visibility push(default) /* the program is built without names to be found */

int __libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end);
/* glibc's own names of what is replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong requests;
static atomic_bool armed;
static unsigned long fail_at;
static bool for_long;
static int (*real_main)(int, char **, char **);

static bool is_refused(void)
{
    if (!atomic_load(&armed))
        return false;
    unsigned long number = 1 + atomic_fetch_add(&requests, 1);
    if (fail_at == 0 || number < fail_at || (number > fail_at && !for_long))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return is_refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return is_refused() ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return is_refused() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = is_refused() ? NULL : __libc_memalign(alignment, size);
    return *block != NULL ? 0 : ENOMEM;
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    static void *(*real)(void *, size_t, int, int, int, off_t);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "mmap");
    if ((flags & MAP_ANONYMOUS) != 0 && is_refused())
        return MAP_FAILED;
    return real(address, length, protection, flags, file, offset);
}

static void write_count(void)
{
    const char *path = getenv("LEAN_COUNT");
    unsigned long count = atomic_load(&requests);
    atomic_store(&armed, false);
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL) {
        fprintf(file, "%lu\n", count);
        fclose(file);
    }
}

static int lean_main(int argc, char **argv, char **environment)
{
    const char *at = getenv("LEAN_AT");
    fail_at = at != NULL ? strtoul(at, NULL, 10) : 0;
    for_long = getenv("LEAN_LONG") != NULL;
    atexit(write_count);
    unsetenv("LD_PRELOAD"); /* children have all they want */
    atomic_store(&armed, true);
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*main_function)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
                      void *stack_end)
{
    __typeof__(&__libc_start_main) real;
    *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
    real_main = main_function;
    return real(lean_main, argc, argv, init, fini, rtld_fini, stack_end);
}
