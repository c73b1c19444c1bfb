/* gemm_s8.c - every tile shape up to mr × nr, taps and k around the groups, all fills, bytes and
 * f32 out; behind each row of A 63 bytes of any value. */
#include "tests/kernel_cases/byte_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAPS_MAX = 9, K_MAX = 140, MR_MAX = 32, NR_MAX = 64, STRIDE_MAX = NR_MAX + 5, GAP = 5 };
enum { GROUP_MAX = 8, PANEL_MAX = NR_MAX * (TAPS_MAX * (K_MAX + GROUP_MAX) + 4 * FID_S8_ROWS) };

struct gemm_case {
    const struct fid_kernels *table;
    struct bytes left[MR_MAX * TAPS_MAX]; /* each row of A has a guard page of its own */
    struct bytes panel, residual, c;
    const uint8_t *rows[MR_MAX * TAPS_MAX];
    int8_t filter[NR_MAX * TAPS_MAX * K_MAX];
    struct columns columns;
    struct fid_post_s8 post;
    uint8_t first[MR_MAX * NR_MAX]; /* the residual as it was */
    uint8_t *panel_at;
    size_t m, n, taps, k, stride;
    bool in_place;
};

static void make_buffers(struct gemm_case *g)
{
    g->left[0] = bytes_new(MR_MAX * (K_MAX + GAP) + READ_BEHIND);
    for (size_t i = 1; i < MR_MAX * TAPS_MAX; i++)
        g->left[i] = bytes_new(K_MAX + READ_BEHIND);
    g->panel = bytes_new(PANEL_MAX);
    g->residual = bytes_new(MR_MAX * NR_MAX);
    g->c = bytes_new(MR_MAX * STRIDE_MAX * sizeof(float));
}

/* Rows that follow each other evenly, as those of a 1 × 1 convolution do: kernels may know it. */
static void make_even_rows(struct gemm_case *g, enum byte_fill kind)
{
    const size_t step = g->k + ANY_OF(0, GAP), bytes = (g->m - 1) * step + g->k;
    uint8_t *row = bytes_take(&g->left[0], bytes, 0, READ_BEHIND);
    fill_bytes(row, bytes, kind);
    for (size_t i = 0; i < g->m; i++)
        g->rows[i] = row + i * step;
}

static void make_rows(struct gemm_case *g, enum byte_fill kind)
{
    if (g->taps == 1 && check_random() & 1) {
        make_even_rows(g, kind);
        return;
    }
    for (size_t i = 0; i < g->m * g->taps; i++) {
        uint8_t *row = bytes_take(&g->left[i], g->k, 0, READ_BEHIND);
        fill_bytes(row, g->k, kind);
        g->rows[i] = row;
    }
}

static void make_inputs(struct gemm_case *g)
{
    const size_t depth = g->taps * g->k;
    const enum byte_fill kind = any_byte_fill(), weights = any_byte_fill();
    make_rows(g, kind);
    fill_weights(g->filter, g->n * depth, weights);
    g->post = any_columns(&g->columns, g->n, sum_magnitude(depth, kind, weights));
    const struct fid_columns_s8 columns = columns_of(&g->columns);
    const size_t size = (size_t)fid_pack_panels_s8_size(g->n, g->taps, g->k, g->table);
    g->panel_at = bytes_take(&g->panel, size, 64, 0);
    fid_pack_panels_s8(g->n, g->taps, g->k, g->table, g->filter, &columns, 0, 1, g->panel_at);
}

/* Half of the cases have a residual, some of them in the place of the output. */
static void make_residual(struct gemm_case *g, uint8_t *c)
{
    g->in_place = false;
    if (check_random() & 1)
        return;
    uint8_t *residual = bytes_take(&g->residual, g->m * g->n, 0, 0);
    fill_bytes(g->first, g->m * g->n, any_byte_fill());
    memcpy(residual, g->first, g->m * g->n);
    g->post.residual = residual;
    g->post.residual_stride = g->n;
    g->post.residual_zero = (int32_t)check_random_below(256);
    g->in_place = !g->post.f32 && check_random() & 1;
    if (g->in_place) {
        for (size_t i = 0; i < g->m; i++)
            memcpy(c + i * g->stride, g->first + i * g->n, g->n);
        g->post.residual = c;
        g->post.residual_stride = g->stride;
    }
}

static int64_t expected_sum(const struct gemm_case *g, size_t i, size_t j)
{
    const int8_t *weights = g->filter + j * g->taps * g->k;
    int64_t sum = g->columns.bias[j];
    for (size_t t = 0; t < g->taps; t++)
        for (size_t p = 0; p < g->k; p++)
            sum += g->rows[t * g->m + i][p] * *weights++;
    return sum;
}

