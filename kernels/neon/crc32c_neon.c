/* crc32c_neon.c - slot crc32c with the crc32 instructions of ARMv8 (an option of 8.0, required from
 * 8.1 on): eight bytes an instruction. Called by the reader of weight files. */
#include "kernels/neon/neon.h"

#include <arm_acle.h>
#include <string.h>

static uint64_t load_u64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

uint32_t fid_crc32c_neon(uint32_t crc, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    crc = ~crc;
    for (; bytes >= 8; bytes -= 8, p += 8)
        crc = __crc32cd(crc, load_u64(p));
    for (; bytes; bytes--)
        crc = __crc32cb(crc, *p++);
    return ~crc;
}
