/* conv_openblas.c - partial im2col and OpenBLAS' matrix product: the comparison that every method
 * of ours has to stand.
 *
 * OpenBLAS runs on one thread and our pool splits the work, always at the same places, because its
 * sums may depend on the size of the product: a piece is a block of rows of one picture and a block
 * of columns, whatever the number of threads and pictures. */
#include "engine/nn/openblas.h"
#include "engine/nn/ops/conv_methods.h"

#include <limits.h>

enum { COLUMN_BLOCK = 256, PATCH_BLOCK_BYTES = 2 << 20 };

struct split {
    size_t k, columns, pixels;
    size_t row_block, column_block, row_blocks, column_blocks;
    bool copy; /* patches are needed */
};

static struct split split_of(const struct fid_step *step)
{
    const struct fid_window *window = &step->window;
    struct split s = {.k = fid_window_taps(window) * window->in.c,
                      .columns = step->output.shape.c,
                      .pixels = fid_shape_pixels(step->output.shape)};
    s.copy = !(s.k == window->in.c && window->stride_h == 1 && window->stride_w == 1 &&
               window->out_h == window->in.h && window->out_w == window->in.w &&
               window->pad_top == 0 && window->pad_left == 0);
    const size_t rows = PATCH_BLOCK_BYTES / (s.k * sizeof(float));
    s.row_block = fid_min_size(rows > 0 ? rows : 1, s.pixels);
    s.row_blocks = fid_ceil_div(s.pixels, s.row_block);
    s.column_block = s.row_blocks < 4 ? fid_min_size(COLUMN_BLOCK, s.columns) : s.columns;
    s.column_blocks = fid_ceil_div(s.columns, s.column_block);
    return s;
}

struct openblas_job {
    const struct fid_step *step;
    const struct fid_run *run;
    struct split split;
};

/* Rows row.. of picture `image` as a matrix [rows][k]: the input itself, or patches in scratch. */
static const float *left_matrix(const struct openblas_job *job, size_t image, size_t row,
                                size_t rows, int worker)
{
    const struct fid_step *step = job->step;
    const struct fid_window *window = &step->window;
    const float *input = fid_tensor_image(&step->inputs[0], image);
    if (!job->split.copy)
        return input + row * job->split.k;
    float *patches = fid_run_scratch(job->run, worker);
    for (size_t i = 0; i < rows; i++)
        fid_window_patch(window, input, (row + i) / window->out_w, (row + i) % window->out_w, 0,
                         patches + i * job->split.k);
    return patches;
}

/* Bias, residual, activation over rows × columns of the output, a row at a time. */
static void finish_block(const struct openblas_job *job, size_t at, size_t rows, size_t column,
                         size_t columns)
{
    const struct fid_step *step = job->step;
    struct fid_post_f32 post = step->post;
    if (post.slope != NULL)
        post.slope += column;
    for (size_t i = 0; i < rows; i++, at += job->split.columns) {
        float *c = step->output.data + at;
        post.residual = fid_conv_residual(step, at);
        job->run->kernels->affine_f32(1, columns, c, NULL,
                                      step->weights[FID_CONV_BIAS].data + column, c, &post);
        fid_step_finish(step, job->run->kernels, at, columns);
    }
}

static void run_block(void *ctx, size_t index, int worker)
{
    const struct openblas_job *job = ctx;
    const struct split *s = &job->split;
    const size_t column = index % s->column_blocks * s->column_block;
    const size_t columns = fid_min_size(s->column_block, s->columns - column);
    const size_t block = index / s->column_blocks;
    const size_t image = block / s->row_blocks;
    const size_t row = block % s->row_blocks * s->row_block;
    const size_t rows = fid_min_size(s->row_block, s->pixels - row);
    const size_t at = (image * s->pixels + row) * s->columns + column;
    const float *left = left_matrix(job, image, row, rows, worker);
    const float *filter = job->step->weights[FID_CONV_FILTER].data + column * s->k;
    job->step->openblas->sgemm(FID_BLAS_ROW_MAJOR, FID_BLAS_NO_TRANS, FID_BLAS_TRANS, (int)rows,
                               (int)columns, (int)s->k, 1.0f, left, (int)s->k, filter, (int)s->k,
                               0.0f, job->step->output.data + at, (int)s->columns);
    finish_block(job, at, rows, column, columns);
}

static void openblas_run(const struct fid_step *step, const struct fid_run *run)
{
    struct openblas_job job = {step, run, split_of(step)};
    fid_parallel_for(run->pool, run->n * job.split.row_blocks * job.split.column_blocks, run_block,
                     &job);
}

static void openblas_needs(struct fid_step *step, const struct fid_plan_context *context)
{
    (void)context;
    const struct split s = split_of(step);
    step->scratch_bytes = s.copy ? (uint64_t)s.row_block * s.k * sizeof(float) : 0;
}

static bool openblas_applies(const struct fid_step *step)
{
    const size_t k = fid_window_taps(&step->window) * step->window.in.c;
    return step->node->groups == 1 &&
           step->weights[FID_CONV_FILTER].record->type == FID_TENSOR_F32 && k <= INT_MAX &&
           step->output.shape.c <= INT_MAX;
}

/* Not in place: sgemm writes the output before the residual is read. The filter is used where it
 * lies in the file. */
const struct fid_conv_method fid_conv_im2col_openblas = {
    .name = "im2col_openblas",
    .kernel_slot = "cblas_sgemm",
    .needs_openblas = true,
    .applies = openblas_applies,
    .needs = openblas_needs,
    .run = openblas_run,
};
