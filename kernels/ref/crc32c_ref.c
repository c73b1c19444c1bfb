/* crc32c_ref.c - CRC32C (RFC 3720, polynomial 0x1EDC6F41 reflected), the meaning of slot crc32c.
 *
 * Slicing by eight: eight bytes a step, a table lookup each; byte b of a step looks into the table
 * that has (7 - b) zero bytes appended (Kounavis and Berry, 2005). The division is
 * linear, so the preprocessor writes all entries as sums of those of the eight single bits: bit i
 * of table s stands for x^(8·s + 39 - i) mod P. */
#include "kernels/tables.h"

#define BIT(v, i, entry) ((v) >> (i)&1 ? (entry) : 0)
#define ENTRY(v, a, b, c, d, e, f, g, h)                                                       \
    (BIT(v, 0, a) ^ BIT(v, 1, b) ^ BIT(v, 2, c) ^ BIT(v, 3, d) ^ BIT(v, 4, e) ^ BIT(v, 5, f) ^ \
     BIT(v, 6, g) ^ BIT(v, 7, h))
#define ENTRIES_4(v, ...)                                                          \
    ENTRY(v, __VA_ARGS__), ENTRY(v + 1u, __VA_ARGS__), ENTRY(v + 2u, __VA_ARGS__), \
        ENTRY(v + 3u, __VA_ARGS__)
#define ENTRIES_16(v, ...)                                                                     \
    ENTRIES_4(v, __VA_ARGS__), ENTRIES_4(v + 4u, __VA_ARGS__), ENTRIES_4(v + 8u, __VA_ARGS__), \
        ENTRIES_4(v + 12u, __VA_ARGS__)
#define ENTRIES_64(v, ...)                                        \
    ENTRIES_16(v, __VA_ARGS__), ENTRIES_16(v + 16u, __VA_ARGS__), \
        ENTRIES_16(v + 32u, __VA_ARGS__), ENTRIES_16(v + 48u, __VA_ARGS__)
#define TABLE(...)                                                                                \
    {                                                                                             \
        ENTRIES_64(0u, __VA_ARGS__), ENTRIES_64(64u, __VA_ARGS__), ENTRIES_64(128u, __VA_ARGS__), \
            ENTRIES_64(192u, __VA_ARGS__)                                                         \
    }

static const uint32_t table[8][256] = {
    TABLE(0xf26b8303u, 0xe13b70f7u, 0xc79a971fu, 0x8ad958cfu, 0x105ec76fu, 0x20bd8edeu, 0x417b1dbcu,
          0x82f63b78u),
    TABLE(0x13a29877u, 0x274530eeu, 0x4e8a61dcu, 0x9d14c3b8u, 0x3fc5f181u, 0x7f8be302u, 0xff17c604u,
          0xfbc3faf9u),
    TABLE(0xa541927eu, 0x4f6f520du, 0x9edea41au, 0x38513ec5u, 0x70a27d8au, 0xe144fb14u, 0xc76580d9u,
          0x8b277743u),
    TABLE(0xdd45aab8u, 0xbf672381u, 0x7b2231f3u, 0xf64463e6u, 0xe964b13du, 0xd725148bu, 0xaba65fe7u,
          0x52a0c93fu),
    TABLE(0x38116facu, 0x7022df58u, 0xe045beb0u, 0xc5670b91u, 0x8f2261d3u, 0x1ba8b557u, 0x37516aaeu,
          0x6ea2d55cu),
    TABLE(0xef306b19u, 0xdb8ca0c3u, 0xb2f53777u, 0x6006181fu, 0xc00c303eu, 0x85f4168du, 0x0e045bebu,
          0x1c08b7d6u),
    TABLE(0x68032cc8u, 0xd0065990u, 0xa5e0c5d1u, 0x4e2dfd53u, 0x9c5bfaa6u, 0x3d5b83bdu, 0x7ab7077au,
          0xf56e0ef4u),
    TABLE(0x493c7d27u, 0x9278fa4eu, 0x211d826du, 0x423b04dau, 0x847609b4u, 0x0d006599u, 0x1a00cb32u,
          0x34019664u),
};

/* The eight bytes at p as a little-endian number, on any machine. */
static uint64_t load_u64(const unsigned char *p)
{
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

uint32_t fid_crc32c_ref(uint32_t crc, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    crc = ~crc;
    for (; bytes >= 8; bytes -= 8, p += 8) {
        const uint64_t v = load_u64(p) ^ crc;
        crc = 0;
        for (int b = 0; b < 8; b++)
            crc ^= table[7 - b][v >> (8 * b) & 0xff];
    }
    for (; bytes; bytes--)
        crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
    return ~crc;
}
