/* fuzz_jpeg.c - libFuzzer on JPEG files: our wrapper around libjpeg-turbo, its warnings, the EXIF
 * block's way to us, and turning the picture.
 *
 * Built and run by `make fuzz`; seeds/jpeg holds the inputs it starts from
 * (make_seeds writes them). */
#include "tests/fuzz/jpeg_area.h"
#include "tests/fuzz/picture_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (!declares_large_jpeg(input, size))
        decode_and_use(fid_jpeg_decode, input, size);
    return 0;
}
