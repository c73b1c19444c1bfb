/* exif.c - finds the orientation in a JPEG's EXIF block. */
#include "engine/face/picture/exif.h"

#include <stdbool.h>

enum {
    HEADER_BYTES = 8,
    ENTRY_BYTES = 12,
    TIFF_MAGIC = 42,
    TAG_ORIENTATION = 0x0112,
    TYPE_SHORT = 3
};

struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big_endian;
};

/* The caller has checked that the bytes at offset are inside. */
static unsigned read_u16(const struct tiff *tiff, size_t offset)
{
    unsigned first = tiff->bytes[offset], second = tiff->bytes[offset + 1];
    return tiff->big_endian ? first << 8 | second : second << 8 | first;
}

static uint32_t read_u32(const struct tiff *tiff, size_t offset)
{
    uint32_t first = read_u16(tiff, offset), second = read_u16(tiff, offset + 2);
    return tiff->big_endian ? first << 16 | second : second << 16 | first;
}

/* Checks the header and finds the first directory: true with its offset, at which two bytes fit. */
static bool first_directory(struct tiff *tiff, size_t *offset)
{
    if (tiff->size < HEADER_BYTES)
        return false;
    if (tiff->bytes[0] == 'M' && tiff->bytes[1] == 'M')
        tiff->big_endian = true;
    else if (tiff->bytes[0] != 'I' || tiff->bytes[1] != 'I')
        return false;
    if (read_u16(tiff, 2) != TIFF_MAGIC)
        return false;
    *offset = read_u32(tiff, 4);
    return *offset >= HEADER_BYTES && *offset <= tiff->size - 2;
}

int fid_exif_orientation(const uint8_t *bytes, size_t size)
{
    struct tiff tiff = {.bytes = bytes, .size = size};
    size_t offset;
    if (!first_directory(&tiff, &offset))
        return 1;
    unsigned entry_count = read_u16(&tiff, offset);
    offset += 2;
    for (unsigned i = 0; i < entry_count && tiff.size - offset >= ENTRY_BYTES; i++) {
        if (read_u16(&tiff, offset) == TAG_ORIENTATION) {
            unsigned value = read_u16(&tiff, offset + 8); /* a SHORT stands in the entry itself */
            bool valid = read_u16(&tiff, offset + 2) == TYPE_SHORT &&
                         read_u32(&tiff, offset + 4) == 1 && value >= 1 && value <= 8;
            return valid ? (int)value : 1;
        }
        offset += ENTRY_BYTES;
    }
    return 1;
}
