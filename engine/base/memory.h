/* memory.h - the one place where the engine allocates large blocks. */
#ifndef FID_BASE_MEMORY_H
#define FID_BASE_MEMORY_H

#include <stddef.h>

#define FID_MEMORY_ALIGN 64u /* a cache line, and the widest vector */

/* count × size bytes at a multiple of FID_MEMORY_ALIGN, zeroed; NULL when there are none or the
 * product overflows. A count or size of 0 gives a block of one line. Free with fid_free. */
void *fid_calloc(size_t count, size_t size);
void fid_free(void *block); /* takes NULL */
char *fid_strdup(const char *text);
/* Room for one more: the block, or a larger one with its count elements of width bytes, and zeros
 * behind them; the old one is freed then. *room: elements it has room for. NULL: no memory, and the
 * block is as it was. */
void *fid_grow(void *block, size_t count, size_t *room, size_t width);

/* bytes, zeroed, at a multiple of FID_MEMORY_ALIGN; pages of a large block become resident memory
 * at their first touch, by the thread that touches them. NULL when there is no memory. Free with
 * fid_pages_free and the same number of bytes. */
void *fid_pages_alloc(size_t bytes);
void fid_pages_free(void *block, size_t bytes); /* takes NULL */

/* Allocations through the functions above so far, of the whole process: the tests hold the
 * difference over a run against zero. */
unsigned long fid_allocation_count(void);

/* Makes the n-th allocation from now fail (1: the next one), 0 to switch it off. For tests. */
void fid_allocation_fail_at(unsigned long n);

#endif
