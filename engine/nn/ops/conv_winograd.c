/* conv_winograd.c - 3 × 3 convolutions at stride 1 by Winograd's minimal filtering: tiles of m × m
 * outputs from α² = (m + 2)² inputs, 2.25 (m = 2) or 4 (m = 4) times fewer products.
 *
 * A chunk of tiles is transformed, so that position i of all of them is a matrix V_i [tiles][c_in];
 * M_i = V_i · U_i for each position, in one run of the GEMM driver; then each tile's M is
 * transformed back. Where there are tiles enough, each thread takes chunks of its own from the
 * input to the output: V and M stay in its caches, and nobody waits in between. Elsewhere the
 * weights are what costs, and the threads share a chunk: its tiles, then the positions and panels,
 * then the tiles again, so that each weight is read once. Nobody splits a sum. */
#include "engine/nn/gemm_driver.h"
#include "engine/nn/ops/conv_methods.h"

enum { POSITIONS_MAX = 36 };

/* V and M of a chunk, in quarters of a core's second-level cache. Larger than that: the weights of
 * all positions pass by once a chunk, and cost more than the rest of V and M in the third level.
 * Half of it is 20 to 50 % slower at 14 × 14 × 256 and 7 × 7 × 512, twice of it 5 % at
 * 28 × 28 × 128 (Zen 5, 1 MB of L2). A batch may fill a chunk as large as half of the weights. */
enum { CHUNK_QUARTERS = 5 };

/* Between two positions of V or M, so that they do not compete for the same sets of the caches:
 * their distance would else be a multiple of 4 KB for most numbers of channels. */
enum { STEP_PAD = 16 };

struct winograd {
    struct fid_window tiles; /* one output a tile */
    size_t m, positions, c_in, c_out;
    size_t image_tiles;    /* of one picture */
    size_t limit;          /* of the tiles at once, for any number of pictures */
    bool alone;            /* a worker has a chunk for itself */
    size_t chunk;          /* tiles at once, at most: the chunks are even */
    size_t v_step, m_step; /* numbers between two positions of V and M */
};

/* A worker alone reads all weights, so it needs as many tiles to multiply each with: two threads
 * with 8 tiles of 7 × 7 × 512 each take 40 % longer than both with the 16, with 25 tiles of
 * 14 × 14 × 256 2 % less (Zen 5). */
enum { TILES_ALONE = 16 };

/* The tiles of a layer of n pictures, for as many workers with such a cache each. */
static struct winograd winograd_of(const struct fid_step *step, size_t m, size_t n, size_t workers,
                                   size_t cache_bytes)
{
    const struct fid_window *window = &step->window;
    struct winograd w = {.tiles = *window,
                         .m = m,
                         .positions = (m + 2) * (m + 2),
                         .c_in = window->in.c,
                         .c_out = step->output.shape.c};
    w.tiles.kernel_h = w.tiles.kernel_w = m + 2;
    w.tiles.stride_h = w.tiles.stride_w = m;
    w.tiles.out_h = fid_ceil_div(window->out_h, m);
    w.tiles.out_w = fid_ceil_div(window->out_w, m);
    w.image_tiles = w.tiles.out_h * w.tiles.out_w;
    const size_t tile_bytes = w.positions * (w.c_in + w.c_out) * sizeof(float);
    const size_t weight_bytes = w.positions * w.c_in * w.c_out * sizeof(float);
    const size_t cached = cache_bytes / 4 * CHUNK_QUARTERS;
    const size_t chunk_bytes = weight_bytes / 2 > cached ? weight_bytes / 2 : cached;
    w.limit = tile_bytes < chunk_bytes ? chunk_bytes / tile_bytes : 1;
    const size_t tiles = n * w.image_tiles, chunks = fid_ceil_div(tiles, w.limit);
    w.alone = workers > 1 && tiles >= workers * TILES_ALONE;
    w.chunk = fid_ceil_div(tiles, w.alone ? (size_t)fid_align_up(chunks, workers) : chunks);
    w.v_step = w.chunk * w.c_in + STEP_PAD;
    w.m_step = w.chunk * w.c_out + STEP_PAD;
    return w;
}

struct winograd_job {
    const struct fid_step *step;
    const struct fid_run *run;
    struct winograd w;
    size_t tiles;        /* of all pictures */
    size_t first, count; /* those of this chunk */
    float *v, *products;
};

