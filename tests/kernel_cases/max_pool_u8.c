/* max_pool_u8.c - against the definition; behind each pixel 63 bytes of any value. */
#include "tests/kernel_cases/byte_cases.h"

enum { PIXELS_MAX = 7, CHANNELS_MAX = 200, SIDE_MAX = 3, WIDTH_MAX = 2 * PIXELS_MAX + SIDE_MAX };

struct pool_case {
    struct bytes sources[SIDE_MAX], out; /* rows of the input */
    struct fid_pixels rows[SIDE_MAX];
    struct fid_windows in;
    size_t pixels, channels, stride;
};

static void make_inputs(struct pool_case *c)
{
    const enum byte_fill kind = any_byte_fill();
    for (size_t i = 0; i < c->in.kernel_h; i++) {
        const size_t step = c->channels + ANY_OF(0, 3);
        const size_t count = (c->in.width - 1) * step + c->channels;
        uint8_t *row = bytes_take(&c->sources[i], count, 0, READ_BEHIND);
        fill_bytes(row, count, kind);
        c->rows[i] = (struct fid_pixels){row, step};
    }
    c->in.rows = c->rows;
}

static int expected(const struct pool_case *c, size_t x, size_t j)
{
    int most = -1;
    for (size_t ky = 0; ky < c->in.kernel_h; ky++)
        for (size_t kx = 0; kx < c->in.kernel_w; kx++) {
            const uint8_t *tap = tap_of(&c->in, x, ky, kx, 1);
            if (tap != NULL && tap[j] > most)
                most = tap[j];
        }
    return most;
}

static void one_case(struct pool_case *c, const struct fid_kernels *table)
{
    make_inputs(c);
    uint8_t *out = bytes_take(&c->out, (c->pixels - 1) * c->stride + c->channels, 0, 0);
    table->max_pool_u8(c->pixels, c->channels, &c->in, out, c->stride);
    CHECK_THAT(bytes_intact(&c->out, out, c->pixels, c->channels, c->stride),
               "writes outside: pixels %zu channels %zu stride %zu", c->pixels, c->channels,
               c->stride);
    for (size_t x = 0; x < c->pixels && !check_failed(); x++)
        for (size_t j = 0; j < c->channels && !check_failed(); j++) {
            const int got = out[x * c->stride + j], want = expected(c, x, j);
            CHECK_THAT(got == want,
                       "pixels %zu channels %zu kernel %zu x %zu stride %zu dilation %zu pad %zu "
                       "width %zu: out[%zu][%zu] is %d, want %d",
                       c->pixels, c->channels, c->in.kernel_h, c->in.kernel_w, c->in.stride,
                       c->in.dilation, c->in.pad, c->in.width, x, j, got, want);
        }
}

void cases_max_pool_u8(const struct fid_kernels *table)
{
    static struct pool_case c;
    for (size_t i = 0; i < SIDE_MAX; i++)
        c.sources[i] = bytes_new(WIDTH_MAX * (CHANNELS_MAX + 3) + READ_BEHIND);
    c.out = bytes_new(PIXELS_MAX * (CHANNELS_MAX + 5));
    for (c.channels = 1; c.channels <= CHANNELS_MAX && !check_failed(); c.channels++)
        for (size_t round = 0; round < 6 && !check_failed(); round++) {
            c.pixels = 1 + check_random_below(PIXELS_MAX);
            c.in = any_pool_windows(c.pixels, SIDE_MAX);
            c.stride = c.channels + ANY_OF(0, 1, 5);
            one_case(&c, table);
        }
}
