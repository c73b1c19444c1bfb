/* crc32c.c - the vectors of RFC 3720 (B.4), the definition bit by bit, and continuation. */
#include "tests/kernel_cases/kernel_cases.h"

#include <string.h>

enum { BYTES_MAX = 40000 };

static uint32_t bit_by_bit(uint32_t crc, const uint8_t *data, size_t bytes)
{
    crc = ~crc;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
    return ~crc;
}

static void published_vectors(const struct fid_kernels *table)
{
    uint8_t zeros[32] = {0}, ones[32], up[32];
    memset(ones, 0xff, sizeof ones);
    for (uint8_t i = 0; i < 32; i++)
        up[i] = i;
    CHECK(table->crc32c(0, "123456789", 9) == 0xe3069283u);
    CHECK(table->crc32c(0, zeros, 32) == 0x8a9136aau);
    CHECK(table->crc32c(0, ones, 32) == 0x62a8ab43u);
    CHECK(table->crc32c(0, up, 32) == 0x46dd794eu);
    CHECK(table->crc32c(0x12345678u, up, 0) == 0x12345678u);
}

void cases_crc32c(const struct fid_kernels *table)
{
    uint8_t *const end = (uint8_t *)check_guarded_bytes(BYTES_MAX) + BYTES_MAX;
    for (size_t i = 1; i <= BYTES_MAX; i++)
        end[-(ptrdiff_t)i] = (uint8_t)check_random();
    published_vectors(table);
    for (size_t round = 0; round < 400 && !check_failed(); round++) {
        const size_t bytes =
            round < 80 ? round : check_random_below(round % 8 ? 300 : BYTES_MAX + 1);
        const size_t split = check_random_below((uint32_t)bytes + 1);
        const uint32_t start = check_random();
        const uint8_t *data = end - bytes;
        const uint32_t want = bit_by_bit(start, data, bytes);
        CHECK_THAT(table->crc32c(start, data, bytes) == want, "%zu bytes", bytes);
        CHECK_THAT(table->crc32c(table->crc32c(start, data, split), data + split, bytes - split) ==
                       want,
                   "%zu bytes in two pieces of %zu and the rest", bytes, split);
    }
}
