/* checksum.c - a checksum is a polynomial over GF(2): the one of a moves past the bytes of b by a
 * multiplication with x^(8 · bytes) modulo the CRC's polynomial, and the one of b is added. The
 * inversions at start and end cancel out in the sum. Bits are reflected: x^0 is bit 31. */
#include "weights/checksum.h"

#define POLYNOMIAL 0x82F63B78u
#define X_0        0x80000000u
#define X_8        0x00800000u

/* a · b modulo the polynomial. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (uint32_t bit = X_0; bit != 0; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = b >> 1 ^ (b & 1u ? POLYNOMIAL : 0);
    }
    return product;
}

uint32_t fid_crc32c_join(uint32_t a, uint32_t b, uint64_t b_bytes)
{
    uint32_t power = X_0;
    for (uint32_t square = X_8; b_bytes != 0; b_bytes >>= 1, square = multiply(square, square))
        if (b_bytes & 1)
            power = multiply(power, square);
    return multiply(power, a) ^ b;
}
