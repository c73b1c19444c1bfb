/* dump_picture FILE OUT.ppm
 *
 * Decodes a picture as the library does and writes it as a binary PPM (8-bit RGB), so that a script
 * without a picture library can read it. Exit 0; 1 with one sentence. */
#include "engine/fid.h"

#include <stdio.h>

static int write_ppm(const struct fid_picture *picture, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return -1;
    int failed = fprintf(file, "P6\n%d %d\n255\n", picture->width, picture->height) < 0;
    const size_t row_bytes = 3 * (size_t)picture->width;
    for (int y = 0; y < picture->height; y++) {
        const uint8_t *row = picture->pixels + (size_t)y * picture->stride_bytes;
        failed |= fwrite(row, 1, row_bytes, file) != row_bytes;
    }
    return fclose(file) != 0 || failed ? -1 : 0;
}

int main(int argc, char **argv)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    int result = 0;
    if (argc != 3) {
        fputs("usage: dump_picture FILE OUT.ppm\n", stderr);
        return 1;
    }
    if (fid_picture_load(argv[1], &picture, &error) != FID_OK) {
        fprintf(stderr, "dump_picture: %s\n", error.text);
        result = 1;
    } else if (write_ppm(&picture, argv[2]) != 0) {
        fprintf(stderr, "dump_picture: cannot write %s\n", argv[2]);
        result = 1;
    }
    fid_picture_free(&picture);
    return result;
}
