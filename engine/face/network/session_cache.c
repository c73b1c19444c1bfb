/* session_cache.c - plans sessions of one model for the sizes that occur, and keeps them. */
#include "engine/face/network/session_cache.h"

#include <string.h>

#define MAX_BYTES ((size_t)256 << 20)

static bool same_graph(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void evict_oldest(struct fid_session_cache *cache)
{
    size_t oldest = 0;
    for (size_t i = 1; i < cache->count; i++)
        if (cache->entries[i].last_use < cache->entries[oldest].last_use)
            oldest = i;
    fid_session_close(&cache->entries[oldest].session);
    cache->bytes -= cache->entries[oldest].bytes;
    cache->entries[oldest] = cache->entries[--cache->count];
}

static size_t session_bytes(const struct fid_session *session)
{
    struct fid_session_memory memory;
    fid_session_memory(session, &memory);
    return memory.arena_bytes + memory.packed_bytes + memory.scratch_bytes;
}

enum fid_status fid_session_cache_get(struct fid_session_cache *cache, const char *graph, int n,
                                      int h, int w, struct fid_session **session,
                                      struct fid_error *error)
{
    cache->use_count++;
    for (size_t i = 0; i < cache->count; i++)
        if (cache->entries[i].n == n && cache->entries[i].h == h && cache->entries[i].w == w &&
            same_graph(cache->entries[i].graph, graph)) {
            cache->entries[i].last_use = cache->use_count;
            *session = cache->entries[i].session;
            return FID_OK;
        }
    while (cache->count == FID_SESSION_CACHE_ENTRIES ||
           (cache->count > 0 && cache->bytes > MAX_BYTES))
        evict_oldest(cache);
    enum fid_status status =
        fid_session_open(cache->runtime, cache->model, graph, n, h, w, NULL, session, error);
    if (status != FID_OK)
        return status;
    size_t i = cache->count++;
    cache->entries[i].graph = graph;
    cache->entries[i].n = n;
    cache->entries[i].h = h;
    cache->entries[i].w = w;
    cache->entries[i].session = *session;
    cache->entries[i].bytes = session_bytes(*session);
    cache->entries[i].last_use = cache->use_count;
    cache->bytes += cache->entries[i].bytes;
    return FID_OK;
}

void fid_session_cache_close(struct fid_session_cache *cache)
{
    while (cache->count > 0)
        evict_oldest(cache);
}
