/* pack_s8.c - lays weights of bytes out as gemm_s8 and depthwise_s8 read them: blocks of columns,
 * each the vectors of its outputs and then the bytes in groups. Done once, at load. */
#include "kernels/kernels.h"
#include "kernels/size.h"

#include <string.h>

enum { ALIGN = 64, NUMBER_BYTES = 4 };

/* A block: `width` columns of `groups` groups of `group` bytes. */
struct block {
    size_t width, groups, group;
};

static uint64_t block_bytes(const struct block *block)
{
    const uint64_t each =
        (uint64_t)block->groups * block->group + (size_t)FID_S8_ROWS * NUMBER_BYTES;
    return (each * block->width + ALIGN - 1) / ALIGN * ALIGN;
}

static char *row_of(const struct block *block, void *packed, size_t row)
{
    return (char *)packed + row * block->width * NUMBER_BYTES;
}

/* Byte i of column j. */
static int8_t *weight_of(const struct block *block, void *packed, size_t i, size_t j)
{
    char *weights = row_of(block, packed, FID_S8_ROWS);
    const size_t group = i / block->group;
    return (int8_t *)weights + (group * block->width + j) * block->group + i % block->group;
}

/* The vectors of columns first..first+used-1. */
static void pack_vectors(const struct block *block, const struct fid_columns_s8 *columns,
                         size_t first, size_t used, void *packed)
{
    const void *const vectors[FID_S8_ROWS] = {
        [FID_S8_BIAS] = columns->bias,   [FID_S8_SCALE] = columns->scale,
        [FID_S8_LOW] = columns->low,     [FID_S8_HIGH] = columns->high,
        [FID_S8_SLOPE] = columns->slope, [FID_S8_RESIDUAL] = columns->residual};
    for (size_t row = 0; row < FID_S8_ROWS; row++)
        if (vectors[row] != NULL)
            memcpy(row_of(block, packed, row), (const char *)vectors[row] + first * NUMBER_BYTES,
                   used * NUMBER_BYTES);
}

/* The kernel takes byte a for a - 128: 128 · Σ B more in the sum. */
static void shift_bias(const struct block *block, void *packed, size_t j, int32_t sum)
{
    char *at = row_of(block, packed, FID_S8_BIAS) + j * NUMBER_BYTES;
    uint32_t bias;
    memcpy(&bias, at, sizeof bias);
    bias += 128u * (uint32_t)sum; /* may pass int32's ends on the way; the sum does not */
    memcpy(at, &bias, sizeof bias);
}

/* ---- products ---- */

static struct block panel_of(size_t taps, size_t k, const struct fid_kernels *kernels)
{
    const size_t group = kernels->tile.gemm_s8_group;
    return (struct block){kernels->tile.gemm_s8_nr, taps * ceil_div(k, group), group};
}

uint64_t fid_pack_panels_s8_size(size_t n, size_t taps, size_t k, const struct fid_kernels *kernels)
{
    const struct block block = panel_of(taps, k, kernels);
    return ceil_div(n, block.width) * block_bytes(&block);
}

/* Column j of a panel from taps · k bytes; returns their sum. Each tap begins a group. */
static int32_t pack_column(const struct block *block, size_t taps, size_t k, const int8_t *filter,
                           size_t j, void *packed)
{
    const size_t tap_bytes = ceil_div(k, block->group) * block->group;
    int32_t sum = 0;
    for (size_t t = 0; t < taps; t++)
        for (size_t p = 0; p < k; p++) {
            const int8_t weight = filter[t * k + p];
            *weight_of(block, packed, t * tap_bytes + p, j) = weight;
            sum += weight;
        }
    return sum;
}

void fid_pack_panels_s8(size_t n, size_t taps, size_t k, const struct fid_kernels *kernels,
                        const int8_t *filter, const struct fid_columns_s8 *columns, size_t first,
                        size_t count, void *packed)
{
    const struct block block = panel_of(taps, k, kernels);
    const size_t bytes = (size_t)block_bytes(&block), nr = block.width;
    for (size_t panel = first; panel < first + count; panel++) {
        char *const at = (char *)packed + panel * bytes;
        const size_t column = panel * nr, used = min_size(n - column, nr);
        memset(at, 0, bytes);
        pack_vectors(&block, columns, column, used, at);
        for (size_t j = 0; j < used; j++) {
            const int8_t *const weights = filter + (column + j) * taps * k;
            const int32_t sum = pack_column(&block, taps, k, weights, j, at);
            if (kernels->tile.gemm_s8_signed)
                shift_bias(&block, at, j, sum);
        }
    }
}

/* ---- depthwise ---- */

static struct block channels_of(size_t taps, const struct fid_kernels *kernels)
{
    const size_t group = kernels->tile.depthwise_s8_group;
    return (struct block){kernels->tile.depthwise_s8_cr, ceil_div(taps, group), group};
}

uint64_t fid_pack_depthwise_s8_size(size_t channels, size_t taps, const struct fid_kernels *kernels)
{
    const struct block block = channels_of(taps, kernels);
    return ceil_div(channels, block.width) * block_bytes(&block);
}

void fid_pack_depthwise_s8(size_t channels, size_t kernel_h, size_t kernel_w,
                           const struct fid_kernels *kernels, const int8_t *filter,
                           const struct fid_columns_s8 *columns, void *packed)
{
    const size_t taps = kernel_h * kernel_w;
    const struct block block = channels_of(taps, kernels);
    const size_t bytes = (size_t)block_bytes(&block);
    memset(packed, 0, (size_t)fid_pack_depthwise_s8_size(channels, taps, kernels));
    for (size_t j = 0; j < channels; j++) {
        char *const at = (char *)packed + j / block.width * bytes;
        const size_t place = j % block.width;
        if (place == 0)
            pack_vectors(&block, columns, j, min_size(channels - j, block.width), at);
        for (size_t t = 0; t < taps; t++)
            *weight_of(&block, at, t, place) =
                filter[j * taps + t % kernel_h * kernel_w + t / kernel_h];
    }
}
