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

#include "engine/nn/quantized.h"

#include <math.h>

/* A block takes half of a core's second-level cache; the other half is for the panel and for C.
 * Patches are written before they are read, so a smaller block pays: they should not push the input
 * out of the cache. */
enum { BLOCKS_IN_CACHE = 2, PATCH_BLOCKS_IN_CACHE = 8 };

enum { PIECES_PER_WORKER = 4 }; /* so that the last piece is short */
enum { LINE_BYTES = 64 };       /* a cache line */

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
    return i * cut->size + fid_min_size(i, cut->larger);
}

/* The kernel of a product: its tile, and the bytes of a number of the left matrix. */
struct kernel_tile {
    size_t mr, nr, element_bytes;
};

static struct kernel_tile tile_of(const struct fid_gemm *gemm, const struct fid_kernels *kernels)
{
    if (gemm->bytes)
        return (struct kernel_tile){kernels->tile.gemm_s8_mr, kernels->tile.gemm_s8_nr, 1};
    return (struct kernel_tile){kernels->tile.gemm_mr, kernels->tile.gemm_nr, sizeof(float)};
}

/* Bytes of a number of C. */
static size_t c_bytes(const struct fid_gemm *gemm)
{
    return gemm->intermediate ? sizeof(float) : fid_tensor_element_bytes(&gemm->step->output);
}

/* Most strips of a block, at least one. */
static size_t block_limit(const struct fid_gemm *gemm, const struct kernel_tile *tile,
                          size_t cache_bytes)
{
    const size_t mr = tile->mr, block_bytes = cache_bytes / BLOCKS_IN_CACHE;
    const size_t patch_bytes = cache_bytes / PATCH_BLOCKS_IN_CACHE;
    const size_t row_bytes =
        gemm->patch_bytes > 0 ? gemm->patch_bytes : gemm->k * tile->element_bytes;
    const size_t strips = (gemm->patch_bytes > 0 ? patch_bytes : block_bytes) / row_bytes / mr;
    /* The table of pointers has to stay small beside the numbers they point at. */
    const size_t table_strips = block_bytes / (gemm->taps * mr * sizeof(void *));
    const size_t limit = fid_min_size(strips, table_strips);
    return limit > 0 ? limit : 1;
}

/* Bytes of a block's pointers, whole cache lines: the patches follow them. */
static size_t table_bytes(const struct fid_gemm *gemm, const struct kernel_tile *tile,
                          size_t cache_bytes)
{
    const size_t pointers = block_limit(gemm, tile, cache_bytes) * tile->mr * gemm->taps;
    return (size_t)fid_align_up(pointers * sizeof(void *), LINE_BYTES);
}

static uint64_t scratch_bytes(const struct fid_gemm *gemm, const struct fid_plan_context *context)
{
    const struct kernel_tile tile = tile_of(gemm, context->kernels);
    const uint64_t rows = (uint64_t)block_limit(gemm, &tile, context->cache_bytes) * tile.mr;
    return table_bytes(gemm, &tile, context->cache_bytes) + rows * gemm->patch_bytes +
           (gemm->bytes ? FID_READ_AHEAD_BYTES : 0);
}

/* ---- packing ---- */

static uint64_t panels_bytes(const struct fid_gemm *gemm, const struct fid_kernels *kernels)
{
    return gemm->bytes
               ? fid_pack_panels_s8_size(gemm->columns, gemm->taps, gemm->k, kernels)
               : fid_pack_panels_size(gemm->columns, gemm->taps * gemm->k, kernels->tile.gemm_nr) *
                     gemm->products * sizeof(float);
}

void fid_gemm_set_needs(const struct fid_gemm *gemm, struct fid_step *step,
                        const struct fid_plan_context *context)
{
    step->packed_bytes =
        panels_bytes(gemm, context->kernels) + (gemm->bytes ? fid_columns_s8_bytes(gemm->step) : 0);
    step->scratch_bytes = scratch_bytes(gemm, context);
}

struct pack_job {
    const struct fid_gemm *gemm;
    const struct fid_kernels *kernels;
    struct fid_columns_s8 columns;
};

static void pack_panel(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct pack_job *job = ctx;
    const struct fid_gemm *gemm = job->gemm;
    const struct fid_weights *filter = &gemm->step->weights[0], *bias = &gemm->step->weights[1];
    if (gemm->bytes)
        fid_pack_panels_s8(gemm->columns, gemm->taps, gemm->k, job->kernels,
                           (const int8_t *)(filter->data + filter->record->dims[0]), &job->columns,
                           index, 1, gemm->step->packed);
    else
        fid_pack_panels(gemm->columns, gemm->taps * gemm->k, job->kernels->tile.gemm_nr,
                        filter->data, bias->data, index, 1, gemm->step->packed);
}

void fid_gemm_pack(const struct fid_gemm *gemm, const struct fid_plan_context *context)
{
    struct pack_job job = {.gemm = gemm, .kernels = context->kernels};
    const size_t nr = tile_of(gemm, context->kernels).nr;
    if (gemm->bytes)
        fid_columns_s8_fill(gemm->step,
                            (char *)gemm->step->packed + panels_bytes(gemm, context->kernels),
                            &job.columns);
    fid_parallel_for(context->pool, fid_ceil_div(gemm->columns, nr), pack_panel, &job);
    fid_weight_file_release_tensor(gemm->step->file, gemm->step->weights[0].number);
}

/* ---- running ---- */

struct gemm_job {
    const struct fid_gemm *gemm;
    const struct fid_run *run;
    struct kernel_tile tile;
    size_t panel_bytes;
    struct cut strips; /* of all rows */
    struct cut blocks; /* of all strips */
    struct cut groups; /* of the panels of a block: product, block and group are a piece */
};

