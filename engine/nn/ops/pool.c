/* pool.c - shapes of pools. */
#include "engine/nn/ops/pool.h"

enum fid_status fid_pool_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    if (status == FID_OK)
        status = fid_step_set_window(step, error);
    if (status != FID_OK)
        return status;
    if (fid_window_check_inside(&step->window) != FID_WINDOW_OK)
        return fid_step_refuse(step, error, "a window of %s sees nothing but padding",
                               step->op->name);
    step->output.shape =
        (struct fid_shape){step->window.out_h, step->window.out_w, step->inputs[0].shape.c};
    return FID_OK;
}
