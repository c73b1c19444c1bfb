/* depthwise_f32.c - windows with and without kernels of their own, at every edge and on padding
 * alone, channels around the block, runs of pixels around the unrolling. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>
#include <string.h>

enum { PIXELS_MAX = 19, CHANNELS_MAX = 70, SIDE_MAX = 7, TAPS_MAX = SIDE_MAX * SIDE_MAX };
enum { WIDTH_MAX = 3 * PIXELS_MAX + SIDE_MAX, STEP_MAX = CHANNELS_MAX + 3 };

struct depthwise_case {
    const struct fid_kernels *table;
    struct buffer sources[SIDE_MAX]; /* rows of the input, each ending at a guard page */
    struct buffer filter, bias, packed, out;
    struct post_buffers post;
    struct fid_pixels rows[SIDE_MAX];
    struct fid_windows in;
    float *filter_at, *bias_at, *packed_at;
    size_t pixels, channels, stride;
    enum fill kind;
};

static void make_buffers(struct depthwise_case *d)
{
    for (size_t i = 0; i < SIDE_MAX; i++)
        d->sources[i] = buffer_new(WIDTH_MAX * STEP_MAX);
    d->filter = buffer_new(CHANNELS_MAX * TAPS_MAX);
    d->bias = buffer_new(CHANNELS_MAX);
    d->packed = buffer_new((CHANNELS_MAX + 64) * (1 + TAPS_MAX));
    d->out = buffer_new(PIXELS_MAX * (CHANNELS_MAX + 5));
    d->post = post_buffers_new(PIXELS_MAX, CHANNELS_MAX);
}

static size_t taps_of(const struct depthwise_case *d)
{
    return d->in.kernel_h * d->in.kernel_w;
}

/* A row of the picture, or one on the padding: zeros for every pixel. */
static struct fid_pixels make_row(const struct depthwise_case *d, size_t i)
{
    const size_t step = check_random_below(5) == 0 ? 0 : d->channels + ANY_OF(0, 3);
    const size_t count = (d->in.width - 1) * step + d->channels;
    float *row = buffer_take(&d->sources[i], count, sizeof(float));
    if (step > 0)
        fill(row, count, d->kind);
    else
        memset(row, 0, count * sizeof *row);
    return (struct fid_pixels){row, step};
}

static void make_inputs(struct depthwise_case *d)
{
    const size_t cr = d->table->tile.depthwise_cr, taps = taps_of(d);
    for (size_t i = 0; i < d->in.kernel_h; i++)
        d->rows[i] = make_row(d, i);
    d->in.rows = d->rows;
    d->filter_at = buffer_take(&d->filter, d->channels * taps, sizeof(float));
    d->bias_at = buffer_take(&d->bias, d->channels, sizeof(float));
    d->packed_at =
        buffer_take(&d->packed, (size_t)fid_pack_depthwise_size(d->channels, taps, cr), 64);
    fill(d->filter_at, d->channels * taps, d->kind);
    fill(d->bias_at, d->channels, d->kind);
    fid_pack_depthwise(d->channels, d->in.kernel_h, d->in.kernel_w, cr, d->filter_at, d->bias_at,
                       d->packed_at);
}

static struct sum expected(const struct depthwise_case *d, size_t x, size_t j)
{
    struct sum sum = {0};
    sum_add(&sum, d->bias_at[j], 1.0f);
    for (size_t ky = 0; ky < d->in.kernel_h; ky++)
        for (size_t kx = 0; kx < d->in.kernel_w; kx++) {
            const float *tap = tap_of(&d->in, x, ky, kx, sizeof(float));
            if (tap != NULL)
                sum_add(&sum, tap[j], d->filter_at[j * taps_of(d) + ky * d->in.kernel_w + kx]);
        }
    return sum;
}

static void one_case(struct depthwise_case *d)
{
    d->kind = any_fill();
    d->stride = d->channels + ANY_OF(0, 1, 5);
    make_inputs(d);
    const struct fid_post_f32 post = any_post(&d->post, d->pixels, d->channels, d->kind);
    float *out = buffer_take(&d->out, (d->pixels - 1) * d->stride + d->channels, sizeof(float));
    d->table->depthwise_f32(d->pixels, d->channels, &d->in, d->packed_at, out, d->stride, &post);
    CHECK_THAT(buffer_intact(&d->out, out, d->pixels, d->channels, d->stride),
               "writes outside: pixels %zu channels %zu kernel %zu x %zu stride %zu", d->pixels,
               d->channels, d->in.kernel_h, d->in.kernel_w, d->stride);
    for (size_t x = 0; x < d->pixels; x++)
        for (size_t j = 0; j < d->channels; j++) {
            struct sum want = expected(d, x, j);
            sum_post(&want, x, j, &post);
            const float got = out[x * d->stride + j];
            CHECK_THAT(sum_close(&want, got),
                       "pixels %zu channels %zu kernel %zu x %zu stride %zu dilation %zu pad %zu "
                       "width %zu fill %s residual %d slope %d: out[%zu][%zu] is %.9g, want %.9g "
                       "within %.3g",
                       d->pixels, d->channels, d->in.kernel_h, d->in.kernel_w, d->in.stride,
                       d->in.dilation, d->in.pad, d->in.width, fill_name(d->kind),
                       post.residual != NULL, post.slope != NULL, x, j, (double)got, want.value,
                       sum_tolerance(&want));
            if (check_failed())
                return;
        }
}