static const struct fid_post_f32 no_post = {.min = -INFINITY, .max = INFINITY};

/* Number `at` of a matrix, or NULL. */
static void *number_of(const void *matrix, size_t at, size_t bytes)
{
    return matrix != NULL ? (char *)(uintptr_t)matrix + at * bytes : NULL;
}

/* One tile: some rows of a product, panel number `panel`. */
static void run_tile(const struct gemm_job *job, const struct fid_gemm_rows *rows, size_t panel,
                     const void *const *a, const void *packed, const void *next)
{
    const struct fid_gemm *gemm = job->gemm;
    const size_t column = panel * job->tile.nr;
    const size_t n = fid_min_size(job->tile.nr, gemm->columns - column);
    const size_t at = rows->first * gemm->columns + column;
    const void *residual = number_of(gemm->residual, at, job->tile.element_bytes);
    void *c = number_of(gemm->c, rows->product * gemm->c_step + at, c_bytes(gemm));
    if (gemm->bytes) {
        struct fid_post_s8 post = fid_step_post_s8(gemm->step);
        post.residual = residual;
        post.residual_stride = gemm->columns;
        job->run->kernels->gemm_s8(rows->count, n, gemm->taps, gemm->k, (const void *)a, packed, c,
                                   gemm->columns, &post, next);
        return;
    }
    struct fid_post_f32 post = gemm->intermediate ? no_post : gemm->step->post;
    if (residual != NULL) {
        post.residual = residual;
        post.residual_stride = gemm->columns;
    }
    if (post.slope != NULL)
        post.slope += column;
    job->run->kernels->gemm_f32(rows->count, n, gemm->taps, gemm->k, (const void *)a, packed, c,
                                gemm->columns, &post, next);
}

/* The rest of the activation over what this piece has written. */
static void finish_piece(const struct gemm_job *job, size_t row, size_t rows, size_t panel,
                         size_t panels)
{
    const size_t nr = job->tile.nr;
    const size_t columns = job->gemm->columns;
    const size_t first = panel * nr;
    const size_t count = fid_min_size(panels * nr, columns - first);
    if (job->gemm->intermediate || fid_is_bytes(&job->gemm->step->output))
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
                      size_t strip_end, const void *const *table)
{
    const struct fid_gemm *gemm = job->gemm;
    const size_t panels = fid_ceil_div(gemm->columns, job->tile.nr);
    const size_t row = part_start(&job->strips, strip);
    const size_t stretch = gemm->taps * fid_ceil_div(gemm->k, gemm->bytes ? 4 : 1) * LINE_BYTES;
    const char *packed =
        (const char *)gemm->step->packed + (product * panels + panel) * job->panel_bytes;
    size_t ahead = job->panel_bytes;
    for (size_t s = strip; s < strip_end; s++, ahead += stretch) {
        const struct fid_gemm_rows rows = strip_rows(job, product, s);
        const char *next = ahead < 2 * job->panel_bytes ? packed + ahead : NULL;
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

    const void **table = fid_run_scratch(job->run, worker);
    char *patches = (char *)table + table_bytes(gemm, &job->tile, job->run->cache_bytes);
    for (size_t s = strip; s < strip_end; s++) {
        const struct fid_gemm_rows rows = strip_rows(job, product, s);
        gemm->source(gemm, job->run, &rows, table + (rows.first - row) * gemm->taps,
                     patches + (rows.first - row) * gemm->patch_bytes);
    }
    for (size_t p = panel; p < panel_end; p++)
        run_panel(job, product, p, strip, strip_end, table);
    finish_piece(job, row, part_start(&job->strips, strip_end) - row, panel, panel_end - panel);
}

/* How many blocks the strips are cut into: as the cache wants it, and where there are more rows
 * than columns, into some for each of several workers, so that a worker has rows of its own from
 * layer to layer. With fewer rows the weights are what costs, and panels are split instead. */
static size_t block_count(const struct fid_gemm *gemm, size_t rows, const struct kernel_tile *tile,
                          const struct fid_run *run)
{
    const size_t workers = (size_t)fid_pool_workers(run->pool);
    const size_t strips = fid_ceil_div(rows, tile->mr);
    size_t blocks = fid_ceil_div(strips, block_limit(gemm, tile, run->cache_bytes));
    if (workers == 1 || gemm->products > 1)
        return blocks;
    if (rows >= gemm->columns && blocks < workers * PIECES_PER_WORKER)
        blocks = workers * PIECES_PER_WORKER;
    return blocks > 1 ? fid_min_size(fid_ceil_div(blocks, workers) * workers, strips) : 1;
}

void fid_gemm_run(const struct fid_gemm *gemm, const struct fid_run *run, size_t rows)
{
    const size_t workers = (size_t)fid_pool_workers(run->pool);
    struct gemm_job job = {.gemm = gemm, .run = run, .tile = tile_of(gemm, run->kernels)};
    const size_t panels = fid_ceil_div(gemm->columns, job.tile.nr);
    const size_t blocks = block_count(gemm, rows, &job.tile, run);
    const size_t pieces = blocks * gemm->products;
    const size_t groups = workers > 1 ? fid_ceil_div(workers * PIECES_PER_WORKER, pieces) : 1;
    job.panel_bytes = (size_t)panels_bytes(gemm, run->kernels) / (panels * gemm->products);
    job.strips = cut_evenly(rows, fid_ceil_div(rows, job.tile.mr));
    job.blocks = cut_evenly(job.strips.parts, blocks);
    job.groups = cut_evenly(panels, fid_min_size(groups, panels));
    fid_parallel_for(run->pool, pieces * job.groups.parts, run_piece, &job);
}
