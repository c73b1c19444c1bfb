/* memory.c - the only place that allocates and frees memory. */
#include "engine/base/memory.h"
#include "engine/base/size.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES_BYTES ((size_t)1 << 20) /* from here on a block comes from the system */

/* The address sanitizer guards the ends of malloc's blocks alone. */
#if defined(__SANITIZE_ADDRESS__)
#define FROM_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FROM_MALLOC 1
#endif
#endif
#ifndef FROM_MALLOC
#define FROM_MALLOC 0
#endif

static atomic_ulong allocation_count;
static atomic_ulong fail_at; /* the value of allocation_count that fails; 0: none */

/* Counts an allocation; false when it is the one that has to fail. */
static bool may_allocate(void)
{
    unsigned long number = atomic_fetch_add(&allocation_count, 1) + 1;
    return number != atomic_load(&fail_at);
}

void *fid_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!fid_size_mul(count, size, &bytes) || !fid_size_align(bytes, FID_MEMORY_ALIGN, &bytes))
        return NULL;
    if (bytes == 0)
        bytes = FID_MEMORY_ALIGN;
    if (!may_allocate())
        return NULL;
    void *block = aligned_alloc(FID_MEMORY_ALIGN, bytes);
    if (block != NULL)
        memset(block, 0, bytes);
    return block;
}

void fid_free(void *block)
{
    free(block);
}

void *fid_grow(void *block, size_t count, size_t *room, size_t width)
{
    if (count < *room)
        return block;
    void *larger = fid_calloc(count + count / 2 + 16, width);
    if (larger == NULL)
        return NULL;
    if (count > 0)
        memcpy(larger, block, count * width);
    fid_free(block);
    *room = count + count / 2 + 16;
    return larger;
}

char *fid_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = fid_calloc(bytes, 1);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

/* Not MADV_HUGEPAGE: it saves faults, but where the host takes idle huge pages back from a virtual
 * machine, getting them again costs several times what the faults do. */
void *fid_pages_alloc(size_t bytes)
{
    if (FROM_MALLOC || bytes < PAGES_BYTES)
        return fid_calloc(bytes, 1);
    if (!may_allocate())
        return NULL;
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block != MAP_FAILED ? block : NULL;
}

void fid_pages_free(void *block, size_t bytes)
{
    if (FROM_MALLOC || bytes < PAGES_BYTES)
        fid_free(block);
    else if (block != NULL)
        munmap(block, bytes);
}

unsigned long fid_allocation_count(void)
{
    return atomic_load(&allocation_count);
}

void fid_allocation_fail_at(unsigned long n)
{
    atomic_store(&fail_at, n == 0 ? 0 : atomic_load(&allocation_count) + n);
}
