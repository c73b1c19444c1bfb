/* The bytes of V4L2 frames: every format with strides and planes as V4L2 lays them out, and frames
 * that are short, damaged or of another size. */
#include "app/error.c"
#include "app/input/camera.c"
#include "app/input/camera_frame.c"
#include "tests/check/check.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 18, HEIGHT = 6, STRIDE = 32 };

/* Of each raw format: what a pixel's Y, U and V (or R G B) are at in the bytes, by V4L2's pictures
 * of the formats (kernel documentation, "Image Formats"). */
static size_t place(uint32_t fourcc, int x, int y, int channel)
{
    size_t at = (size_t)x, row = (size_t)y * STRIDE, luma = (size_t)STRIDE * HEIGHT;
    size_t half_row = (size_t)(y / 2) * STRIDE / 2, chroma = luma / 4;
    switch (fourcc) {
    case V4L2_PIX_FMT_YUYV:
        return row + (channel == 0 ? 2 * at : at / 2 * 4 + (channel == 1 ? 1 : 3));
    case V4L2_PIX_FMT_UYVY:
        return row + (channel == 0 ? 2 * at + 1 : at / 2 * 4 + (channel == 1 ? 0 : 2));
    case V4L2_PIX_FMT_NV12:
        return channel == 0 ? row + at
                            : luma + (size_t)(y / 2) * STRIDE + at / 2 * 2 + (size_t)(channel - 1);
    case V4L2_PIX_FMT_YUV420:
        return channel == 0 ? row + at : luma + (channel == 1 ? 0 : chroma) + half_row + at / 2;
    case V4L2_PIX_FMT_YVU420:
        return channel == 0 ? row + at : luma + (channel == 2 ? 0 : chroma) + half_row + at / 2;
    default: /* GREY */
        return row + at;
    }
}

static const struct {
    uint32_t fourcc;
    size_t bytes;
    int channels;
} raws[] = {{V4L2_PIX_FMT_YUYV, STRIDE *HEIGHT * 2, 3}, /* with a stride of 2 * STRIDE */
            {V4L2_PIX_FMT_UYVY, STRIDE *HEIGHT * 2, 3},
            {V4L2_PIX_FMT_NV12, STRIDE *HEIGHT * 3 / 2, 3},
            {V4L2_PIX_FMT_YUV420, STRIDE *HEIGHT * 3 / 2, 3},
            {V4L2_PIX_FMT_YVU420, STRIDE *HEIGHT * 3 / 2, 3},
            {V4L2_PIX_FMT_GREY, STRIDE *HEIGHT, 1}};
enum { RAWS = sizeof raws / sizeof raws[0] };

static struct app_frame_layout layout_of(uint32_t fourcc)
{
    bool packed = fourcc == V4L2_PIX_FMT_YUYV || fourcc == V4L2_PIX_FMT_UYVY;
    return (struct app_frame_layout){.fourcc = fourcc,
                                     .width = WIDTH,
                                     .height = HEIGHT,
                                     .stride_bytes = packed ? 2 * STRIDE : STRIDE,
                                     .full_range = true,
                                     .bt709 = true};
}

/* The sample in the frame, by fid.h. */
static int sample(const struct fid_frame *frame, int x, int y, int channel)
{
    size_t at = (size_t)x, row = (size_t)y * frame->stride_bytes[0];
    switch (frame->format) {
    case FID_PIXELS_YUYV:
        return frame
            ->planes[0][row + (channel == 0 ? 2 * at : at / 2 * 4 + (channel == 1 ? 1 : 3))];
    case FID_PIXELS_UYVY:
        return frame
            ->planes[0][row + (channel == 0 ? 2 * at + 1 : at / 2 * 4 + (channel == 1 ? 0 : 2))];
    case FID_PIXELS_NV12:
        return channel == 0 ? frame->planes[0][row + at]
                            : frame->planes[1][(size_t)(y / 2) * frame->stride_bytes[1] +
                                               at / 2 * 2 + (size_t)(channel - 1)];
    case FID_PIXELS_I420:
        return channel == 0
                   ? frame->planes[0][row + at]
                   : frame
                         ->planes[channel][(size_t)(y / 2) * frame->stride_bytes[channel] + at / 2];
    case FID_PIXELS_GREY:
    case FID_PIXELS_RGB:
        break;
    }
    return frame->planes[0][row + at];
}

