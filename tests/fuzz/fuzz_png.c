/* fuzz_png.c - libFuzzer on PNG files: our wrapper around libpng, all color types and depths.
 *
 * Built and run by `make fuzz`; seeds/png holds the inputs it starts from (make_seeds writes them).
 * Checksums of chunks are made right, or hardly an input would come any further. Pictures of more
 * than a megapixel are left out: they take long and say nothing new. */
#include "tests/fuzz/picture_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static uint64_t big_endian(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
}

static uint32_t crc32_of(const uint8_t *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

/* Chunks: length, four letters, data, and the checksum over letters and data. */
static void mend_checksums(uint8_t *file, size_t size)
{
    size_t at = 8;
    while (size - at >= 12) {
        uint64_t length = big_endian(file + at);
        if (length > size - at - 12)
            break;
        uint32_t crc = crc32_of(file + at + 4, (size_t)length + 4);
        at += 8 + (size_t)length;
        for (int i = 0; i < 4; i++)
            file[at++] = (uint8_t)(crc >> (24 - 8 * i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    const size_t width_at = 16, height_at = 20; /* of IHDR, the first chunk */
    if (size < height_at + 4 ||
        big_endian(input + width_at) * big_endian(input + height_at) > 1000000)
        return 0;
    uint8_t *file = malloc(size);
    if (file == NULL)
        return 0;
    memcpy(file, input, size);
    mend_checksums(file, size);
    decode_and_use(fid_png_decode, file, size);
    free(file);
    return 0;
}
