/* trace.h - looks for the bytes of a person in other bytes: the proof that they are forgotten. */
#ifndef FID_FACE_TRACE_H
#define FID_FACE_TRACE_H

#include "engine/base/status.h"

enum { FID_TRACE_BYTES = 32 }; /* a piece of so many, at any place of a file, is a find */

struct fid_trace {   /* zero-initialise */
    uint8_t *pieces; /* [count][FID_TRACE_BYTES], in order of their bytes, each once; owned */
    uint8_t *marks;  /* [count]: 1: not looked for now, 2: was so once; owned */
    uint8_t *filter; /* one bit for a hash of a piece's first four bytes; owned */
    size_t count, room;
};

/* Does a piece say anything of anybody? */
bool fid_trace_tells(const uint8_t *piece);
/* Adds the pieces of bytes to look for, but those that say nothing of anybody (mostly zeros). False
 * without memory. */
bool fid_trace_add(struct fid_trace *trace, const void *bytes, size_t size);
/* After the last of them. */
bool fid_trace_prepare(struct fid_trace *trace);
/* Looks from *at on; true: FILLS *at with where a piece is, and *piece with which. */
bool fid_trace_find(const struct fid_trace *trace, const uint8_t *bytes, size_t size, size_t *at,
                    size_t *piece);
/* Looks no more for a piece that others have too, until all are looked for again. */
void fid_trace_spare(struct fid_trace *trace, size_t piece);
void fid_trace_spare_none(struct fid_trace *trace);
/* Bytes of pieces that were ever spared. */
size_t fid_trace_spared(const struct fid_trace *trace);
void fid_trace_free(struct fid_trace *trace);

#endif
