/* transpose.c - the axes h, w, c in another order. */
#include "engine/nn/ops/ops.h"
#include "engine/nn/quantized.h"

/* Axis i of the output is axis shape[1 + i] of the input (1..3). */
static bool is_permutation(const int32_t *shape)
{
    unsigned seen = 0;
    for (int i = 1; i <= 3; i++)
        if (shape[i] >= 1 && shape[i] <= 3)
            seen |= 1u << shape[i];
    return shape[0] == 0 && seen == (1u << 1 | 1u << 2 | 1u << 3);
}

static enum fid_status transpose_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 1, 1, 0, error);
    if (status != FID_OK)
        return status;
    const int32_t *order = step->node->shape;
    if (!is_permutation(order))
        return fid_step_refuse(step, error, "%d %d %d %d is no order of the axes that keeps n",
                               order[0], order[1], order[2], order[3]);
    const struct fid_shape in = step->inputs[0].shape;
    const size_t dims[] = {in.h, in.w, in.c};
    step->output.shape =
        (struct fid_shape){dims[order[1] - 1], dims[order[2] - 1], dims[order[3] - 1]};
    return FID_OK;
}

static void transpose_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    step->method = "gather";
}

struct transpose_job {
    const struct fid_step *step;
};

/* One row [w, c] of the output. */
static void run_row(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct fid_step *step = ((const struct transpose_job *)ctx)->step;
    const struct fid_shape in = step->inputs[0].shape, out = step->output.shape;
    const size_t strides[] = {in.w * in.c, in.c, 1};
    const int32_t *order = step->node->shape;
    const size_t step_y = strides[order[1] - 1], step_x = strides[order[2] - 1],
                 step_c = strides[order[3] - 1];
    const size_t row = index / out.h * fid_shape_count(in) + index % out.h * step_y;
    const size_t to = index * out.w * out.c;
    const bool bytes = fid_is_bytes(&step->output);
    for (size_t x = 0; x < out.w; x++)
        for (size_t j = 0; j < out.c; j++) {
            const size_t from = row + x * step_x + j * step_c, at = to + x * out.c + j;
            if (bytes)
                step->output.bytes[at] = step->inputs[0].bytes[from];
            else
                step->output.data[at] = step->inputs[0].data[from];
        }
}

static void transpose_run(const struct fid_step *step, const struct fid_run *run)
{
    struct transpose_job job = {step};
    fid_parallel_for(run->pool, run->n * step->output.shape.h, run_row, &job);
}

const struct fid_op fid_op_transpose = {.name = "transpose",
                                        .infer_shape = transpose_infer_shape,
                                        .choose = transpose_choose,
                                        .run = transpose_run,
                                        .types = FID_TYPES_SAME};
