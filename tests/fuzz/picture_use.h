/* picture_use.h - what the fuzz targets of pictures do with what was decoded. */
#ifndef TESTS_FUZZ_PICTURE_USE_H
#define TESTS_FUZZ_PICTURE_USE_H

#include "engine/face/picture/picture_codec.h"

#include <stdlib.h>
#include <string.h>

static volatile size_t sink; /* what was read is used */

/* Decodes a copy of just that size; the pixels are all there, turned upright or not. */
static void decode_and_use(fid_decode_fn decode, const uint8_t *input, size_t size)
{
    struct fid_picture picture = {0};
    struct fid_error error = {0};
    int orientation = 0;
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    if (bytes == NULL)
        return;
    memcpy(bytes, input, size);
    enum fid_status status = decode(bytes, size, "the input", &picture, &orientation, &error);
    free(bytes);
    if (status == FID_OK) {
        if (orientation < 1 || orientation > 8 || picture.width < 1 || picture.height < 1)
            abort();
        if (fid_picture_orient(&picture, orientation, &error) == FID_OK)
            for (int y = 0; y < picture.height; y++)
                sink += fid_picture_row(&picture, y)[3 * picture.width - 1];
    } else if (error.text[0] == '\0') {
        abort(); /* a refusal has a sentence */
    }
    fid_picture_free(&picture);
}

#endif
