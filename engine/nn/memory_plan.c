/* memory_plan.c - smallest-gap placement, in two orders of which the better answer counts.
 *
 * By size: the large blocks first, each into the smallest gap that takes it. Good for networks with
 * branches. By time: in order of computation inside the lower bound, from both ends towards the
 * middle, so that the blocks of a chain, of which two live at a time, alternate between bottom and
 * top and need exactly the bound. */
#include "engine/nn/memory_plan.h"

#include <string.h>

static bool together(const struct fid_block *a, const struct fid_block *b)
{
    return a->first <= b->last && b->first <= a->last;
}

uint64_t fid_memory_bound(const struct fid_block *blocks, size_t count)
{
    uint64_t bound = 0;
    for (size_t i = 0; i < count; i++) { /* the live sum grows only where a block begins */
        uint64_t sum = 0;
        for (size_t j = 0; j < count; j++)
            if (blocks[j].first <= blocks[i].first && blocks[i].first <= blocks[j].last)
                sum += blocks[j].bytes;
        bound = sum > bound ? sum : bound;
    }
    return bound;
}

/* First free byte at or above `from` for block i among the placed ones, and where that gap ends
 * (limit if nothing is above). */
static uint64_t next_gap(const struct fid_block *blocks, const uint64_t *placed,
                         size_t placed_count, const struct fid_block *block, uint64_t from,
                         uint64_t limit, uint64_t *end)
{
    for (bool moved = true; moved;) {
        moved = false;
        *end = limit;
        for (size_t i = 0; i < placed_count; i++) {
            const struct fid_block *other = &blocks[placed[i]];
            if (!together(block, other))
                continue;
            if (other->offset <= from && from < other->offset + other->bytes) {
                from = other->offset + other->bytes;
                moved = true;
            } else if (other->offset > from && other->offset < *end) {
                *end = other->offset;
            }
        }
    }
    return from;
}

/* First byte above all placed blocks that live at a time with this one. */
static uint64_t above_all(const struct fid_block *blocks, const uint64_t *placed,
                          size_t placed_count, const struct fid_block *block)
{
    uint64_t top = 0;
    for (size_t i = 0; i < placed_count; i++) {
        const struct fid_block *other = &blocks[placed[i]];
        if (together(block, other) && other->offset + other->bytes > top)
            top = other->offset + other->bytes;
    }
    return top;
}

/* The smallest gap below limit that takes the block; in the topmost gap the block stands at its
 * upper end if there is one. Above everything if no gap does. */
static uint64_t place(const struct fid_block *blocks, const uint64_t *placed, size_t placed_count,
                      const struct fid_block *block, uint64_t limit)
{
    uint64_t best = UINT64_MAX, best_bytes = UINT64_MAX, from = 0, end;
    for (;;) {
        from = next_gap(blocks, placed, placed_count, block, from, limit, &end);
        const bool last = end == limit;
        if (end >= from && end - from >= block->bytes && end - from < best_bytes) {
            best_bytes = end - from;
            best = last && limit != UINT64_MAX && from > 0 ? end - block->bytes : from;
        }
        if (last)
            break;
        from = end;
    }
    return best != UINT64_MAX ? best : above_all(blocks, placed, placed_count, block);
}

static uint64_t place_all(struct fid_block *blocks, size_t count, const uint64_t *order,
                          uint64_t limit)
{
    uint64_t top = 0;
    for (size_t i = 0; i < count; i++) {
        struct fid_block *block = &blocks[order[i]];
        block->offset = place(blocks, order, i, block, limit);
        top = block->offset + block->bytes > top ? block->offset + block->bytes : top;
    }
    return top;
}

/* Insertion sort: stable, and the counts are a few hundred. */
static void sort_order(const struct fid_block *blocks, size_t count, uint64_t *order, bool by_size)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0; at--) {
            const struct fid_block *before = &blocks[order[at - 1]];
            if (by_size ? before->bytes >= blocks[i].bytes : before->first <= blocks[i].first)
                break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

uint64_t fid_memory_plan(struct fid_block *blocks, size_t count, uint64_t *scratch)
{
    uint64_t *order = scratch, *first_answer = scratch + count;
    sort_order(blocks, count, order, true);
    const uint64_t by_size = place_all(blocks, count, order, UINT64_MAX);
    for (size_t i = 0; i < count; i++)
        first_answer[i] = blocks[i].offset;
    sort_order(blocks, count, order, false);
    const uint64_t by_time = place_all(blocks, count, order, fid_memory_bound(blocks, count));
    if (by_time <= by_size)
        return by_time;
    for (size_t i = 0; i < count; i++)
        blocks[i].offset = first_answer[i];
    return by_size;
}
