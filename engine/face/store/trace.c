#include "engine/face/store/trace.h"

#include "engine/base/memory.h"

#include <string.h>

enum {
    FILTER_BITS = 22,
    BLOCK = 1 << 20,
    TELLING = 12, /* bytes of a piece that are not zero: three numbers, which nobody shares */
};

void fid_trace_free(struct fid_trace *trace)
{
    fid_free(trace->bytes);
    fid_free(trace->ends);
    fid_free(trace->pieces);
    fid_free(trace->filter);
    *trace = (struct fid_trace){0};
}

/* A block of twice the size with the content of the one before, which is freed. */
static void *grown(void *block, size_t used, size_t *capacity, size_t least, size_t width)
{
    size_t room = *capacity;
    if (least <= room)
        return block;
    while (room < least)
        room = room == 0 ? 64 : 2 * room;
    void *larger = fid_calloc(room, width);
    if (larger == NULL)
        return NULL;
    if (used > 0)
        memcpy(larger, block, used * width);
    fid_free(block);
    *capacity = room;
    return larger;
}

bool fid_trace_add(struct fid_trace *trace, const void *bytes, size_t size)
{
    void *block = grown(trace->bytes, trace->size, &trace->capacity, trace->size + size + 1, 1);
    if (block == NULL)
        return false;
    trace->bytes = block;
    block = grown(trace->ends, trace->count, &trace->end_capacity, trace->count + 1,
                  sizeof *trace->ends);
    if (block == NULL)
        return false;
    trace->ends = block;
    memcpy(trace->bytes + trace->size, bytes, size);
    trace->size += size;
    trace->ends[trace->count++] = trace->size;
    return true;
}

/* Which of the added a place among their bytes is of. */
static size_t entry_of(const struct fid_trace *trace, const uint8_t *place)
{
    const size_t at = (size_t)(place - trace->bytes);
    size_t i = 0;
    while (trace->ends[i] <= at)
        i++;
    return i;
}

static void get(const struct fid_trace *trace, size_t i, const uint8_t **bytes, size_t *size)
{
    size_t begin = i > 0 ? trace->ends[i - 1] : 0;
    *bytes = trace->bytes + begin;
    *size = trace->ends[i] - begin;
}

void fid_trace_get(const struct fid_trace *trace, const uint8_t *piece, const uint8_t **bytes,
                   size_t *size)
{
    get(trace, entry_of(trace, piece), bytes, size);
}

/* ---- pieces ---- */

static size_t hash(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return (word * 2654435761u) >> (32 - FILTER_BITS);
}

static bool tells(const uint8_t *piece)
{
    size_t count = 0;
    for (size_t i = 0; i < FID_TRACE_BYTES; i++)
        count += piece[i] != 0;
    return count >= TELLING;
}

static void sift_down(const uint8_t **pieces, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && memcmp(pieces[child], pieces[child + 1], FID_TRACE_BYTES) < 0)
            child++;
        if (memcmp(pieces[root], pieces[child], FID_TRACE_BYTES) >= 0)
            return;
        const uint8_t *swapped = pieces[root];
        pieces[root] = pieces[child];
        pieces[child] = swapped;
    }
}

static void sort_pieces(const uint8_t **pieces, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(pieces, i, count);
    for (size_t end = count; end-- > 1;) {
        const uint8_t *largest = pieces[0];
        pieces[0] = pieces[end];
        pieces[end] = largest;
        sift_down(pieces, 0, end);
    }
}

bool fid_trace_prepare(struct fid_trace *trace)
{
    trace->pieces = fid_calloc(trace->size / FID_TRACE_BYTES + 1, sizeof *trace->pieces);
    trace->filter = fid_calloc((size_t)1 << (FILTER_BITS - 3), 1);
    if (trace->pieces == NULL || trace->filter == NULL)
        return false;
    for (size_t i = 0; i < trace->count; i++) {
        const uint8_t *bytes;
        size_t size;
        get(trace, i, &bytes, &size);
        for (size_t at = 0; at + FID_TRACE_BYTES <= size; at += FID_TRACE_BYTES) {
            if (!tells(bytes + at))
                continue;
            trace->pieces[trace->piece_count++] = bytes + at;
            trace->filter[hash(bytes + at) >> 3] |= (uint8_t)(1 << (hash(bytes + at) & 7));
        }
    }
    sort_pieces(trace->pieces, trace->piece_count);
    return true;
}

/* Where the first piece of these bytes is or would be. */
static size_t place_of(const struct fid_trace *trace, const uint8_t *bytes)
{
    size_t low = 0, high = trace->piece_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(trace->pieces[middle], bytes, FID_TRACE_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_piece(const struct fid_trace *trace, size_t place, const uint8_t *bytes)
{
    return place < trace->piece_count && memcmp(trace->pieces[place], bytes, FID_TRACE_BYTES) == 0;
}

void fid_trace_spare(struct fid_trace *trace, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + FID_TRACE_BYTES <= size; at += FID_TRACE_BYTES) {
        const size_t first = place_of(trace, bytes + at);
        size_t end = first;
        while (is_piece(trace, end, bytes + at))
            end++;
        memmove(trace->pieces + first, trace->pieces + end,
                (trace->piece_count - end) * sizeof *trace->pieces);
        trace->piece_count -= end - first;
    }
}

/* ---- searching ---- */

/* True: fills find, but for where the block itself is. */
static bool search_block(const struct fid_trace *trace, const uint8_t *bytes, size_t size,
                         struct fid_trace_find *find)
{
    for (size_t at = 0; at + FID_TRACE_BYTES <= size; at++) {
        size_t bit = hash(bytes + at);
        if ((trace->filter[bit >> 3] >> (bit & 7) & 1) == 0)
            continue;
        const size_t place = place_of(trace, bytes + at);
        if (!is_piece(trace, place, bytes + at))
            continue;
        *find = (struct fid_trace_find){at, trace->pieces[place]};
        return true;
    }
    return false;
}

enum fid_status fid_trace_search(const struct fid_trace *trace, fid_trace_read_fn read, void *ctx,
                                 uint64_t size, struct fid_trace_find *find,
                                 struct fid_error *error)
{
    enum fid_status status = FID_OK;
    uint8_t *block = fid_calloc(BLOCK, 1);
    size_t kept = 0; /* the end of the block before, where a piece may begin */
    find->piece = NULL;
    if (block == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to look for what is left");
    for (uint64_t at = find->at; at < size;) {
        uint64_t left = size - at;
        size_t count = left < BLOCK - kept ? (size_t)left : BLOCK - kept;
        status = read(ctx, at, block + kept, count, error);
        if (status != FID_OK)
            break;
        size_t filled = kept + count;
        if (search_block(trace, block, filled, find)) {
            find->at += at - kept;
            break;
        }
        kept = filled < FID_TRACE_BYTES - 1 ? filled : FID_TRACE_BYTES - 1;
        memmove(block, block + filled - kept, kept);
        at += count;
    }
    fid_free(block);
    return status;
}
