/* gemm_f32.c - every tile shape up to mr × nr, taps and k around the unrolling, all fills. */
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>
#include <string.h>

enum { TAPS_MAX = 9, K_MAX = 70, MR_MAX = 16, NR_MAX = 64, STRIDE_MAX = NR_MAX + 5 };

struct gemm_case {
    const struct fid_kernels *table;
    struct buffer left[MR_MAX * TAPS_MAX]; /* each row of A ends at a guard page of its own */
    struct buffer filter, bias, panel, c;
    struct post_buffers post;
    const float *rows[MR_MAX * TAPS_MAX];
    float *filter_at, *bias_at, *panel_at;
    size_t m, n, taps, k, stride;
    enum fill kind;
};

static void make_buffers(struct gemm_case *g)
{
    for (size_t i = 0; i < MR_MAX * TAPS_MAX; i++)
        g->left[i] = buffer_new(K_MAX);
    g->filter = buffer_new(NR_MAX * TAPS_MAX * K_MAX);
    g->bias = buffer_new(NR_MAX);
    g->panel = buffer_new(NR_MAX * (TAPS_MAX * K_MAX + 1));
    g->c = buffer_new(MR_MAX * STRIDE_MAX);
    g->post = post_buffers_new(MR_MAX, NR_MAX);
}

static void make_inputs(struct gemm_case *g)
{
    const size_t depth = g->taps * g->k, nr = g->table->tile.gemm_nr;
    for (size_t i = 0; i < g->m * g->taps; i++) {
        float *row = buffer_take(&g->left[i], g->k, sizeof(float));
        fill(row, g->k, g->kind);
        g->rows[i] = row;
    }
    g->filter_at = buffer_take(&g->filter, g->n * depth, sizeof(float));
    g->bias_at = buffer_take(&g->bias, g->n, sizeof(float));
    g->panel_at = buffer_take(&g->panel, nr * (1 + depth), 64);
    fill(g->filter_at, g->n * depth, g->kind);
    fill(g->bias_at, g->n, g->kind);
    fid_pack_panels(g->n, depth, nr, g->filter_at, g->bias_at, 0, 1, g->panel_at);
}

static struct sum expected(const struct gemm_case *g, size_t i, size_t j)
{
    struct sum sum = {0};
    sum_add(&sum, g->bias_at[j], 1.0f);
    for (size_t t = 0; t < g->taps; t++)
        for (size_t p = 0; p < g->k; p++)
            sum_add(&sum, g->rows[t * g->m + i][p], g->filter_at[(j * g->taps + t) * g->k + p]);
    return sum;
}

/* One call into a buffer of canaries. In place: the residual is copied to the output, whose rows
 * have gaps, and read from there. */
static float *run(const struct gemm_case *g, const struct fid_post_f32 *post, bool in_place)
{
    float *c = buffer_take(&g->c, (g->m - 1) * g->stride + g->n, sizeof(float));
    struct fid_post_f32 used = *post;
    if (in_place) {
        for (size_t i = 0; i < g->m; i++)
            memcpy(c + i * g->stride, post->residual + i * post->residual_stride,
                   g->n * sizeof(float));
        used.residual = c;
        used.residual_stride = g->stride;
    }
    g->table->gemm_f32(g->m, g->n, g->taps, g->k, g->rows, g->panel_at, c, g->stride, &used, NULL);
    return c;
}

static void one_case(struct gemm_case *g)
{
    g->kind = any_fill();
    g->stride = g->n + ANY_OF(0, 1, 5);
    make_inputs(g);
    const struct fid_post_f32 post = any_post(&g->post, g->m, g->n, g->kind);
    const bool in_place = post.residual && check_random() & 1;
    const float *c = run(g, &post, in_place);
    CHECK_THAT(buffer_intact(&g->c, c, g->m, g->n, g->stride),
               "writes outside: m %zu n %zu taps %zu k %zu stride %zu", g->m, g->n, g->taps, g->k,
               g->stride);
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            struct sum want = expected(g, i, j);
            sum_post(&want, i, j, &post);
            const float got = c[i * g->stride + j];
            CHECK_THAT(sum_close(&want, got),
                       "m %zu n %zu taps %zu k %zu fill %s residual %d in place %d slope %d limits "
                       "%g %g: C[%zu][%zu] is %.9g, want %.9g within %.3g",
                       g->m, g->n, g->taps, g->k, fill_name(g->kind), post.residual != NULL,
                       in_place, post.slope != NULL, (double)post.min, (double)post.max, i, j,
                       (double)got, want.value, sum_tolerance(&want));
            if (check_failed())
                return;
        }
}

/* A number's bits are those it has in a full tile, for any shape of its own tile and any place
 * there: rows and columns rotated by one, all shapes. */
static void same_bits_everywhere(struct gemm_case *g)
{
    static float full[MR_MAX][NR_MAX];
    const size_t mr = g->table->tile.gemm_mr, nr = g->table->tile.gemm_nr;
    const float *rows[MR_MAX * TAPS_MAX];
    g->m = mr, g->n = nr, g->taps = 3, g->k = 37, g->kind = FILL_RANDOM;
    g->stride = NR_MAX;
    make_inputs(g);
    const struct fid_post_f32 post = {.min = -INFINITY, .max = INFINITY};
    g->table->gemm_f32(mr, nr, g->taps, g->k, g->rows, g->panel_at, full[0], NR_MAX, &post, NULL);
    memcpy(rows, g->rows, sizeof rows);

    const size_t depth = g->taps * g->k, turn = nr / 2 + 1;
    float *turned = buffer_take(&g->panel, nr * (1 + depth), 64);
    for (size_t j = 0; j < nr; j++)
        for (size_t p = 0; p <= depth; p++)
            turned[p * nr + (j + turn) % nr] = p ? g->filter_at[j * depth + p - 1] : g->bias_at[j];
    for (size_t m = 1; m <= mr; m++)
        for (size_t n = 1; n <= nr; n++) {
            float c[MR_MAX][NR_MAX];
            for (size_t t = 0; t < g->taps; t++)
                for (size_t i = 0; i < m; i++)
                    g->rows[t * m + i] = rows[t * mr + (i + 1) % mr];
            g->table->gemm_f32(m, n, g->taps, g->k, g->rows, turned, c[0], NR_MAX, &post, NULL);
            for (size_t i = 0; i < m; i++)
                for (size_t j = 0; j < n; j++)
                    CHECK_THAT(same_bits(c[i][j], full[(i + 1) % mr][(j + nr - turn) % nr]),
                               "bits depend on the place: m %zu n %zu row %zu column %zu", m, n, i,
                               j);
            if (check_failed())
                return;
        }
}

void cases_gemm_f32(const struct fid_kernels *table)
{
    static struct gemm_case g;
    REQUIRE(table->tile.gemm_mr <= MR_MAX && table->tile.gemm_nr <= NR_MAX);
    g.table = table;
    make_buffers(&g);
    for (g.m = 1; g.m <= table->tile.gemm_mr && !check_failed(); g.m++)
        for (g.n = 1; g.n <= table->tile.gemm_nr && !check_failed(); g.n++)
            for (size_t round = 0; round < 12 && !check_failed(); round++) {
                g.taps = ANY_OF(1, 1, 2, 9);
                g.k = ANY_OF(1, 2, 3, 4, 5, 8, 31, K_MAX);
                one_case(&g);
            }
    same_bits_everywhere(&g);
}
