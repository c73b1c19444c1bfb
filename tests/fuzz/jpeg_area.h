/* jpeg_area.h - leaves large pictures out of fuzz targets: a header of 20 bytes may declare fifty
 * million pixels, which take as long as small ones by the thousand and say nothing new. */
#ifndef TESTS_FUZZ_JPEG_AREA_H
#define TESTS_FUZZ_JPEG_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JPEG_AREA_MOST 100000u /* pixels */

/* Does a frame header (SOFn: length, precision, height, width) claim more pixels than that? */
static bool declares_large_jpeg(const uint8_t *input, size_t size)
{
    for (size_t i = 0; i + 9 <= size; i++) {
        if (input[i] != 0xFF || input[i + 1] < 0xC0 || input[i + 1] > 0xCF)
            continue;
        size_t height = (size_t)input[i + 5] << 8 | input[i + 6];
        size_t width = (size_t)input[i + 7] << 8 | input[i + 8];
        if (height * width > JPEG_AREA_MOST)
            return true;
    }
    return false;
}

#endif
