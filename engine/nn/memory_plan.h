/* memory_plan.h - places for values that live at different times in one arena. Knows sizes and
 * times, nothing of networks. */
#ifndef FID_NN_MEMORY_PLAN_H
#define FID_NN_MEMORY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

/* A block that lives from step first to step last, both included. */
struct fid_block {
    size_t bytes; /* a multiple of FID_MEMORY_ALIGN */
    size_t first, last;
    size_t offset; /* the answer */
};

/* FILLS the offsets so that no two blocks that live at one time overlap; returns the arena's size.
 * scratch: 2 · count numbers for the order and the first of two attempts. */
size_t fid_memory_plan(struct fid_block *blocks, size_t count, size_t *scratch);

/* Bytes that live at the worst step: no plan can be smaller. */
size_t fid_memory_bound(const struct fid_block *blocks, size_t count);

#endif
