/* matmul.c - the product of two values, row of pixels by row of pixels: attention.
 *
 *   out[y][x][j] = Σ_p a[y][x][p] · b[y][p][j]   (axis 2), or · b[y][j][p] (axis 3)
 *
 * Each row y is a matrix product of its own; its right matrix is packed into scratch first. */
#include "engine/nn/ops/ops.h"

#include <math.h>
#include <string.h>

enum { SUM_OVER_W = 2, SUM_OVER_C = 3 };

static enum fid_status matmul_infer_shape(struct fid_step *step, struct fid_error *error)
{
    enum fid_status status = fid_step_check_counts(step, 2, 2, 0, error);
    if (status != FID_OK)
        return status;
    const struct fid_shape a = step->inputs[0].shape, b = step->inputs[1].shape;
    const bool over_c = step->node->axis == SUM_OVER_C;
    if (a.h != b.h || a.c != (over_c ? b.c : b.w))
        return fid_step_refuse(step, error,
                               "multiplies %zu x %zu x %zu by %zu x %zu x %zu over axis %d", a.h,
                               a.w, a.c, b.h, b.w, b.c, step->node->axis);
    step->output.shape = (struct fid_shape){a.h, a.w, over_c ? b.w : b.c};
    step->reach = a.c;
    return FID_OK;
}

static void matmul_choose(struct fid_step *step, const struct fid_plan_context *context)
{
    const size_t k = step->inputs[0].shape.c;
    step->method = "gemm";
    step->kernel_slot = "gemm_f32";
    step->macs = (uint64_t)fid_shape_count(step->output.shape) * k;
    step->scratch_bytes =
        fid_pack_panels_size(step->output.shape.c, k, context->kernels->tile.gemm_nr) *
        sizeof(float);
}

/* b as fid_pack_panels lays a filter out: panels of nr columns, each a bias of zeros and k rows. */
static void pack(size_t n, size_t k, size_t nr, const float *b, bool over_c, float *packed)
{
    const size_t next_row = over_c ? 1 : n, next_column = over_c ? k : 1;
    for (size_t column = 0; column < n; column += nr) {
        const size_t width = fid_min_size(n - column, nr);
        memset(packed, 0, (1 + k) * nr * sizeof *packed);
        packed += nr;
        for (size_t p = 0; p < k; p++, packed += nr)
            for (size_t j = 0; j < width; j++)
                packed[j] = b[p * next_row + (column + j) * next_column];
    }
}

/* All tiles of rows of a against the packed panels. */
static void multiply(const struct fid_kernels *kernels, struct fid_shape a_shape, const float *a,
                     size_t n, const float *packed, float *out)
{
    static const struct fid_post_f32 nothing = {.min = -INFINITY, .max = INFINITY};
    enum { MOST_ROWS = 16 };
    const size_t k = a_shape.c, nr = kernels->tile.gemm_nr;
    const size_t mr = kernels->tile.gemm_mr < MOST_ROWS ? kernels->tile.gemm_mr : MOST_ROWS;
    for (size_t x = 0; x < a_shape.w; x += mr) {
        const float *rows[MOST_ROWS];
        const size_t m = fid_min_size(a_shape.w - x, mr);
        for (size_t i = 0; i < m; i++)
            rows[i] = a + (x + i) * k;
        for (size_t column = 0; column < n; column += nr)
            kernels->gemm_f32(m, fid_min_size(n - column, nr), 1, k, rows,
                              packed + column * (1 + k), out + x * n + column, n, &nothing, NULL);
    }
}

struct matmul_job {
    const struct fid_step *step;
    const struct fid_run *run;
};

/* Row y of a picture: index counts those of all pictures. */
static void run_row(void *ctx, size_t index, int worker)
{
    const struct matmul_job *job = ctx;
    const struct fid_kernels *kernels = job->run->kernels;
    const struct fid_step *step = job->step;
    const struct fid_shape a = step->inputs[0].shape, b = step->inputs[1].shape;
    const size_t n = step->output.shape.c;
    float *packed = fid_run_scratch(job->run, worker);
    pack(n, a.c, kernels->tile.gemm_nr, step->inputs[1].data + index * b.w * b.c,
         step->node->axis == SUM_OVER_C, packed);
    multiply(kernels, a, step->inputs[0].data + index * a.w * a.c, n, packed,
             step->output.data + index * a.w * n);
}

static void matmul_run(const struct fid_step *step, const struct fid_run *run)
{
    struct matmul_job job = {step, run};
    fid_parallel_for(run->pool, run->n * step->output.shape.h, run_row, &job);
}

const struct fid_op fid_op_matmul = {.name = "matmul",
                                     .infer_shape = matmul_infer_shape,
                                     .choose = matmul_choose,
                                     .run = matmul_run};
