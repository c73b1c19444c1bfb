/* gemm_driver.c - the loops around the gemm_f32 kernel.
 *
 * A block of rows is chosen so that its left numbers stay in the second-level cache while every
 * panel of weights passes by once; inside, one panel meets all tiles of the block before the next
 * panel comes. Threads take blocks, and where a layer has few rows (7 × 7), groups of panels of a
 * block. Nobody splits a sum.
 *
 * Rows come in strips, one tile high. A tile of one or two rows runs at a quarter to half of the
 * kernel's speed, for it loads as much of the panel as a full one: so 49 rows at mr = 6 are cut
 * into four strips of 6 and five of 5, not eight of 6 and one of 1. */
#include "engine/nn/gemm_driver.h"

#include <math.h>

/* Half of the 1 MB second-level cache of current x86 server cores; the other half is for the panel
 * and for C. */
#define BLOCK_BYTES ((size_t)512 * 1024)

/* Patches are written before they are read, so a smaller block pays: they should not push the input
 * out of the cache. */
#define PATCH_BLOCK_BYTES ((size_t)128 * 1024)

enum { PIECES_PER_WORKER = 4 }; /* so that the last piece is short */
enum { LINE_FLOATS = 16 };      /* a cache line */

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A cut into parts whose sizes differ by at most one: `size + 1` for the first `larger` parts,
 * `size` for the others. */
struct cut {
    size_t parts, size, larger;
};

static struct cut cut_evenly(size_t total, size_t parts)
{
    return (struct cut){parts, total / parts, total % parts};
}

/* Where part i begins; i = parts gives the end. */
static size_t part_start(const struct cut *cut, size_t i)
{
    return i * cut->size + min_size(i, cut->larger);
}

/* Most strips of a block, at least one. */
static size_t block_limit(const struct fid_gemm *gemm, size_t mr)
{
    const size_t row_bytes = (gemm->patch > 0 ? gemm->patch : gemm->k) * sizeof(float);
    const size_t strips = (gemm->patch > 0 ? PATCH_BLOCK_BYTES : BLOCK_BYTES) / row_bytes / mr;
    /* The table of pointers has to stay small beside the numbers they point at. */
    const size_t table_strips = BLOCK_BYTES / (gemm->taps * mr * sizeof(float *));
    const size_t limit = min_size(strips, table_strips);
    return limit > 0 ? limit : 1;
}

/* Bytes of a block's pointers, whole cache lines: the patches follow them. */
static size_t table_bytes(const struct fid_gemm *gemm, const struct fid_kernels *kernels)
{
    const size_t mr = kernels->tile.gemm_mr;
    return ceil_div(block_limit(gemm, mr) * mr * gemm->taps * sizeof(float *), 64) * 64;
}

uint64_t fid_gemm_scratch_bytes(const struct fid_gemm *gemm, const struct fid_kernels *kernels)
{
    const size_t mr = kernels->tile.gemm_mr;
    return table_bytes(gemm, kernels) +
           (uint64_t)block_limit(gemm, mr) * mr * gemm->patch * sizeof(float);
}

/* ---- packing ---- */

uint64_t fid_gemm_packed_bytes(const struct fid_gemm *gemm, const struct fid_kernels *kernels)
{
    return fid_pack_panels_size(gemm->columns, gemm->taps * gemm->k, kernels->tile.gemm_nr) *
           gemm->products * sizeof(float);
}

struct pack_job {
    const struct fid_gemm *gemm;
    size_t nr;
    const float *filter, *bias;
    float *packed;
};

static void pack_panel(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct pack_job *job = ctx;
    fid_pack_panels(job->gemm->columns, job->gemm->taps * job->gemm->k, job->nr, job->filter,
                    job->bias, index, 1, job->packed);
}

void fid_gemm_pack(const struct fid_gemm *gemm, const struct fid_plan_context *context,
                   const float *filter, const float *bias, float *packed)
{
    const size_t nr = context->kernels->tile.gemm_nr;
    struct pack_job job = {gemm, nr, filter, bias, packed};
    fid_parallel_for(context->pool, ceil_div(gemm->columns, nr), pack_panel, &job);
}

/* ---- running ---- */

struct gemm_job {
    const struct fid_gemm *gemm;
    const struct fid_run *run;
    size_t panel_size;
    struct cut strips; /* of all rows */
    struct cut blocks; /* of all strips */
    struct cut groups; /* of the panels of a block: product, block and group are a piece */
};

static const struct fid_post_f32 no_post = {.min = -INFINITY, .max = INFINITY};

/* One tile: some rows of a product, panel number `panel`. */
static void run_tile(const struct gemm_job *job, const struct fid_gemm_rows *rows, size_t panel,
                     const float *const *a, const float *packed, const float *next)
{
    const struct fid_gemm *gemm = job->gemm;
    const struct fid_kernels *kernels = job->run->kernels;
    const size_t nr = kernels->tile.gemm_nr;
    const size_t column = panel * nr;
    const size_t at = rows->first * gemm->columns + column;
    struct fid_post_f32 post = gemm->intermediate ? no_post : gemm->step->post;
    if (gemm->residual != NULL) {
        post.residual = gemm->residual + at;
        post.residual_stride = gemm->columns;
    }
    if (post.slope != NULL)
        post.slope += column;
    kernels->gemm_f32(rows->count, min_size(nr, gemm->columns - column), gemm->taps, gemm->k, a,
                      packed, gemm->c + rows->product * gemm->c_step + at, gemm->columns, &post,
                      next);
}

