/* fuzz_jpeg.c - libFuzzer on JPEG files: our wrapper around libjpeg-turbo, its warnings, the EXIF
 * block's way to us, and turning the picture.
 *
 * Built and run by `make fuzz`; seeds/jpeg holds the inputs it starts from (make_seeds writes
 * them). Pictures of more than a megapixel are left out: they take long and say nothing new. */
#include "tests/fuzz/picture_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* Does a frame header (SOFn: length, precision, height, width) claim a large picture? */
static int is_large(const uint8_t *input, size_t size)
{
    for (size_t i = 0; i + 9 <= size; i++) {
        if (input[i] != 0xFF || input[i + 1] < 0xC0 || input[i + 1] > 0xCF)
            continue;
        size_t height = (size_t)input[i + 5] << 8 | input[i + 6];
        size_t width = (size_t)input[i + 7] << 8 | input[i + 8];
        if (height * width > 1000000)
            return 1;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (!is_large(input, size))
        decode_and_use(fid_jpeg_decode, input, size);
    return 0;
}
