/* depthwise_f32.c - windows and steps with and without kernels of their own, channels around the
 * block, runs of pixels around the unrolling. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>

enum { PIXELS_MAX = 11, CHANNELS_MAX = 70, TAPS_MAX = 49, STEP_MAX = 10 };
enum { POINTERS_MAX = PIXELS_MAX * TAPS_MAX, SOURCES = 16 };

struct depthwise_case {
    const struct fid_kernels *table;
    struct buffer sources[SOURCES]; /* input pixels, each ending at a guard page */
    struct buffer filter, bias, packed, out;
    struct post_buffers post;
    const float *in[POINTERS_MAX];
    float *filter_at, *bias_at, *packed_at;
    size_t pixels, channels, taps, step, stride;
    enum fill kind;
};

static void make_buffers(struct depthwise_case *d)
{
    for (size_t i = 0; i < SOURCES; i++)
        d->sources[i] = buffer_new(CHANNELS_MAX);
    d->filter = buffer_new(CHANNELS_MAX * TAPS_MAX);
    d->bias = buffer_new(CHANNELS_MAX);
    d->packed = buffer_new((CHANNELS_MAX + 64) * (1 + TAPS_MAX));
    d->out = buffer_new(PIXELS_MAX * (CHANNELS_MAX + 5));
    d->post = post_buffers_new(PIXELS_MAX, CHANNELS_MAX);
}

static void make_inputs(struct depthwise_case *d)
{
    const size_t cr = d->table->tile.depthwise_cr;
    const float *pixels[SOURCES];
    for (size_t i = 0; i < SOURCES; i++) {
        float *pixel = buffer_take(&d->sources[i], d->channels, sizeof(float));
        fill(pixel, d->channels, d->kind);
        pixels[i] = pixel;
    }
    for (size_t i = 0; i < (d->pixels - 1) * d->step + d->taps; i++)
        d->in[i] = pixels[check_random_below(SOURCES)];
    d->filter_at = buffer_take(&d->filter, d->channels * d->taps, sizeof(float));
    d->bias_at = buffer_take(&d->bias, d->channels, sizeof(float));
    d->packed_at =
        buffer_take(&d->packed, (size_t)fid_pack_depthwise_size(d->channels, d->taps, cr), 64);
    fill(d->filter_at, d->channels * d->taps, d->kind);
    fill(d->bias_at, d->channels, d->kind);
    fid_pack_depthwise(d->channels, d->taps, 1, cr, d->filter_at, d->bias_at, d->packed_at);
}

static struct sum expected(const struct depthwise_case *d, size_t x, size_t j)
{
    struct sum sum = {0};
    sum_add(&sum, d->bias_at[j], 1.0f);
    for (size_t t = 0; t < d->taps; t++)
        sum_add(&sum, d->in[x * d->step + t][j], d->filter_at[j * d->taps + t]);
    return sum;
}

static void one_case(struct depthwise_case *d)
{
    d->kind = any_fill();
    d->stride = d->channels + ANY_OF(0, 1, 5);
    make_inputs(d);
    const struct fid_post_f32 post = any_post(&d->post, d->pixels, d->channels, d->kind);
    float *out = buffer_take(&d->out, (d->pixels - 1) * d->stride + d->channels, sizeof(float));
    d->table->depthwise_f32(d->pixels, d->channels, d->taps, d->in, d->step, d->packed_at, out,
                            d->stride, &post);
    CHECK_THAT(buffer_intact(&d->out, out, d->pixels, d->channels, d->stride),
               "writes outside: pixels %zu channels %zu taps %zu step %zu stride %zu", d->pixels,
               d->channels, d->taps, d->step, d->stride);
    for (size_t x = 0; x < d->pixels; x++)
        for (size_t j = 0; j < d->channels; j++) {
            struct sum want = expected(d, x, j);
            sum_post(&want, x, j, &post);
            const float got = out[x * d->stride + j];
            CHECK_THAT(sum_close(&want, got),
                       "pixels %zu channels %zu taps %zu step %zu fill %s residual %d slope %d: "
                       "out[%zu][%zu] is %.9g, want %.9g within %.3g",
                       d->pixels, d->channels, d->taps, d->step, fill_name(d->kind),
                       post.residual != NULL, post.slope != NULL, x, j, (double)got, want.value,
                       sum_tolerance(&want));
            if (check_failed())
                return;
        }
}

/* A row in one call, and pixel by pixel: the same bits. */
static void same_bits_everywhere(struct depthwise_case *d)
{
    static float row[PIXELS_MAX][CHANNELS_MAX];
    float alone[CHANNELS_MAX];
    const struct fid_post_f32 post = {.min = -INFINITY, .max = INFINITY};
    d->pixels = PIXELS_MAX, d->channels = 37, d->kind = FILL_RANDOM;
    make_inputs(d);
    d->table->depthwise_f32(d->pixels, d->channels, d->taps, d->in, d->step, d->packed_at, row[0],
                            CHANNELS_MAX, &post);
    for (size_t x = 0; x < d->pixels; x++) {
        d->table->depthwise_f32(1, d->channels, d->taps, d->in + x * d->step, d->step, d->packed_at,
                                alone, CHANNELS_MAX, &post);
        for (size_t j = 0; j < d->channels; j++)
            CHECK_THAT(same_bits(alone[j], row[x][j]),
                       "bits depend on the place: taps %zu step %zu pixel %zu channel %zu", d->taps,
                       d->step, x, j);
    }
}

void cases_depthwise_f32(const struct fid_kernels *table)
{
    static const struct {
        size_t taps, step;
    } windows[] = {{9, 3}, {9, 6}, {9, 9}, {25, 5}, {25, 10}, {1, 1}, {2, 1}, {3, 2}, {49, 7}};
    static struct depthwise_case d;
    d.table = table;
    make_buffers(&d);
    for (size_t w = 0; w < sizeof windows / sizeof windows[0] && !check_failed(); w++) {
        d.taps = windows[w].taps;
        d.step = windows[w].step;
        for (d.pixels = 1; d.pixels <= PIXELS_MAX && !check_failed(); d.pixels++)
            for (size_t round = 0; round < 12 && !check_failed(); round++) {
                d.channels = 1 + check_random_below(CHANNELS_MAX);
                one_case(&d);
            }
        same_bits_everywhere(&d);
    }
}