static void transform_tile(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct winograd_job *job = ctx;
    const struct winograd *w = &job->w;
    const size_t tile = job->first + index, place = tile % w->image_tiles;
    const void *image = fid_tensor_image(&job->step->inputs[0], tile / w->image_tiles);
    const void *taps[POSITIONS_MAX];
    fid_window_pointers(&w->tiles, image, place / w->tiles.out_w, place % w->tiles.out_w,
                        job->run->zeros, taps, 1);
    job->run->kernels->winograd_input_f32(w->m, w->c_in, (const void *)taps,
                                          job->v + index * w->c_in, w->v_step);
}

static void point_at_tiles(const struct fid_gemm *gemm, const struct fid_run *run,
                           const struct fid_gemm_rows *rows, const void **a, char *patches)
{
    (void)run;
    (void)patches;
    const struct winograd_job *job = gemm->source_ctx;
    const float *v = job->v + rows->product * job->w.v_step + rows->first * gemm->k;
    for (size_t i = 0; i < rows->count; i++)
        a[i] = v + i * gemm->k;
}

static struct fid_gemm product(const struct fid_step *step, const struct winograd *w)
{
    return (struct fid_gemm){.step = step,
                             .products = w->positions,
                             .columns = w->c_out,
                             .taps = 1,
                             .k = w->c_in,
                             .c_step = w->m_step,
                             .intermediate = true,
                             .source = point_at_tiles};
}

static void finish_tile(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct winograd_job *job = ctx;
    const struct winograd *w = &job->w;
    const struct fid_step *step = job->step;
    const struct fid_window *window = &step->window;
    const size_t tile = job->first + index, place = tile % w->image_tiles;
    const size_t y = place / w->tiles.out_w * w->m, x = place % w->tiles.out_w * w->m;
    const size_t rows = fid_min_size(w->m, window->out_h - y);
    const size_t columns = fid_min_size(w->m, window->out_w - x);
    const size_t row_step = window->out_w * w->c_out;
    const size_t at = ((tile / w->image_tiles * window->out_h + y) * window->out_w + x) * w->c_out;
    struct fid_post_f32 post = step->post;
    post.residual = fid_conv_residual(step, at);
    job->run->kernels->winograd_output_f32(w->m, w->c_out, job->products + index * w->c_out,
                                           w->m_step, step->weights[FID_CONV_BIAS].data, rows,
                                           columns, step->output.data + at, row_step, w->c_out,
                                           &post);
    for (size_t i = 0; i < rows; i++)
        fid_step_finish(step, job->run->kernels, at + i * row_step, columns * w->c_out);
}

/* Numbers of V and M together. */
static size_t chunk_numbers(const struct winograd *w)
{
    return w->positions * (w->v_step + w->m_step);
}

static void run_chunk(const struct winograd_job *job, float *numbers, size_t chunk)
{
    struct winograd_job own = *job;
    struct fid_gemm gemm = product(job->step, &job->w);
    own.v = numbers;
    own.products = own.v + job->w.positions * job->w.v_step;
    own.first = chunk * job->w.chunk;
    own.count = fid_min_size(job->w.chunk, job->tiles - own.first);
    gemm.source_ctx = &own;
    gemm.c = own.products;
    fid_parallel_for(own.run->pool, own.count, transform_tile, &own);
    fid_gemm_run(&gemm, own.run, own.count);
    fid_parallel_for(own.run->pool, own.count, finish_tile, &own);
}

static void run_chunk_alone(void *ctx, size_t index, int worker)
{
    const struct winograd_job *job = ctx;
    struct winograd_job own = *job;
    struct fid_run run = *job->run;
    run.pool = NULL;
    run.scratch = fid_run_scratch(job->run, worker);
    own.run = &run;
    run_chunk(&own, (float *)run.shared + (size_t)worker * chunk_numbers(&job->w), index);
}

static void winograd_run(const struct fid_step *step, const struct fid_run *run)
{
    const size_t workers = (size_t)fid_pool_workers(run->pool);
    struct winograd_job job = {
        .step = step,
        .run = run,
        .w = winograd_of(step, step->conv->winograd_m, run->n, workers, run->cache_bytes)};
    job.tiles = run->n * job.w.image_tiles;
    const size_t chunks = fid_ceil_div(job.tiles, job.w.chunk);
    if (job.w.alone)
        fid_parallel_for(run->pool, chunks, run_chunk_alone, &job);
    for (size_t i = 0; i < chunks && !job.w.alone; i++)
        run_chunk(&job, run->shared, i);
}

