/* depthwise_s8.c - the windows that networks have and some others, at every edge and on padding
 * alone, channels around the blocks, all fills, bytes and f32 out; behind each row 63 bytes of any
 * value. */
#include "tests/kernel_cases/byte_cases.h"

#include <string.h>

enum { PIXELS_MAX = 11, CHANNELS_MAX = 150, SIDE_MAX = 7, TAPS_MAX = SIDE_MAX * SIDE_MAX };
enum { WIDTH_MAX = 3 * PIXELS_MAX + SIDE_MAX, CR_MAX = 64 };
enum { PACKED_MAX = (CHANNELS_MAX + CR_MAX) * (TAPS_MAX + 3 + 4 * FID_S8_ROWS) };

struct depthwise_case {
    const struct fid_kernels *table;
    struct bytes sources[SIDE_MAX], padding; /* rows of the input, a pixel of its zero */
    struct bytes packed, residual, out;
    struct fid_pixels rows[SIDE_MAX];
    struct fid_windows in;
    int8_t filter[CHANNELS_MAX * TAPS_MAX];
    struct columns columns;
    struct fid_post_s8 post;
    uint8_t first[PIXELS_MAX * CHANNELS_MAX]; /* the residual as it was */
    uint8_t *packed_at;
    size_t pixels, channels, taps, stride;
    bool plain; /* pixels without a gap, rows of the picture alone, no residual or slope */
};

static void make_buffers(struct depthwise_case *d)
{
    for (size_t i = 0; i < SIDE_MAX; i++)
        d->sources[i] = bytes_new(WIDTH_MAX * (CHANNELS_MAX + 3) + READ_BEHIND);
    d->padding = bytes_new(CHANNELS_MAX + READ_BEHIND);
    d->packed = bytes_new(PACKED_MAX);
    d->residual = bytes_new(PIXELS_MAX * CHANNELS_MAX);
    d->out = bytes_new(PIXELS_MAX * (CHANNELS_MAX + 5) * sizeof(float));
}

/* Rows of the picture, some of them on the padding. */
static void make_rows(struct depthwise_case *d, enum byte_fill kind)
{
    uint8_t *padding = bytes_take(&d->padding, d->channels, 0, READ_BEHIND), zero;
    fill_bytes(&zero, 1, kind);
    memset(padding, zero, d->channels);
    for (size_t i = 0; i < d->in.kernel_h; i++) {
        const size_t step = d->channels + (d->plain ? 0 : ANY_OF(0, 3));
        const size_t count = (d->in.width - 1) * step + d->channels;
        uint8_t *row = bytes_take(&d->sources[i], count, 0, READ_BEHIND);
        fill_bytes(row, count, kind);
        d->rows[i] = (struct fid_pixels){row, step};
        if (!d->plain && check_random_below(5) == 0)
            d->rows[i] = (struct fid_pixels){padding, 0};
    }
    d->in.rows = d->rows;
    d->in.padding = padding;
}

static void make_inputs(struct depthwise_case *d)
{
    const enum byte_fill kind = any_byte_fill(), weights = any_byte_fill();
    make_rows(d, kind);
    fill_weights(d->filter, d->channels * d->taps, weights);
    d->post = any_columns(&d->columns, d->channels, sum_magnitude(d->taps, kind, weights));
    d->post.slope = d->post.slope && !d->plain;
    const struct fid_columns_s8 columns = columns_of(&d->columns);
    const size_t size = (size_t)fid_pack_depthwise_s8_size(d->channels, d->taps, d->table);
    d->packed_at = bytes_take(&d->packed, size, 64, 0);
    fid_pack_depthwise_s8(d->channels, d->in.kernel_h, d->in.kernel_w, d->table, d->filter,
                          &columns, d->packed_at);
}

static void make_residual(struct depthwise_case *d, uint8_t *out)
{
    const size_t size = d->pixels * d->channels;
    if (d->plain || check_random() & 1)
        return;
    uint8_t *residual = bytes_take(&d->residual, size, 0, 0);
    fill_bytes(d->first, size, any_byte_fill());
    memcpy(residual, d->first, size);
    d->post.residual = residual;
    d->post.residual_stride = d->channels;
    d->post.residual_zero = (int32_t)check_random_below(256);
    if (!d->post.f32 && check_random() & 1) {
        for (size_t x = 0; x < d->pixels; x++)
            memcpy(out + x * d->stride, d->first + x * d->channels, d->channels);
        d->post.residual = out;
        d->post.residual_stride = d->stride;
    }
}