/* The same input under all windows: the same bits, wherever they are in the row. Tables that take
 * runs of outputs inside and others at the edges have to add alike. */
static void same_bits_everywhere(struct depthwise_case *d)
{
    static float row[PIXELS_MAX][CHANNELS_MAX];
    const struct fid_post_f32 post = {.min = -INFINITY, .max = INFINITY};
    d->pixels = PIXELS_MAX, d->channels = 37, d->kind = FILL_RANDOM;
    d->in.pad = 0, d->in.width = WIDTH_MAX;
    make_inputs(d);
    for (size_t ky = 0; ky < d->in.kernel_h; ky++)
        d->rows[ky].step = 0;
    d->table->depthwise_f32(d->pixels, d->channels, &d->in, d->packed_at, row[0], CHANNELS_MAX,
                            &post);
    d->in.width = 1 + (d->in.kernel_w - 1) * d->in.dilation; /* the first window alone is inside */
    float alone[CHANNELS_MAX];
    d->table->depthwise_f32(1, d->channels, &d->in, d->packed_at, alone, CHANNELS_MAX, &post);
    for (size_t x = 0; x < d->pixels; x++)
        for (size_t j = 0; j < d->channels; j++)
            CHECK_THAT(same_bits(alone[j], row[x][j]),
                       "bits depend on the place: kernel %zu x %zu stride %zu pixel %zu channel "
                       "%zu",
                       d->in.kernel_h, d->in.kernel_w, d->in.stride, x, j);
}

/* A window on zeros beside its taps has the bits of one on padding: runs and edges add alike. */
static void same_bits_on_padding(struct depthwise_case *d)
{
    static float padded[PIXELS_MAX][CHANNELS_MAX], inside[PIXELS_MAX][CHANNELS_MAX];
    const struct fid_post_f32 post = {.min = -INFINITY, .max = INFINITY};
    const size_t reach = (d->in.kernel_w - 1) * d->in.dilation;
    d->pixels = PIXELS_MAX, d->channels = 37, d->kind = FILL_RANDOM;
    d->in.pad = 0, d->in.width = (d->pixels - 1) * d->in.stride + reach + 1;
    make_inputs(d);
    const size_t pad = reach / 2, width = d->in.width;
    for (size_t ky = 0; ky < d->in.kernel_h; ky++)
        for (size_t x = 0; x < width; x++)
            if (x < pad || x >= width - pad)
                memset((float *)d->rows[ky].first + x * d->rows[ky].step, 0,
                       d->channels * sizeof(float));
    d->table->depthwise_f32(d->pixels, d->channels, &d->in, d->packed_at, inside[0], CHANNELS_MAX,
                            &post);
    for (size_t ky = 0; ky < d->in.kernel_h; ky++)
        d->rows[ky].first = (const float *)d->rows[ky].first + pad * d->rows[ky].step;
    d->in.pad = pad, d->in.width = width - 2 * pad;
    d->table->depthwise_f32(d->pixels, d->channels, &d->in, d->packed_at, padded[0], CHANNELS_MAX,
                            &post);
    for (size_t x = 0; x < d->pixels; x++)
        for (size_t j = 0; j < d->channels; j++)
            CHECK_THAT(same_bits(padded[x][j], inside[x][j]),
                       "bits depend on the edge: kernel %zu x %zu stride %zu pixel %zu channel %zu",
                       d->in.kernel_h, d->in.kernel_w, d->in.stride, x, j);
}

void cases_depthwise_f32(const struct fid_kernels *table)
{
    static const struct {
        size_t h, w, stride, dilation;
    } windows[] = {{3, 3, 1, 1}, {3, 3, 2, 1}, {3, 3, 3, 1}, {3, 3, 1, 2}, {5, 5, 1, 1},
                   {5, 5, 2, 1}, {1, 1, 1, 1}, {2, 1, 1, 1}, {1, 3, 2, 1}, {7, 7, 1, 1}};
    static struct depthwise_case d;
    d.table = table;
    make_buffers(&d);
    for (size_t w = 0; w < sizeof windows / sizeof windows[0] && !check_failed(); w++) {
        d.in = (struct fid_windows){.kernel_h = windows[w].h,
                                    .kernel_w = windows[w].w,
                                    .stride = windows[w].stride,
                                    .dilation = windows[w].dilation};
        for (d.pixels = 1; d.pixels <= PIXELS_MAX && !check_failed(); d.pixels++)
            for (size_t round = 0; round < 12 && !check_failed(); round++) {
                d.channels = 1 + check_random_below(CHANNELS_MAX);
                any_edges(&d.in, d.pixels, WIDTH_MAX);
                one_case(&d);
            }
        same_bits_everywhere(&d);
        same_bits_on_padding(&d);
    }
}
