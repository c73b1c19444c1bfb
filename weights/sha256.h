/* sha256.h - SHA-256 (FIPS 180-4) over bytes that come piece by piece. */
#ifndef FID_WEIGHTS_SHA256_H
#define FID_WEIGHTS_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* Takes in whole blocks of 64 bytes (kernels.h, sha256): comes from the caller, as the CPU's
 * instructions are several times as fast as portable code. */
typedef void (*fid_sha256_fn)(uint32_t state[8], const void *data, size_t blocks);

struct fid_sha256 {
    fid_sha256_fn take_blocks;
    uint32_t state[8];
    uint64_t bytes;    /* so far */
    uint8_t block[64]; /* its first bytes % 64 are taken */
};

void fid_sha256_begin(struct fid_sha256 *sum, fid_sha256_fn take_blocks);
void fid_sha256_add(struct fid_sha256 *sum, const void *data, size_t bytes);
/* FILLS digest; sum is to be begun again. */
void fid_sha256_end(struct fid_sha256 *sum, uint8_t digest[32]);

#endif