static void check_number(const struct depthwise_case *d, const uint8_t *out, size_t x, size_t j)
{
    const size_t each = d->post.f32 ? sizeof(float) : 1;
    int64_t sum = d->columns.bias[j];
    for (size_t t = 0; t < d->taps; t++) {
        const uint8_t *tap = tap_of(&d->in, x, t / d->in.kernel_w, t % d->in.kernel_w, 1);
        const uint8_t *padding = d->in.padding;
        sum += (tap != NULL ? tap[j] : padding[j]) * d->filter[j * d->taps + t];
    }
    const float v = posted(sum, j, &d->columns, d->first[x * d->channels + j], &d->post);
    float number = 0;
    memcpy(&number, out + (x * d->stride + j) * each, each);
    const uint8_t byte = out[x * d->stride + j];
    const int want = nearest_byte(v, d->post.zero);
    CHECK_THAT(d->post.f32 ? same_bits(number, v) : byte == want,
               "pixels %zu channels %zu kernel %zu x %zu stride %zu dilation %zu pad %zu width %zu "
               "residual %d slope %d f32 %d zero %d: sum %lld, out[%zu][%zu] is %.9g, want %.9g",
               d->pixels, d->channels, d->in.kernel_h, d->in.kernel_w, d->in.stride, d->in.dilation,
               d->in.pad, d->in.width, d->post.residual != NULL, d->post.slope, d->post.f32,
               d->post.zero, (long long)sum, x, j, d->post.f32 ? (double)number : (double)byte,
               d->post.f32 ? (double)v : (double)want);
}

static void one_case(struct depthwise_case *d)
{
    make_inputs(d);
    d->stride = d->channels + (d->plain ? 0 : ANY_OF(0, 1, 5));
    const size_t each = d->post.f32 ? sizeof(float) : 1;
    uint8_t *out = bytes_take(&d->out, ((d->pixels - 1) * d->stride + d->channels) * each, 0, 0);
    make_residual(d, out);
    d->table->depthwise_s8(d->pixels, d->channels, &d->in, d->packed_at, out, d->stride, &d->post);
    CHECK_THAT(bytes_intact(&d->out, out, d->pixels, d->channels * each, d->stride * each),
               "writes outside: pixels %zu channels %zu kernel %zu x %zu stride %zu f32 %d",
               d->pixels, d->channels, d->in.kernel_h, d->in.kernel_w, d->in.stride, d->post.f32);
    for (size_t x = 0; x < d->pixels && !check_failed(); x++)
        for (size_t j = 0; j < d->channels && !check_failed(); j++)
            check_number(d, out, x, j);
}

void cases_depthwise_s8(const struct fid_kernels *table)
{
    static const struct {
        size_t h, w, stride, dilation;
    } windows[] = {{3, 3, 1, 1}, {3, 3, 2, 1}, {3, 3, 3, 1}, {3, 3, 1, 2}, {5, 5, 1, 1},
                   {5, 5, 2, 1}, {1, 1, 1, 1}, {2, 1, 1, 1}, {1, 3, 2, 1}, {7, 7, 1, 1}};
    static struct depthwise_case d;
    const size_t halves = halves_seen();
    REQUIRE(table->tile.depthwise_s8_cr <= CR_MAX);
    d.table = table;
    make_buffers(&d);
    for (size_t w = 0; w < sizeof windows / sizeof windows[0] && !check_failed(); w++) {
        d.taps = windows[w].h * windows[w].w;
        d.in = (struct fid_windows){.kernel_h = windows[w].h,
                                    .kernel_w = windows[w].w,
                                    .stride = windows[w].stride,
                                    .dilation = windows[w].dilation};
        for (d.pixels = 1; d.pixels <= PIXELS_MAX && !check_failed(); d.pixels++)
            for (size_t round = 0; round < 12 && !check_failed(); round++) {
                d.channels = 1 + check_random_below(CHANNELS_MAX);
                d.plain = round % 3 == 0;
                any_edges(&d.in, d.pixels, WIDTH_MAX);
                if (d.plain) { /* a quarter of a vector, half of one, all; windows as they fit */
                    d.channels = (size_t)8 << check_random_below(4);
                    d.in.pad = (d.in.kernel_w - 1) * d.in.dilation / 2;
                    d.in.width = d.pixels * d.in.stride;
                }
                one_case(&d);
            }
    }
    CHECK_THAT(check_failed() || halves_seen() > halves + 50, "only %zu halves",
               halves_seen() - halves);
}
