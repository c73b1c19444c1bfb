/* fuzz_png.c - libFuzzer on PNG files: our wrapper around libpng, all colour types and depths.
 *
 * Built and run by `make fuzz`; seeds/png holds the inputs it starts from (make_seeds writes them).
 * Pictures of more than a megapixel are left out: they take long and say nothing new. */
#include "tests/fuzz/picture_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static uint64_t big_endian(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const size_t width_at = 16, height_at = 20; /* of IHDR, the first chunk */
    if (size < height_at + 4 ||
        big_endian(input + width_at) * big_endian(input + height_at) <= 1000000)
        decode_and_use(fid_png_decode, input, size);
    return 0;
}