static void winograd_needs(struct fid_step *step, const struct fid_plan_context *context)
{
    const size_t m = step->conv->winograd_m;
    const size_t workers = (size_t)fid_pool_workers(context->pool);
    const struct winograd most = winograd_of(step, m, context->n, workers, context->cache_bytes);
    const struct fid_gemm gemm = product(step, &most);
    fid_gemm_set_needs(&gemm, step, context);
    step->shared_bytes = 0;
    for (size_t n = 1; n <= context->n; n++) { /* fewer pictures may make larger chunks */
        const struct winograd w = winograd_of(step, m, n, workers, context->cache_bytes);
        const uint64_t bytes =
            (uint64_t)(w.alone ? workers : 1) * chunk_numbers(&w) * sizeof(float);
        step->shared_bytes = bytes > step->shared_bytes ? bytes : step->shared_bytes;
    }
}

struct pack_job {
    const struct fid_step *step;
    size_t m, nr;
};

static void pack_panel(void *ctx, size_t index, int worker)
{
    (void)worker;
    const struct pack_job *job = ctx;
    const struct fid_step *step = job->step;
    fid_pack_winograd(job->m, step->output.shape.c, step->window.in.c, job->nr,
                      step->weights[FID_CONV_FILTER].data, index, 1, step->packed);
}

static void winograd_prepare(struct fid_step *step, const struct fid_plan_context *context)
{
    struct pack_job job = {step, step->conv->winograd_m, context->kernels->tile.gemm_nr};
    fid_parallel_for(context->pool, fid_ceil_div(step->output.shape.c, job.nr), pack_panel, &job);
    fid_weight_file_release_tensor(step->file, step->weights[FID_CONV_FILTER].number);
}

/* The sizes of packed weights and chunks have to fit a size_t: where that has 32 bits, filters of
 * over some 40 MB go another way. */
static bool fits_memory(const struct fid_step *step)
{
    const uint64_t pairs = (uint64_t)step->window.in.c * step->output.shape.c;
    return pairs <= SIZE_MAX / (POSITIONS_MAX * sizeof(float)) / 4;
}

static bool is_3x3_stride_1(const struct fid_step *step)
{
    const struct fid_window *w = &step->window;
    return fits_memory(step) && step->node->groups == 1 && w->kernel_h == 3 && w->kernel_w == 3 &&
           w->stride_h == 1 && w->stride_w == 1 && w->dilation_h == 1 && w->dilation_w == 1;
}

/* ---- cost ---- */

/* In multiply-adds of the GEMM kernel; measured on ResNet50's layers with AVX-512 (Zen 5): a number
 * of V or M takes the transforms as long as 14, and a byte of weights comes from memory as fast as
 * 3 (135 G/s against 40 GB/s; Zen 4: 58 against 22). */
enum { TRANSFORM_COST = 14, WEIGHT_BYTE_COST = 3 };

static uint64_t weights_cost(const struct winograd *w, size_t positions)
{
    return (uint64_t)WEIGHT_BYTE_COST * sizeof(float) * positions * w->c_in * w->c_out;
}

/* Of one picture, so that the method and with it the numbers do not depend on the batch. */
static uint64_t cost(const struct fid_step *step, size_t m)
{
    const struct winograd w = winograd_of(step, m, 1, 1, 0);
    const uint64_t products = (uint64_t)w.c_in * w.c_out;
    return (uint64_t)w.image_tiles * w.positions *
               (products + TRANSFORM_COST * (uint64_t)(w.c_in + w.c_out)) +
           weights_cost(&w, w.positions);
}

const struct fid_conv_method *fid_conv_winograd_choose(const struct fid_step *step)
{
    if (!is_3x3_stride_1(step))
        return NULL;
    const struct winograd w = winograd_of(step, 4, 1, 1, 0);
    const uint64_t direct =
        (uint64_t)fid_shape_pixels(step->output.shape) * 9 * w.c_in * w.c_out + weights_cost(&w, 9);
    const uint64_t cost_2x2 = cost(step, 2), cost_4x4 = cost(step, 4);
    if ((cost_2x2 < cost_4x4 ? cost_2x2 : cost_4x4) >= direct)
        return NULL;
    return cost_4x4 < cost_2x2 ? &fid_conv_winograd_4x4 : &fid_conv_winograd_2x2;
}

#define WINOGRAD(method, size)               \
    const struct fid_conv_method method = {  \
        .name = "winograd_" #size "x" #size, \
        .kernel_slot = "gemm_f32",           \
        .in_place = true,                    \
        .winograd_m = (size),                \
        .applies = is_3x3_stride_1,          \
        .needs = winograd_needs,             \
        .prepare = winograd_prepare,         \
        .run = winograd_run,                 \
    }
WINOGRAD(fid_conv_winograd_2x2, 2);
WINOGRAD(fid_conv_winograd_4x4, 4);
