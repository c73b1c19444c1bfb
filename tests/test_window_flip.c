/* A frame as a mirror shows it: its RGB pixels are those of the frame, left and right exchanged. */
#include "app/window/window_flip.c"
#include "tests/check/check.h"

#include <stdlib.h>

static void fill(struct fid_frame *frame)
{
    for (int plane = 0; plane < 3; plane++) {
        size_t bytes, rows;
        fid_frame_plane_size(frame->format, frame->width, frame->height, plane, &bytes, &rows);
        for (size_t i = 0; i < bytes * rows; i++)
            frame->planes[plane][i] = (uint8_t)rand();
    }
}

static void compare(const struct fid_picture *picture, const struct fid_picture *mirrored,
                    enum fid_pixel_format format)
{
    int width = picture->width;
    for (int y = 0; y < picture->height; y++)
        for (int x = 0; x < width; x++) {
            const uint8_t *a = picture->pixels + (size_t)y * picture->stride_bytes + 3 * x;
            const uint8_t *b =
                mirrored->pixels + (size_t)y * mirrored->stride_bytes + 3 * (width - 1 - x);
            if (memcmp(a, b, 3) != 0) {
                CHECK_THAT(false, "format %d, %d x %d: pixel %d, %d differs", (int)format, width,
                           picture->height, x, y);
                return;
            }
        }
}

static void flip_one(enum fid_pixel_format format, int width, int height)
{
    struct fid_frame frame = {0}, flipped = {0};
    struct fid_picture picture = {0}, mirrored = {0};
    struct fid_error error;
    REQUIRE(fid_frame_resize(&frame, format, width, height, &error) == FID_OK);
    fill(&frame);
    frame.full_range = true; /* differs from what a fresh frame has: must be taken over */
    REQUIRE(app_flip_frame(&frame, &flipped, &error) == FID_OK);
    CHECK(fid_picture_from_frame(&frame, &picture, &error) == FID_OK &&
          fid_picture_from_frame(&flipped, &mirrored, &error) == FID_OK);
    CHECK(mirrored.width == width && mirrored.height == height);
    compare(&picture, &mirrored, format);
    fid_frame_free(&frame);
    fid_frame_free(&flipped);
    fid_picture_free(&picture);
    fid_picture_free(&mirrored);
}

static void every_format_is_mirrored(void)
{
    static const enum fid_pixel_format formats[] = {FID_PIXELS_RGB,  FID_PIXELS_GREY,
                                                    FID_PIXELS_YUYV, FID_PIXELS_UYVY,
                                                    FID_PIXELS_NV12, FID_PIXELS_I420};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        for (int width = 2; width <= 68; width += 22)
            flip_one(formats[i], width, 6);
}

static void odd_sizes_of_whole_pixels(void)
{
    flip_one(FID_PIXELS_RGB, 5, 3);
    flip_one(FID_PIXELS_GREY, 7, 1);
    flip_one(FID_PIXELS_RGB, 1, 1);
}

CHECK_MAIN(CHECK_CASE(every_format_is_mirrored), CHECK_CASE(odd_sizes_of_whole_pixels))
