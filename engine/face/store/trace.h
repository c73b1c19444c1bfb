/* trace.h - looks for the bytes of somebody in files: the proof that they are forgotten. */
#ifndef FID_FACE_TRACE_H
#define FID_FACE_TRACE_H

#include "engine/base/status.h"

enum { FID_TRACE_BYTES = 32 }; /* a piece of so many, at any place of a file, is a find */

struct fid_trace {  /* zero-initialise */
    uint8_t *bytes; /* what is looked for, one after the other; owned */
    size_t *ends;   /* where each of them ends; owned */
    size_t size, capacity, count, end_capacity;
    const uint8_t **pieces; /* in order of their bytes; owned */
    size_t piece_count;
    uint8_t *filter; /* one bit for a hash of a piece's first four bytes; owned */
};

/* Adds bytes to look for. False without memory. */
bool fid_trace_add(struct fid_trace *trace, const void *bytes, size_t size);
/* After the last of them: pieces that say nothing of anybody (mostly zeros) are left out. */
bool fid_trace_prepare(struct fid_trace *trace);
/* Gives `count` bytes of a file from `at` on. */
typedef enum fid_status (*fid_trace_read_fn)(void *ctx, uint64_t at, uint8_t *bytes, size_t count,
                                             struct fid_error *error);
struct fid_trace_find {   /* zero-initialise */
    uint64_t at;          /* where in the file it is; where to begin looking */
    const uint8_t *piece; /* one of the trace, borrowed; NULL: none from there on */
};
/* Looks through a file of `size` bytes from find->at on. */
enum fid_status fid_trace_search(const struct fid_trace *trace, fid_trace_read_fn read, void *ctx,
                                 uint64_t size, struct fid_trace_find *find,
                                 struct fid_error *error);
/* FILLS with the added bytes which the piece is of. */
void fid_trace_get(const struct fid_trace *trace, const uint8_t *piece, const uint8_t **bytes,
                   size_t *size);
/* Looks no more for the pieces of these bytes of the trace, which somebody else has too. */
void fid_trace_spare(struct fid_trace *trace, const uint8_t *bytes, size_t size);
void fid_trace_free(struct fid_trace *trace);

#endif
