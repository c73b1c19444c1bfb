/* trace.c - looks for what is left of a person in the bytes of files: the proof of forgetting. */
#include "engine/face/keeping/trace.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILTER_BITS = 22,
    TELLING = 12, /* bytes of a piece that are not zero: three numbers, which nobody shares */
    SPARED = 1,
    WAS_SPARED = 2,
};

void fid_trace_free(struct fid_trace *trace)
{
    fid_free(trace->pieces);
    fid_free(trace->marks);
    fid_free(trace->filter);
    *trace = (struct fid_trace){0};
}

bool fid_trace_tells(const uint8_t *piece)
{
    size_t count = 0;
    for (size_t i = 0; i < FID_TRACE_BYTES; i++)
        count += piece[i] != 0;
    return count >= TELLING;
}

bool fid_trace_add(struct fid_trace *trace, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    for (size_t at = 0; at + FID_TRACE_BYTES <= size; at += FID_TRACE_BYTES) {
        if (!fid_trace_tells(from + at))
            continue;
        uint8_t *pieces = fid_grow(trace->pieces, trace->count, &trace->room, FID_TRACE_BYTES);
        if (pieces == NULL)
            return false;
        trace->pieces = pieces;
        memcpy(pieces + FID_TRACE_BYTES * trace->count++, from + at, FID_TRACE_BYTES);
    }
    return true;
}

static size_t hash(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return (word * 2654435761u) >> (32 - FILTER_BITS);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, FID_TRACE_BYTES);
}

bool fid_trace_prepare(struct fid_trace *trace)
{
    size_t kept = 0;
    trace->marks = fid_calloc(trace->count, 1);
    trace->filter = fid_calloc((size_t)1 << (FILTER_BITS - 3), 1);
    if (trace->marks == NULL || trace->filter == NULL)
        return false;
    if (trace->count > 0)
        qsort(trace->pieces, trace->count, FID_TRACE_BYTES, compare);
    for (size_t i = 0; i < trace->count; i++) {
        const uint8_t *piece = trace->pieces + FID_TRACE_BYTES * i;
        if (kept > 0 && compare(piece, trace->pieces + FID_TRACE_BYTES * (kept - 1)) == 0)
            continue;
        memmove(trace->pieces + FID_TRACE_BYTES * kept++, piece, FID_TRACE_BYTES);
        trace->filter[hash(piece) >> 3] |= (uint8_t)(1 << (hash(piece) & 7));
    }
    trace->count = kept;
    return true;
}

/* Where these bytes are among the pieces; count: they are none. */
static size_t place_of(const struct fid_trace *trace, const uint8_t *bytes)
{
    size_t low = 0, high = trace->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(trace->pieces + FID_TRACE_BYTES * middle, bytes);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return trace->count;
}

bool fid_trace_find(const struct fid_trace *trace, const uint8_t *bytes, size_t size, size_t *at,
                    size_t *piece)
{
    for (; *at + FID_TRACE_BYTES <= size; ++*at) {
        const size_t bit = hash(bytes + *at);
        if ((trace->filter[bit >> 3] >> (bit & 7) & 1) == 0)
            continue;
        *piece = place_of(trace, bytes + *at);
        if (*piece < trace->count && (trace->marks[*piece] & SPARED) == 0)
            return true;
    }
    return false;
}

void fid_trace_spare(struct fid_trace *trace, size_t piece)
{
    trace->marks[piece] = SPARED | WAS_SPARED;
}

void fid_trace_spare_none(struct fid_trace *trace)
{
    for (size_t i = 0; i < trace->count; i++)
        trace->marks[i] &= WAS_SPARED;
}

size_t fid_trace_spared(const struct fid_trace *trace)
{
    size_t count = 0;
    for (size_t i = 0; i < trace->count; i++)
        count += (trace->marks[i] & WAS_SPARED) != 0;
    return FID_TRACE_BYTES * count;
}
