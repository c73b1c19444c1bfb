/* thread_pool.h - a parallel loop over independent pieces of work. */
#ifndef FID_BASE_THREAD_POOL_H
#define FID_BASE_THREAD_POOL_H

#include "engine/base/status.h"

#include <stddef.h>

struct fid_pool;

/* One piece: index 0..count-1, and worker 0..fid_pool_workers-1 to choose a scratch by. Two pieces
 * with the same worker number never run at once. */
typedef void (*fid_task_fn)(void *ctx, size_t index, int worker);

/* threads ≥ 1, the caller of fid_parallel_for included, so that 1 starts no thread. */
enum fid_status fid_pool_open(struct fid_pool **pool, int threads, struct fid_error *error);
void fid_pool_close(struct fid_pool **pool); /* joins the threads; takes NULL */

int fid_pool_cores(void); /* that the system has: 1..FID_POOL_MOST */
#define FID_POOL_MOST 256
int fid_pool_workers(const struct fid_pool *pool); /* 1 for NULL */

/* Equals   for (i = 0; i < count; i++) fn(ctx, i, 0);   with the pieces in any order and on any
 * worker, in the caller's mode of float_mode.h; returns when all are done. A NULL pool is that
 * loop. One call at a time per pool: a second caller waits. fn must not call fid_parallel_for on
 * the same pool. */
void fid_parallel_for(struct fid_pool *pool, size_t count, fid_task_fn fn, void *ctx);

#endif
