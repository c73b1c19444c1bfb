/* test_kernels.c - every slot of every level of this build. A case is named slot_level; a level
 * that this CPU cannot run is skipped by name. The cases of a slot are in kernel_cases/<slot>.c. */
#include "kernels/isa_list.h"
#include "kernels/winograd.h"
#include "tests/kernel_cases/kernel_cases.h"

#include <math.h>
#include <string.h>

static void run_level(const char *level, void (*cases)(const struct fid_kernels *))
{
    const struct fid_kernels *table = fid_kernels_named(level);
    if (!table) {
        check_skip("this CPU cannot run %s (it has: %s)", level, fid_cpu_text());
        return;
    }
    expect_flushing(table->flushes_denormals);
    cases(table);
}

#define DEFINE_CASE(slot, level, needs)  \
    static void slot##_##level(void)     \
    {                                    \
        run_level(#level, cases_##slot); \
    }
#define FID_SLOT(slot, result, args) FID_EACH_LEVEL(DEFINE_CASE, slot)
#include "kernels/kernel_list.h"
#undef FID_SLOT

static void every_slot_is_filled(void)
{
    const struct fid_kernels *table;
    int usable;
    for (size_t i = 0; (table = fid_kernels_at(i, &usable)); i++) {
        CHECK(table->tile.gemm_mr && table->tile.gemm_nr && table->tile.depthwise_cr);
        CHECK(table->tile.gemm_s8_mr && table->tile.gemm_s8_nr && table->tile.depthwise_s8_cr);
        CHECK(table->tile.gemm_s8_group == 4 || table->tile.gemm_s8_group == 8);
        CHECK(table->tile.depthwise_s8_group && table->tile.depthwise_s8_cr <= 64);
#define FID_SLOT(slot, result, args) CHECK_THAT(table->slot, "%s has no %s", table->name, #slot);
#include "kernels/kernel_list.h"
#undef FID_SLOT
    }
}

static void choice_of_the_level(void)
{
    int usable;
    const struct fid_kernels *best = fid_kernels_at(0, &usable), *table;
    CHECK(usable && strcmp(best->name, "ref") == 0);
    for (size_t i = 0; (table = fid_kernels_at(i, &usable)); i++) {
        CHECK(fid_kernels_named(table->name) == (usable ? table : NULL));
        best = usable ? table : best;
    }
    CHECK(fid_kernels_best() == best);
    CHECK(fid_kernels_named("no such level") == NULL);
    CHECK(fid_cpu_text()[0] != '\0');
}

/* A panel against its definition, made piece by piece as threads do. */
static void packing_of_panels(void)
{
    enum { N = 21, K = 5, NR = 8, PANELS = 3 };
    float filter[N * K], bias[N], whole[PANELS * (1 + K) * NR], pieces[PANELS * (1 + K) * NR];
    fill(filter, N * K, FILL_RANDOM);
    fill(bias, N, FILL_RANDOM);
    REQUIRE(fid_pack_panels_size(N, K, NR) == PANELS * (1 + K) * NR);
    fid_pack_panels(N, K, NR, filter, bias, 0, PANELS, whole);
    for (size_t panel = 0; panel < PANELS; panel++)
        fid_pack_panels(N, K, NR, filter, bias, panel, 1, pieces);
    CHECK(memcmp(whole, pieces, sizeof whole) == 0);
    for (size_t j = 0; j < PANELS * NR; j++)
        for (size_t p = 0; p <= K; p++) {
            const float got = whole[(j / NR * (1 + K) + p) * NR + j % NR];
            const float want = j >= N ? 0.0f : p ? filter[j * K + p - 1] : bias[j];
            CHECK_THAT(same_bits(got, want), "column %zu row %zu", j, p);
        }
}

static void packing_without_bias(void)
{
    enum { N = 3, K = 2, CR = 4 };
    const float filter[N * K] = {1, 2, 3, 4, 5, 6};
    const float want[(1 + K) * CR] = {0, 0, 0, 0, 1, 3, 5, 0, 2, 4, 6, 0};
    float packed[(1 + K) * CR];
    REQUIRE(fid_pack_depthwise_size(N, K, CR) == (1 + K) * CR);
    fid_pack_depthwise(N, K, 1, CR, filter, NULL, packed);
    CHECK(memcmp(packed, want, sizeof want) == 0);
}

/* Tap (ky, kx) of the filter, row by row, is row 1 + kx · 2 + ky of the block. */
static void packing_of_depthwise_columns(void)
{
    enum { H = 2, W = 3, CR = 2 };
    const float filter[H * W] = {11, 12, 13, 21, 22, 23}, bias = 7;
    const float want[(1 + H * W) * CR] = {7, 0, 11, 0, 21, 0, 12, 0, 22, 0, 13, 0, 23, 0};
    float packed[(1 + H * W) * CR];
    fid_pack_depthwise(1, H, W, CR, filter, &bias, packed);
    CHECK(memcmp(packed, want, sizeof want) == 0);
}

/* The filter in Winograd's domain against G g Gᵀ in double precision, laid out as panels. */
static void packing_of_winograd(void)
{
    enum { N = 11, K = 19, NR = 8, PANELS = 2 };
    float filter[N * 9 * K];
    static float packed[36 * PANELS * (1 + K) * NR];
    fill(filter, N * 9 * K, FILL_RANDOM);
    for (size_t m = 2; m <= 4; m += 2) {
        const struct fid_winograd_matrices *matrices = fid_winograd_matrices(m);
        const size_t alpha = m + 2, set = PANELS * (1 + K) * NR;
        REQUIRE(fid_pack_winograd_size(m, N, K, NR) == alpha * alpha * set);
        for (size_t panel = 0; panel < PANELS; panel++)
            fid_pack_winograd(m, N, K, NR, filter, panel, 1, packed);
        for (size_t i = 0; i < alpha * alpha * set; i++) {
            const size_t y = i / set / alpha, x = i / set % alpha, panel = i % set / ((1 + K) * NR);
            const size_t p = i % ((1 + K) * NR) / NR, j = panel * NR + i % NR;
            struct sum want = {0};
            for (size_t t = 0; t < 9 && j < N && p > 0; t++)
                sum_add(&want, matrices->g[y][t / 3] * matrices->g[x][t % 3],
                        filter[(j * 9 + t) * K + p - 1]);
            CHECK_THAT(sum_close(&want, packed[i]), "m %zu position %zu row %zu column %zu", m,
                       i / set, p, j);
        }
    }
}

/* The matrices compute a convolution: one row of numbers, exactly where they are small integers. */
static void winograd_is_a_convolution(void)
{
    for (size_t m = 2; m <= 4; m += 2) {
        const struct fid_winograd_matrices *w = fid_winograd_matrices(m);
        double d[6], g[3], product[6] = {0};
        for (size_t i = 0; i < m + 2; i++)
            d[i] = (double)check_random_float(-1, 1);
        for (size_t i = 0; i < 3; i++)
            g[i] = (double)check_random_float(-1, 1);
        for (size_t i = 0; i < m + 2; i++) {
            double left = 0, right = 0;
            for (size_t p = 0; p < m + 2; p++)
                left += (double)w->bt[i][p] * d[p];
            for (size_t p = 0; p < 3; p++)
                right += (double)w->g[i][p] * g[p];
            product[i] = left * right;
        }
        for (size_t y = 0; y < m; y++) {
            double got = 0, magnitude = 0;
            for (size_t i = 0; i < m + 2; i++) {
                got += (double)w->at[y][i] * product[i];
                magnitude += fabs((double)w->at[y][i] * product[i]);
            }
            const double want = d[y] * g[0] + d[y + 1] * g[1] + d[y + 2] * g[2];
            /* G is rounded to f32: by 2^-24 of each of its numbers, and no other error counts. */
            CHECK_THAT(fabs(got - want) <= 4 * 0x1p-24 * (magnitude + 1), "m %zu row %zu", m, y);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        CHECK_CASE(every_slot_is_filled),
        CHECK_CASE(choice_of_the_level),
        CHECK_CASE(packing_of_panels),
        CHECK_CASE(packing_of_winograd),
        CHECK_CASE(winograd_is_a_convolution),
        CHECK_CASE(packing_without_bias),
        CHECK_CASE(packing_of_depthwise_columns),
#define LIST_CASE(slot, level, needs) CHECK_CASE(slot##_##level),
#define FID_SLOT(slot, result, args)  FID_EACH_LEVEL(LIST_CASE, slot)
#include "kernels/kernel_list.h"
#undef FID_SLOT
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
