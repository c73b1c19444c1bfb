/* gray_jpeg FROM TO: writes a picture as a JPEG of one channel, as scanners of documents and old
 * cameras do, and which ffmpeg does not write. */
#include "engine/fid.h"

#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

static void write_rows(struct jpeg_compress_struct *jpeg, const struct fid_picture *picture)
{
    JSAMPLE row[32768];
    JSAMPROW rows[1] = {row};
    for (int y = 0; y < picture->height; y++) {
        const uint8_t *pixel = picture->pixels + (size_t)y * picture->stride_bytes;
        for (int x = 0; x < picture->width; x++, pixel += 3) /* BT.601 */
            row[x] = (JSAMPLE)((77u * pixel[0] + 150u * pixel[1] + 29u * pixel[2] + 128u) >> 8);
        jpeg_write_scanlines(jpeg, rows, 1);
    }
}

int main(int argc, char **argv)
{
    struct fid_picture picture = {0};
    struct fid_error error;
    FILE *file = argc == 3 ? fopen(argv[2], "wb") : NULL;
    if (file == NULL || fid_picture_load(argv[1], &picture, &error) != FID_OK) {
        fprintf(stderr, "usage: gray_jpeg FROM TO\n");
        return 2;
    }
    struct jpeg_compress_struct jpeg = {0};
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)picture.width;
    jpeg.image_height = (JDIMENSION)picture.height;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    write_rows(&jpeg, &picture);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fid_picture_free(&picture);
    return fclose(file) == 0 ? 0 : 1;
}
