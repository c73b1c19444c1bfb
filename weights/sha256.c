/* sha256.c - the frame around SHA-256's blocks: start, pieces of any length, padding. */
#include "weights/sha256.h"

#include <string.h>

void fid_sha256_begin(struct fid_sha256 *sum, fid_sha256_fn take_blocks)
{
    *sum = (struct fid_sha256){.take_blocks = take_blocks,
                               .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                         0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void fid_sha256_add(struct fid_sha256 *sum, const void *data, size_t bytes)
{
    const uint8_t *from = data;
    const size_t block = sizeof sum->block, used = (size_t)(sum->bytes % block);
    sum->bytes += bytes;
    if (used > 0) {
        const size_t piece = bytes < block - used ? bytes : block - used;
        memcpy(sum->block + used, from, piece);
        from += piece;
        bytes -= piece;
        if (used + piece < block)
            return;
        sum->take_blocks(sum->state, sum->block, 1);
    }
    sum->take_blocks(sum->state, from, bytes / block);
    if (bytes % block > 0)
        memcpy(sum->block, from + bytes / block * block, bytes % block);
}

void fid_sha256_end(struct fid_sha256 *sum, uint8_t digest[32])
{
    static const uint8_t end[64] = {0x80};
    const uint64_t bits = sum->bytes * 8;
    const size_t used = (size_t)(sum->bytes % 64);
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    fid_sha256_add(sum, end, used < 56 ? 56 - used : 120 - used);
    fid_sha256_add(sum, length, sizeof length);
    for (int i = 0; i < 32; i++)
        digest[i] = (uint8_t)(sum->state[i / 4] >> (24 - 8 * (i % 4)));
}
