/* pool.h - what max_pool and average_pool share: a window without weights. */
#ifndef FID_NN_OPS_POOL_H
#define FID_NN_OPS_POOL_H

#include "engine/nn/step.h"

/* Sets window and output; refuses a window that somewhere sees nothing but padding. */
enum fid_status fid_pool_infer_shape(struct fid_step *step, struct fid_error *error);

/* What one row of output pixels, a piece of the parallel loop, needs to know. */
struct fid_pool_job {
    const struct fid_step *step;
    const struct fid_run *run;
};

#endif
