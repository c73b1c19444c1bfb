/* memory_plan.h - places for values that live at different times in one arena. Knows sizes and
 * times, nothing of networks. */
#ifndef FID_NN_MEMORY_PLAN_H
#define FID_NN_MEMORY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finding places takes time by the square of the number of blocks. More of them than this, which no
 * network for faces comes near (a ResNet-152 has 200), share no memory. */
#define FID_MEMORY_BLOCKS ((size_t)2048)

/* A block that lives from step first to step last, both included. */
struct fid_block {
    uint64_t bytes; /* a multiple of FID_MEMORY_ALIGN */
    size_t first, last;
    uint64_t offset; /* the answer */
};

/* FILLS the offsets so that no two blocks that live at one time overlap; returns the arena's size.
 * scratch: 3 · count numbers for the order, the places, and the first of two attempts. The answers
 * may be larger than a size_t where that has 32 bits: the caller refuses them. */
uint64_t fid_memory_plan(struct fid_block *blocks, size_t count, uint64_t *scratch);

/* Bytes that live at the worst step: no plan can be smaller. */
uint64_t fid_memory_bound(const struct fid_block *blocks, size_t count);

#endif
