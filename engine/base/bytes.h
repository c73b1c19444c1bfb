/* bytes.h - numbers in bytes, little-endian, wherever they lie: for what is written down and read
 * by other machines. */
#ifndef FID_BASE_BYTES_H
#define FID_BASE_BYTES_H

#include <stdint.h>

static inline uint32_t fid_get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t fid_get64(const uint8_t *at)
{
    return (uint64_t)fid_get32(at) | (uint64_t)fid_get32(at + 4) << 32;
}

static inline void fid_put32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

static inline void fid_put64(uint8_t *at, uint64_t number)
{
    fid_put32(at, (uint32_t)number);
    fid_put32(at + 4, (uint32_t)(number >> 32));
}

#endif
