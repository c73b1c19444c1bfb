/* cache.h - how large the processor's caches are. */
#ifndef FID_BASE_CACHE_H
#define FID_BASE_CACHE_H

#include <stddef.h>

/* Bytes of the second-level cache that one core has to itself: its size divided by the cores that
 * share it, 128 KB to 2 MB; 512 KB where the system does not say. Reads files: ask once. */
size_t fid_cache_bytes(void);

#endif
