/* crc32c_avx2.c - slot crc32c with the crc32 instruction of SSE4.2 and PCLMULQDQ.
 *
 * The instruction takes eight bytes a cycle but answers after three cycles, so three neighbouring
 * stretches of STRETCH bytes are summed side by side and joined: the checksum of a stretch moves
 * past n following bytes by a multiplication with x^(8n) modulo the polynomial. The product of the
 * carry-less multiplication is one bit short and the crc32 instruction that reduces it adds x^32,
 * hence the constants' exponent 8n - 33. Called by the reader of weight files. */
#include "kernels/avx2/avx2.h"

#include <immintrin.h>
#include <string.h>

enum { STRETCH = 4096 }; /* bytes: the joint costs about 20 cycles, against 512 for the stretch */

/* x^(8n - 33) mod P, bits reflected, for n = STRETCH and 2 · STRETCH. */
static const int64_t past_one = 0x82f89c77, past_two = 0x54a86326;

static uint64_t load_u64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t move_past(uint64_t crc, int64_t factor)
{
    const __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi64_si128(factor), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

uint32_t fid_crc32c_avx2(uint32_t crc, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    uint64_t first = ~crc;
    const size_t step = (size_t)3 * STRETCH;
    for (; bytes >= step; bytes -= step, p += step) {
        uint64_t second = 0, third = 0;
        for (size_t i = 0; i < STRETCH; i += 8) {
            first = _mm_crc32_u64(first, load_u64(p + i));
            second = _mm_crc32_u64(second, load_u64(p + STRETCH + i));
            third = _mm_crc32_u64(third, load_u64(p + STRETCH + STRETCH + i));
        }
        first = move_past(first, past_two) ^ move_past(second, past_one) ^ third;
    }
    for (; bytes >= 8; bytes -= 8, p += 8)
        first = _mm_crc32_u64(first, load_u64(p));
    for (; bytes; bytes--)
        first = _mm_crc32_u8((uint32_t)first, *p++);
    return ~(uint32_t)first;
}