static void planes_lie_where_v4l2_puts_them(void)
{
    for (int i = 0; i < RAWS; i++) {
        struct app_frame_layout layout = layout_of(raws[i].fourcc);
        bool packed = layout.stride_bytes == 2 * STRIDE;
        CHECK(app_frame_bytes(&layout) == raws[i].bytes);
        uint8_t *bytes = check_guarded_bytes(raws[i].bytes);
        for (size_t j = 0; j < raws[i].bytes; j++)
            bytes[j] = (uint8_t)check_random();
        struct fid_frame frame = {0};
        struct app_camera_drops drops = {0};
        struct fid_error error = {0};
        REQUIRE(app_frame_take(&layout, bytes, raws[i].bytes, &frame, &drops, &error) ==
                APP_CAMERA_FRAME);
        CHECK(frame.width == WIDTH && frame.height == HEIGHT && frame.full_range && frame.bt709);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                for (int channel = 0; channel < raws[i].channels; channel++) {
                    size_t at = place(raws[i].fourcc, x, y, channel);
                    at += packed ? (size_t)y * STRIDE : 0;
                    CHECK_THAT(sample(&frame, x, y, channel) == bytes[at],
                               "format %d: channel %d at %d, %d", i, channel, x, y);
                }
        CHECK(app_camera_drops_total(&drops) == 0);
        fid_frame_free(&frame);
    }
}

static void short_frames_are_counted(void)
{
    for (int i = 0; i < RAWS; i++) {
        struct app_frame_layout layout = layout_of(raws[i].fourcc);
        struct fid_frame frame = {0};
        struct app_camera_drops drops = {0};
        struct fid_error error = {0};
        uint8_t *bytes = check_guarded_bytes(raws[i].bytes - 1);
        memset(bytes, 0, raws[i].bytes - 1);
        CHECK(app_frame_take(&layout, bytes, raws[i].bytes - 1, &frame, &drops, &error) ==
              APP_CAMERA_DROPPED);
        CHECK(app_frame_take(&layout, bytes, 0, &frame, &drops, &error) == APP_CAMERA_DROPPED);
        CHECK(drops.short_bytes == 2 && app_camera_drops_total(&drops) == 2);
        CHECK(frame.buffer == NULL && error.text[0] != '\0');
    }
}

/* Drivers that say nothing of a stride, or less than a row needs. */
static void a_stride_is_at_least_a_row(void)
{
    struct app_frame_layout layout = layout_of(V4L2_PIX_FMT_NV12);
    layout.stride_bytes = 0;
    CHECK(app_frame_bytes(&layout) == WIDTH * HEIGHT * 3 / 2);
    layout.width = 17;
    layout.height = 5;
    CHECK(app_frame_bytes(&layout) == 17 * 5 + 18 * 3);
}

static void jpegs_of_another_size_or_damaged_are_counted(void)
{
    struct fid_picture picture = {0};
    uint8_t bytes[8192];
    char path[512];
    REQUIRE(fid_picture_resize(&picture, 32, 16, NULL) == FID_OK);
    for (int i = 0; i < 32 * 16 * 3; i++)
        picture.pixels[i] = (uint8_t)(i * 7);
    snprintf(path, sizeof path, "%s/frame.jpg", check_temp_folder());
    REQUIRE(fid_picture_save(&picture, path, NULL) == FID_OK);
    FILE *file = fopen(path, "rb");
    REQUIRE(file != NULL);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    fid_picture_free(&picture);

    struct app_frame_layout layout = {.fourcc = V4L2_PIX_FMT_MJPEG, .width = 32, .height = 16};
    struct app_camera_drops drops = {0};
    struct fid_frame frame = {0};
    struct fid_error error = {0};
    CHECK(app_frame_bytes(&layout) == 0);
    CHECK(app_frame_take(&layout, bytes, count, &frame, &drops, &error) == APP_CAMERA_FRAME);
    CHECK(frame.width == 32 && frame.height == 16);
    CHECK(app_frame_take(&layout, bytes, count / 2, &frame, &drops, &error) == APP_CAMERA_DROPPED);
    CHECK(app_frame_take(&layout, bytes + 3, count - 3, &frame, &drops, &error) ==
          APP_CAMERA_DROPPED);
    layout.width = 64;
    CHECK(app_frame_take(&layout, bytes, count, &frame, &drops, &error) == APP_CAMERA_DROPPED);
    CHECK_THAT(drops.undecodable == 2 && drops.wrong_size == 1, "%llu undecodable, %llu wrong",
               (unsigned long long)drops.undecodable, (unsigned long long)drops.wrong_size);
    fid_frame_free(&frame);
}

CHECK_MAIN(CHECK_CASE(planes_lie_where_v4l2_puts_them), CHECK_CASE(short_frames_are_counted),
           CHECK_CASE(a_stride_is_at_least_a_row),
           CHECK_CASE(jpegs_of_another_size_or_damaged_are_counted))
