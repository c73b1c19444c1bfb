/* test_kernels.c - every slot of every level of this build. A case is named slot_level; a level
 * that this CPU cannot run is skipped by name. The cases of a slot are in kernel_cases/<slot>.c. */
#include "kernels/isa_list.h"
#include "kernels/winograd.h"
#include "tests/kernel_cases/byte_cases.h"

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

/* ---- packing of bytes ---- */

enum { BYTE_ROWS = FID_S8_ROWS, BYTE_N = 21, BYTE_NR = 8, BYTE_PANELS = 3 };

/* Vector `row` of column j in a block `width` wide. */
static uint32_t vector_bits(const uint8_t *block, size_t width, size_t row, size_t j)
{
    uint32_t bits;
    memcpy(&bits, block + (row * width + j) * sizeof bits, sizeof bits);
    return bits;
}

/* Vectors of different numbers, which only their bits tell apart. */
static struct fid_columns_s8 numbered_columns(uint32_t numbers[BYTE_ROWS][BYTE_N])
{
    for (uint32_t row = 0; row < BYTE_ROWS; row++)
        for (uint32_t j = 0; j < BYTE_N; j++)
            numbers[row][j] = 0x3f000000u + row * 1000 + j;
    return (struct fid_columns_s8){.bias = (const void *)numbers[FID_S8_BIAS],
                                   .scale = (const void *)numbers[FID_S8_SCALE],
                                   .low = (const void *)numbers[FID_S8_LOW],
                                   .high = (const void *)numbers[FID_S8_HIGH],
                                   .slope = (const void *)numbers[FID_S8_SLOPE],
                                   .residual = (const void *)numbers[FID_S8_RESIDUAL]};
}

static void check_byte_panels(size_t group, size_t shifted)
{
    enum { TAPS = 3, K = 13, GROUPS = 4 * TAPS, BYTES_MAX = BYTE_PANELS * BYTE_NR * 128 };
    const struct fid_kernels kernels = {
        .tile = {.gemm_s8_nr = BYTE_NR, .gemm_s8_group = group, .gemm_s8_signed = shifted}};
    const size_t rows = (K + group - 1) / group * group; /* of a tap, the last ones zero */
    const size_t panel_bytes = (TAPS * rows + 4 * BYTE_ROWS) * BYTE_NR;
    int8_t filter[BYTE_N * TAPS * K];
    uint8_t whole[BYTES_MAX], pieces[BYTES_MAX];
    uint32_t numbers[BYTE_ROWS][BYTE_N];
    const struct fid_columns_s8 columns = numbered_columns(numbers);
    fill_weights(filter, sizeof filter, BYTES_ANY);
    REQUIRE(panel_bytes % 64 == 0 && BYTE_PANELS * panel_bytes <= sizeof whole);
    REQUIRE(fid_pack_panels_s8_size(BYTE_N, TAPS, K, &kernels) == BYTE_PANELS * panel_bytes);
    memset(whole, 0xaa, sizeof whole);
    memset(pieces, 0xaa, sizeof pieces);
    fid_pack_panels_s8(BYTE_N, TAPS, K, &kernels, filter, &columns, 0, BYTE_PANELS, whole);
    for (size_t panel = BYTE_PANELS; panel-- > 0;)
        fid_pack_panels_s8(BYTE_N, TAPS, K, &kernels, filter, &columns, panel, 1, pieces);
    CHECK(memcmp(whole, pieces, sizeof whole) == 0);
    for (size_t j = 0; j < BYTE_PANELS * BYTE_NR; j++) {
        const uint8_t *const panel = whole + j / BYTE_NR * panel_bytes;
        int32_t sum = 0;
        for (size_t i = 0; i < TAPS * rows; i++) {
            const size_t t = i / rows, p = i % rows;
            const int8_t want = j < BYTE_N && p < K ? filter[(j * TAPS + t) * K + p] : 0;
            const size_t at = (i / group * BYTE_NR + j % BYTE_NR) * group + i % group;
            const int8_t got = (int8_t)panel[4 * BYTE_ROWS * BYTE_NR + at];
            CHECK_THAT(got == want, "group %zu column %zu tap %zu row %zu", group, j, t, p);
            sum += want;
        }
        for (size_t row = 0; row < BYTE_ROWS; row++) {
            uint32_t want = j < BYTE_N ? numbers[row][j] : 0;
            if (row == FID_S8_BIAS && shifted)
                want += 128u * (uint32_t)sum;
            CHECK_THAT(vector_bits(panel, BYTE_NR, row, j % BYTE_NR) == want,
                       "group %zu shifted %zu vector %zu column %zu", group, shifted, row, j);
        }
    }
}

static void packing_of_byte_panels(void)
{
    for (size_t group = 4; group <= 8; group += 4)
        for (size_t shifted = 0; shifted <= 1; shifted++)
            check_byte_panels(group, shifted);
}

/* Tap (ky, kx) is number kx · 2 + ky; the vectors that are left out are zero. */
static void packing_of_byte_depthwise(void)
{
    enum { H = 2, W = 3, TAPS = H * W, CR = 16, BLOCK_MAX = (8 + 4 * BYTE_ROWS) * CR + 63 };
    int8_t filter[BYTE_N * TAPS];
    uint8_t packed[2 * BLOCK_MAX];
    uint32_t numbers[BYTE_ROWS][BYTE_N];
    struct fid_columns_s8 columns = numbered_columns(numbers);
    columns.slope = columns.residual = NULL;
    fill_weights(filter, sizeof filter, BYTES_ANY);
    for (size_t group = 1; group <= 4; group *= 2) {
        const struct fid_kernels kernels = {
            .tile = {.depthwise_s8_cr = CR, .depthwise_s8_group = group}};
        const size_t rows = (TAPS + group - 1) / group * group;
        const size_t block_bytes = ((rows + 4 * BYTE_ROWS) * CR + 63) / 64 * 64;
        REQUIRE(fid_pack_depthwise_s8_size(BYTE_N, TAPS, &kernels) == 2 * block_bytes);
        memset(packed, 0xaa, sizeof packed);
        fid_pack_depthwise_s8(BYTE_N, H, W, &kernels, filter, &columns, packed);
        for (size_t j = 0; j < (size_t)2 * CR; j++) {
            const uint8_t *const block = packed + j / CR * block_bytes;
            for (size_t t = 0; t < rows; t++) {
                const size_t at = (t / group * CR + j % CR) * group + t % group;
                const int8_t want =
                    j < BYTE_N && t < TAPS ? filter[j * TAPS + t % H * W + t / H] : 0;
                CHECK_THAT((int8_t)block[4 * BYTE_ROWS * CR + at] == want,
                           "group %zu channel %zu tap %zu", group, j, t);
            }
            for (size_t row = 0; row < BYTE_ROWS; row++) {
                const bool there = j < BYTE_N && row != FID_S8_SLOPE && row != FID_S8_RESIDUAL;
                CHECK_THAT(vector_bits(block, CR, row, j % CR) == (there ? numbers[row][j] : 0),
                           "group %zu vector %zu channel %zu", group, row, j);
            }
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
        CHECK_CASE(packing_of_byte_panels),
        CHECK_CASE(packing_of_byte_depthwise),
        {"gemm_s8_written_tiles", cases_gemm_s8_tiles},
#define LIST_CASE(slot, level, needs) CHECK_CASE(slot##_##level),
#define FID_SLOT(slot, result, args)  FID_EACH_LEVEL(LIST_CASE, slot)
#include "kernels/kernel_list.h"
#undef FID_SLOT
    };
    return check_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
