/* checksum.h - joining checksums, so that parts of a section can be summed side by side. */
#ifndef FID_WEIGHTS_CHECKSUM_H
#define FID_WEIGHTS_CHECKSUM_H

#include <stdint.h>

/* The CRC32C of a followed by b from their own checksums and the length of b. */
uint32_t fid_crc32c_join(uint32_t a, uint32_t b, uint64_t b_bytes);

#endif
