/* picture_kind.c - names the format of a file that is neither JPEG nor PNG, for the refusal. */
#include "engine/face/picture/picture_codec.h"

#include <string.h>

/* Files that people take for pictures, by their first bytes (the formats' own specifications). An
 * entry matches when `magic` stands at `offset`; longer and rarer ones come first. */
static const struct {
    size_t offset, magic_bytes;
    const char *magic, *name;
} kinds[] = {
    {4, 8, "ftypheic", "a HEIC picture"},
    {4, 8, "ftypheix", "a HEIC picture"},
    {4, 8, "ftyphevc", "a HEIC picture"},
    {4, 8, "ftypmif1", "a HEIF picture"},
    {4, 8, "ftypmsf1", "a HEIF picture"},
    {4, 8, "ftypavif", "an AVIF picture"},
    {4, 8, "ftypavis", "an AVIF picture"},
    {4, 4, "ftyp", "a video clip"},
    {8, 4, "WEBP", "a WebP picture"},
    {8, 4, "AVI ", "a video clip"},
    {0, 4, "\x1A\x45\xDF\xA3", "a video clip"},
    {0, 12, "\0\0\0\x0CJXL \r\n\x87\n", "a JPEG XL picture"},
    {0, 2, "\xFF\x0A", "a JPEG XL picture"},
    {0, 8, "\0\0\0\x0CjP  ", "a JPEG 2000 picture"},
    {0, 4, "GIF8", "a GIF picture"},
    {0, 4, "II*\0", "a TIFF picture"},
    {0, 4, "MM\0*", "a TIFF picture"},
    {0, 4, "8BPS", "a Photoshop picture"},
    {0, 4, "qoif", "a QOI picture"},
    {0, 4, "%PDF", "a PDF document"},
    {0, 4, "PK\x03\x04", "a zip archive"},
    {0, 4, "\0\0\1\0", "an icon"},
    {0, 2, "BM", "a BMP picture"},
};

/* Whether the first bytes read as text: no control characters but blanks, and no byte that UTF-8
 * never has. */
static bool looks_like_text(const uint8_t *bytes, size_t size)
{
    size_t looked_at = size < 512 ? size : 512;
    for (size_t i = 0; i < looked_at; i++) {
        bool blank = bytes[i] == ' ' || (bytes[i] >= '\t' && bytes[i] <= '\r');
        if ((bytes[i] < 0x20 && !blank) || bytes[i] == 0x7F || bytes[i] >= 0xF5)
            return false;
    }
    return true;
}

const char *fid_picture_kind_name(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (size >= kinds[i].offset + kinds[i].magic_bytes &&
            memcmp(bytes + kinds[i].offset, kinds[i].magic, kinds[i].magic_bytes) == 0)
            return kinds[i].name;
    return looks_like_text(bytes, size) ? "a text file" : NULL;
}
