/* reshape.c - the same numbers under another shape: no work at all. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

/* FILLS dims from shape[1..3], one of which may be -1 for "what is left". */
static bool solve(const int32_t *shape, size_t total, size_t dims[3])
{
    size_t known = 1;
    int unknown = -1;
    for (int i = 0; i < 3; i++) {
        if (shape[1 + i] == -1 && unknown < 0)
            unknown = i;
        else if (shape[1 + i] < 1 || !fid_size_mul(known, (size_t)shape[1 + i], &known))
            return false;
        dims[i] = shape[1 + i] > 0 ? (size_t)shape[1 + i] : 1;
    }
    if (unknown >= 0 && total % known == 0)
        dims[unknown] = total / known;
    size_t product;
    return fid_size_mul(dims[0], dims[1], &product) && fid_size_mul(product, dims[2], &product) &&
           product == total;
}

static enum fid_status reshape_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    if (status != FID_OK)
        return status;
    const struct fid_shape in = step->inputs[0].shape;
    const int32_t *shape = step->node->shape;
    size_t dims[3];
    if (!solve(shape, fid_shape_count(in), dims))
        return fid_step_refuse(step, error, "%zu x %zu x %zu cannot become %d x %d x %d", in.h,
                               in.w, in.c, shape[1], shape[2], shape[3]);
    step->output.shape = (struct fid_shape){dims[0], dims[1], dims[2]};
    return FID_OK;
}

static void reshape_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "alias";
    step->alias = true;
}

static void reshape_run(const struct fid_step *step, const struct fid_run *run)
{
    (void)step;
    (void)run;
}

const struct fid_op fid_op_reshape = {.name = "reshape",
                                      .infer_shape = reshape_infer_shape,
                                      .choose = reshape_choose,
                                      .run = reshape_run,
                                      .types = FID_TYPES_SAME};
