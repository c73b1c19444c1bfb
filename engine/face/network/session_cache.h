/* session_cache.h - planned sessions of one model, kept by graph and input size: a camera's frames
 * or a cascade's levels come in the same few sizes again and again. */
#ifndef FID_FACE_SESSION_CACHE_H
#define FID_FACE_SESSION_CACHE_H

#include "engine/base/status.h"
#include "engine/fid/model.h"

enum { FID_SESSION_CACHE_ENTRIES = 32 };

struct fid_session_cache { /* zero-initialize, but for the borrowed two */
    struct fid_runtime *runtime;
    const struct fid_model *model;
    struct {
        const char *graph;
        int n, h, w;
        struct fid_session *session;
        size_t bytes;
        uint64_t last_use;
    } entries[FID_SESSION_CACHE_ENTRIES];
    size_t count, bytes;
    uint64_t use_count;
};

/* The session for n inputs of h × w; planned now if it is not there. The longest unused ones are
 * closed to stay within 32 sessions and 256 MiB, so a session is good until the next call. graph
 * is compared by its text and kept (a literal). */
enum fid_status fid_session_cache_get(struct fid_session_cache *cache, const char *graph, int n,
                                      int h, int w, struct fid_session **session,
                                      struct fid_error *error);
void fid_session_cache_close(struct fid_session_cache *cache);

#endif
