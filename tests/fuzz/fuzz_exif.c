/* fuzz_exif.c - libFuzzer on the EXIF block: which way up is the picture?
 *
 * Built and run by `make fuzz`; seeds/exif holds the inputs it starts from
 * (make_seeds writes them). */
#include "engine/face/picture/exif.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    uint8_t *bytes = malloc(size > 0 ? size : 1); /* of just that size */
    if (bytes == NULL)
        return 0;
    memcpy(bytes, input, size);
    int orientation = fid_exif_orientation(bytes, size);
    free(bytes);
    if (orientation < 1 || orientation > 8)
        abort();
    return 0;
}
