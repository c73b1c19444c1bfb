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

/* The smallest gap below limit, among the placed blocks that live at a time with this one, that
 * takes it; in the topmost gap the block stands at its upper end if there is one. Above everything
 * if no gap does. placed: numbers of blocks, by rising offset. */
static uint64_t place(const struct fid_block *blocks, const uint64_t *placed, size_t placed_count,
                      const struct fid_block *block, uint64_t limit)
{
    uint64_t best = UINT64_MAX, best_bytes = UINT64_MAX, top = 0;
    bool below = true; /* the limit is not reached yet */
    for (size_t i = 0; i <= placed_count; i++) {
        const struct fid_block *other = i < placed_count ? &blocks[placed[i]] : NULL;
        if (other != NULL && !together(block, other))
            continue;
        const bool last = below && (other == NULL || other->offset >= limit);
        const uint64_t end = last ? limit : other != NULL ? other->offset : 0;
        if (below && end > top && end - top >= block->bytes && end - top < best_bytes) {
            best_bytes = end - top;
            best = last && limit != UINT64_MAX && top > 0 ? end - block->bytes : top;
        }
        below = below && !last;
        if (other != NULL && other->offset + other->bytes > top)
            top = other->offset + other->bytes;
    }
    return best != UINT64_MAX ? best : top;
}

/* Puts block number `which` among the placed ones, which stay in the order of their offsets. */
static void insert(const struct fid_block *blocks, uint64_t *placed, size_t placed_count,
                   uint64_t which)
{
    size_t at = placed_count;
    for (; at > 0 && blocks[placed[at - 1]].offset > blocks[which].offset; at--)
        placed[at] = placed[at - 1];
    placed[at] = which;
}

static uint64_t place_all(struct fid_block *blocks, size_t count, const uint64_t *order,
                          uint64_t *placed, uint64_t limit)
{
    uint64_t top = 0;
    for (size_t i = 0; i < count; i++) {
        struct fid_block *block = &blocks[order[i]];
        block->offset = place(blocks, placed, i, block, limit);
        insert(blocks, placed, i, order[i]);
        top = block->offset + block->bytes > top ? block->offset + block->bytes : top;
    }
    return top;
}

/* Insertion sort: stable, and the counts are a few hundred, FID_MEMORY_BLOCKS at most. */
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

/* One behind the other. */
static uint64_t place_apart(struct fid_block *blocks, size_t count)
{
    uint64_t top = 0;
    for (size_t i = 0; i < count; i++) {
        blocks[i].offset = top;
        top += blocks[i].bytes;
    }
    return top;
}

uint64_t fid_memory_plan(struct fid_block *blocks, size_t count, uint64_t *scratch)
{
    uint64_t *order = scratch, *first_answer = scratch + count, *placed = scratch + 2 * count;
    if (count > FID_MEMORY_BLOCKS)
        return place_apart(blocks, count);
    sort_order(blocks, count, order, true);
    const uint64_t by_size = place_all(blocks, count, order, placed, UINT64_MAX);
    for (size_t i = 0; i < count; i++)
        first_answer[i] = blocks[i].offset;
    sort_order(blocks, count, order, false);
    const uint64_t bound = fid_memory_bound(blocks, count);
    const uint64_t by_time = place_all(blocks, count, order, placed, bound);
    if (by_time <= by_size)
        return by_time;
    for (size_t i = 0; i < count; i++)
        blocks[i].offset = first_answer[i];
    return by_size;
}