static void check_number(const struct gemm_case *g, const uint8_t *c, size_t i, size_t j)
{
    const int64_t sum = expected_sum(g, i, j);
    const float v = posted(sum, j, &g->columns, g->first[i * g->n + j], &g->post);
    const size_t each = g->post.f32 ? sizeof(float) : 1;
    float number = 0;
    memcpy(&number, c + (i * g->stride + j) * each, each);
    const uint8_t byte = c[i * g->stride + j];
    const int want = nearest_byte(v, g->post.zero);
    CHECK_THAT(g->post.f32 ? same_bits(number, v) : byte == want,
               "m %zu n %zu taps %zu k %zu residual %d in place %d slope %d f32 %d zero %d: sum "
               "%lld, C[%zu][%zu] is %.9g, want %.9g",
               g->m, g->n, g->taps, g->k, g->post.residual != NULL, g->in_place, g->post.slope,
               g->post.f32, g->post.zero, (long long)sum, i, j,
               g->post.f32 ? (double)number : (double)byte, g->post.f32 ? (double)v : (double)want);
}

static void one_case(struct gemm_case *g)
{
    make_inputs(g);
    g->stride = g->n + ANY_OF(0, 1, 5);
    const size_t each = g->post.f32 ? sizeof(float) : 1;
    uint8_t *c = bytes_take(&g->c, ((g->m - 1) * g->stride + g->n) * each, 0, 0);
    make_residual(g, c);
    g->table->gemm_s8(g->m, g->n, g->taps, g->k, g->rows, g->panel_at, c, g->stride, &g->post,
                      check_random() & 1 ? g->panel_at : NULL);
    CHECK_THAT(bytes_intact(&g->c, c, g->m, g->n * each, g->stride * each),
               "writes outside: m %zu n %zu taps %zu k %zu stride %zu f32 %d", g->m, g->n, g->taps,
               g->k, g->stride, g->post.f32);
    for (size_t i = 0; i < g->m && !check_failed(); i++)
        for (size_t j = 0; j < g->n && !check_failed(); j++)
            check_number(g, c, i, j);
}

/* The longest sums: 255 · ±127 all along, where 16 bits or a float on the way would show. */
static void long_sums(struct gemm_case *g)
{
    enum { LONG = 4608 };
    static uint8_t row[LONG + READ_BEHIND];
    static int8_t filter[LONG];
    const size_t nr = g->table->tile.gemm_s8_nr;
    memset(row, 255, sizeof row);
    memset(filter, 127, sizeof filter);
    filter[LONG - 1] = 1;
    const int32_t bias = 7;
    const float one = 1.0f, least = -INFINITY, most = INFINITY;
    const struct fid_columns_s8 columns = {
        .bias = &bias, .scale = &one, .low = &least, .high = &most};
    const struct fid_post_s8 post = {.f32 = true};
    static struct bytes panel;
    panel = bytes_new(nr * (LONG + 4 * FID_S8_ROWS));
    const size_t size = (size_t)fid_pack_panels_s8_size(1, 1, LONG, g->table);
    uint8_t *packed = bytes_take(&panel, size, 64, 0);
    const uint8_t *rows[1] = {row};
    for (int sign = 1; sign >= -1; sign -= 2) {
        int64_t want = bias;
        for (size_t p = 0; p < LONG; p++)
            want += 255 * (filter[p] = (int8_t)(sign * abs(filter[p])));
        float got;
        fid_pack_panels_s8(1, 1, LONG, g->table, filter, &columns, 0, 1, packed);
        g->table->gemm_s8(1, 1, 1, LONG, rows, packed, &got, 1, &post, NULL);
        CHECK_THAT(same_bits(got, (float)want), "got %.9g, want %lld", (double)got,
                   (long long)want);
    }
}

void cases_gemm_s8(const struct fid_kernels *table)
{
    static struct gemm_case g;
    const size_t mr = table->tile.gemm_s8_mr, nr = table->tile.gemm_s8_nr;
    const size_t halves = halves_seen(), rounds = 3 + 6000 / (mr * nr);
    REQUIRE(mr <= MR_MAX && nr <= NR_MAX && table->tile.gemm_s8_group <= GROUP_MAX);
    g.table = table;
    make_buffers(&g);
    for (g.m = 1; g.m <= mr && !check_failed(); g.m++)
        for (g.n = 1; g.n <= nr && !check_failed(); g.n++)
            for (size_t round = 0; round < rounds && !check_failed(); round++) {
                g.taps = ANY_OF(1, 1, 1, 2, 9);
                g.k = ANY_OF(1, 2, 3, 4, 5, 7, 8, 9, 16, 27, 63, 64, 65, K_MAX);
                one_case(&g);
            }
    long_sums(&g);
    CHECK_THAT(check_failed() || halves_seen() > halves + 50, "only %zu halves",
               halves_seen() - halves);
}