/* The rest of the activation over what this piece has written. */
static void finish_piece(const struct gemm_job *job, size_t row, size_t rows, size_t panel,
                         size_t panels)
{
    const size_t nr = job->run->kernels->tile.gemm_nr;
    const size_t columns = job->gemm->columns;
    const size_t first = panel * nr;
    const size_t count = min_size(panels * nr, columns - first);
    if (job->gemm->intermediate)
        return;
    if (count == columns) { /* whole rows */
        fid_step_finish(job->gemm->step, job->run->kernels, row * columns, rows * columns);
        return;
    }
    for (size_t i = row; i < row + rows; i++)
        fid_step_finish(job->gemm->step, job->run->kernels, i * columns + first, count);
}

static struct fid_gemm_rows strip_rows(const struct gemm_job *job, size_t product, size_t strip)
{
    const size_t first = part_start(&job->strips, strip);
    return (struct fid_gemm_rows){product, first, part_start(&job->strips, strip + 1) - first};
}

/* A panel meets the strips of a block, and each strip asks for a stretch of the panel after it:
 * for as many lines as the kernel has steps. */
static void run_panel(const struct gemm_job *job, size_t product, size_t panel, size_t strip,
                      size_t strip_end, const float *const *table)
{
    const struct fid_gemm *gemm = job->gemm;
    const size_t panels = ceil_div(gemm->columns, job->run->kernels->tile.gemm_nr);
    const size_t row = part_start(&job->strips, strip);
    const size_t stretch = gemm->taps * gemm->k * LINE_FLOATS;
    const float *packed =
        (const float *)gemm->step->packed + (product * panels + panel) * job->panel_size;
    size_t ahead = job->panel_size;
    for (size_t s = strip; s < strip_end; s++, ahead += stretch) {
        const struct fid_gemm_rows rows = strip_rows(job, product, s);
        const float *next = ahead < 2 * job->panel_size ? packed + ahead : NULL;
        run_tile(job, &rows, panel, table + (rows.first - row) * gemm->taps, packed, next);
    }
}

static void run_piece(void *ctx, size_t index, int worker)
{
    const struct gemm_job *job = ctx;
    const struct fid_gemm *gemm = job->gemm;
    const size_t group = index % job->groups.parts, rest = index / job->groups.parts;
    const size_t block = rest % job->blocks.parts, product = rest / job->blocks.parts;
    const size_t strip = part_start(&job->blocks, block);
    const size_t strip_end = part_start(&job->blocks, block + 1);
    const size_t panel = part_start(&job->groups, group);
    const size_t panel_end = part_start(&job->groups, group + 1);
    const size_t row = part_start(&job->strips, strip);

    const float **table = fid_run_scratch(job->run, worker);
    float *patches = (void *)((char *)table + table_bytes(gemm, job->run->kernels));
    for (size_t s = strip; s < strip_end; s++) {
        const struct fid_gemm_rows rows = strip_rows(job, product, s);
        gemm->source(gemm, job->run, &rows, table + (rows.first - row) * gemm->taps,
                     patches + (rows.first - row) * gemm->patch);
    }
    for (size_t p = panel; p < panel_end; p++)
        run_panel(job, product, p, strip, strip_end, table);
    finish_piece(job, row, part_start(&job->strips, strip_end) - row, panel, panel_end - panel);
}

/* How many blocks the strips are cut into: as the cache wants it, and where there are more rows
 * than columns, into some for each of several workers, so that a worker has rows of its own from
 * layer to layer. With fewer rows the weights are what costs, and panels are split instead. */
static size_t block_count(const struct fid_gemm *gemm, size_t rows,
                          const struct fid_kernels *kernels, size_t workers)
{
    const size_t mr = kernels->tile.gemm_mr, strips = ceil_div(rows, mr);
    size_t blocks = ceil_div(strips, block_limit(gemm, mr));
    if (workers == 1 || gemm->products > 1)
        return blocks;
    if (rows >= gemm->columns && blocks < workers * PIECES_PER_WORKER)
        blocks = workers * PIECES_PER_WORKER;
    return blocks > 1 ? min_size(ceil_div(blocks, workers) * workers, strips) : 1;
}

void fid_gemm_run(const struct fid_gemm *gemm, const struct fid_run *run, size_t rows)
{
    const size_t nr = run->kernels->tile.gemm_nr;
    const size_t workers = (size_t)fid_pool_workers(run->pool);
    const size_t panels = ceil_div(gemm->columns, nr);
    const size_t blocks = block_count(gemm, rows, run->kernels, workers);
    const size_t pieces = blocks * gemm->products;
    const size_t groups = workers > 1 ? ceil_div(workers * PIECES_PER_WORKER, pieces) : 1;
    struct gemm_job job = {.gemm = gemm, .run = run};
    job.panel_size = (1 + gemm->taps * gemm->k) * nr;
    job.strips = cut_evenly(rows, ceil_div(rows, run->kernels->tile.gemm_mr));
    job.blocks = cut_evenly(job.strips.parts, blocks);
    job.groups = cut_evenly(panels, min_size(groups, panels));
    fid_parallel_for(run->pool, pieces * job.groups.parts, run_piece, &job);
}
