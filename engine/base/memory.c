#include "engine/base/memory.h"
#include "engine/base/size.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_ulong allocation_count;
static atomic_ulong fail_at; /* the value of allocation_count that fails; 0: none */

void *fid_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (!fid_size_mul(count, size, &bytes) || !fid_size_align(bytes, FID_MEMORY_ALIGN, &bytes))
        return NULL;
    if (bytes == 0)
        bytes = FID_MEMORY_ALIGN;
    unsigned long number = atomic_fetch_add(&allocation_count, 1) + 1;
    if (number == atomic_load(&fail_at))
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

char *fid_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = fid_calloc(bytes, 1);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

unsigned long fid_allocation_count(void)
{
    return atomic_load(&allocation_count);
}

void fid_allocation_fail_at(unsigned long n)
{
    atomic_store(&fail_at, n == 0 ? 0 : atomic_load(&allocation_count) + n);
}
