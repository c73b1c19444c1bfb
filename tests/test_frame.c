/* Frames of cameras: every conversion to RGB held against its definition in double precision,
 * turned frames, and the pictures of Motion-JPEG held against the same as files. */
#include "engine/face/picture/picture_codec.h"
#include "tests/check/check.h"

#include <jpeglib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum fid_pixel_format formats[] = {FID_PIXELS_RGB,  FID_PIXELS_GREY, FID_PIXELS_YUYV,
                                                FID_PIXELS_UYVY, FID_PIXELS_NV12, FID_PIXELS_I420};
static const char *const format_names[] = {"RGB", "GREY", "YUYV", "UYVY", "NV12", "I420"};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* ---- the definition ---- */

struct sample {
    int y, u, v;
};

/* What stands at a pixel, by the picture of each format in fid.h. */
static struct sample sample_at(const struct fid_frame *frame, int x, int y)
{
    const uint8_t *row = frame->planes[0] + (size_t)y * frame->stride_bytes[0];
    const uint8_t *pair = row + 4 * (size_t)(x / 2), *second = NULL, *third = NULL;
    if (frame->planes[1] != NULL)
        second = frame->planes[1] + (size_t)(y / 2) * frame->stride_bytes[1];
    if (frame->planes[2] != NULL)
        third = frame->planes[2] + (size_t)(y / 2) * frame->stride_bytes[2];
    switch (frame->format) {
    case FID_PIXELS_RGB:
        break;
    case FID_PIXELS_GREY:
        return (struct sample){row[x], 128, 128};
    case FID_PIXELS_YUYV:
        return (struct sample){pair[x % 2 == 0 ? 0 : 2], pair[1], pair[3]};
    case FID_PIXELS_UYVY:
        return (struct sample){pair[x % 2 == 0 ? 1 : 3], pair[0], pair[2]};
    case FID_PIXELS_NV12:
        return (struct sample){row[x], second[x / 2 * 2], second[x / 2 * 2 + 1]};
    case FID_PIXELS_I420:
        return (struct sample){row[x], second[x / 2], third[x / 2]};
    }
    return (struct sample){0};
}

static double clamp(double value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* ITU-R BT.601 and BT.709: Y = Kr R + Kg G + Kb B, U and V the differences to blue and red. */
static void exact_rgb(const struct fid_frame *frame, int x, int y, double rgb[3])
{
    if (frame->format == FID_PIXELS_RGB) {
        for (int i = 0; i < 3; i++)
            rgb[i] = frame->planes[0][(size_t)y * frame->stride_bytes[0] + (size_t)(3 * x + i)];
        return;
    }
    struct sample at = sample_at(frame, x, y);
    double kr = frame->bt709 ? 0.2126 : 0.299, kb = frame->bt709 ? 0.0722 : 0.114;
    double luma = frame->full_range ? at.y / 255.0 : (at.y - 16) / 219.0;
    double u = (at.u - 128) / (frame->full_range ? 255.0 : 224.0);
    double v = (at.v - 128) / (frame->full_range ? 255.0 : 224.0);
    double red = luma + 2 * (1 - kr) * v, blue = luma + 2 * (1 - kb) * u;
    double green = (luma - kr * red - kb * blue) / (1 - kr - kb);
    rgb[0] = clamp(255 * red);
    rgb[1] = clamp(255 * green);
    rgb[2] = clamp(255 * blue);
}

/* ---- frames to test with ---- */

/* Random, with many samples at the ends of the scale. */
static uint8_t random_byte(void)
{
    static const uint8_t ends[] = {0, 1, 15, 16, 17, 127, 128, 129, 235, 240, 254, 255};
    uint32_t number = check_random();
    return number % 4 == 0 ? ends[number / 4 % sizeof ends] : (uint8_t)(number >> 8);
}

/* Each plane ends with its last pixel, directly before memory that must not be touched. */
static struct fid_frame random_frame(enum fid_pixel_format format, int width, int height,
                                     size_t gap_bytes)
{
    struct fid_frame frame = {.format = format, .width = width, .height = height};
    for (int i = 0; i < 3; i++) {
        size_t row_bytes, rows;
        fid_frame_plane_size(format, width, height, i, &row_bytes, &rows);
        if (rows == 0)
            continue;
        frame.stride_bytes[i] = row_bytes + gap_bytes;
        size_t bytes = (rows - 1) * frame.stride_bytes[i] + row_bytes;
        frame.planes[i] = check_guarded_bytes(bytes);
        for (size_t j = 0; j < bytes; j++)
            frame.planes[i][j] = random_byte();
    }
    return frame;
}

static const int sizes[][2] = {{1, 1},  {2, 2},  {3, 5},   {63, 4},
                               {64, 3}, {65, 7}, {130, 2}, {257, 3}};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* ---- conversions ---- */

/* Rounding to a byte; up to three products cut to 1/32, half of which is given back; factors
 * rounded to 1/16384 of Y and 1/8192 of U and V. */
static void check_rgb(const struct fid_frame *frame, const char *name)
{
    const double most = 0.5 + 1.5 / 32 + 0.5 / 16384 * 255 + 0.5 / 8192 * (128 + 128);
    struct fid_picture picture = {0};
    struct fid_error error = {0};
    CHECK_THAT(fid_picture_from_frame(frame, &picture, &error) == FID_OK, "%s", error.text);
    CHECK(picture.width == frame->width && picture.height == frame->height);
    for (int y = 0; y < picture.height && !check_failed(); y++)
        for (int x = 0; x < picture.width; x++) {
            double want[3];
            exact_rgb(frame, x, y, want);
            for (int i = 0; i < 3; i++) {
                int got = fid_picture_row(&picture, y)[3 * x + i];
                CHECK_THAT(fabs(got - want[i]) <= most,
                           "%s %dx%d full %d 709 %d: pixel %d, %d color %d is %d, not %.3f", name,
                           frame->width, frame->height, frame->full_range, frame->bt709, x, y, i,
                           got, want[i]);
            }
        }
    fid_picture_free(&picture);
}

static void rgb_is_the_definition(void)
{
    for (int f = 0; f < FORMATS; f++)
        for (int s = 0; s < SIZES; s++)
            for (int kind = 0; kind < 8; kind++) {
                struct fid_frame frame = random_frame(formats[f], sizes[s][0], sizes[s][1],
                                                      kind & 4 ? check_random_below(70) : 0);
                frame.full_range = kind & 1;
                frame.bt709 = kind & 2;
                check_rgb(&frame, format_names[f]);
            }
}

/* Every Y with every U or V once. */
static void rgb_of_all_values(void)
{
    for (int kind = 0; kind < 4; kind++)
        for (int v = 0; v < 256; v += 5) {
            struct fid_frame frame = {0};
            REQUIRE(fid_frame_resize(&frame, FID_PIXELS_YUYV, 512, 256, NULL) == FID_OK);
            frame.full_range = kind & 1;
            frame.bt709 = kind & 2;
            for (int y = 0; y < 256; y++)
                for (int x = 0; x < 256; x++) {
                    uint8_t *pair = frame.planes[0] + (size_t)y * frame.stride_bytes[0] + 4 * x;
                    pair[0] = pair[2] = (uint8_t)y;
                    pair[1] = (uint8_t)x;
                    pair[3] = (uint8_t)v;
                }
            check_rgb(&frame, "YUYV");
            fid_frame_free(&frame);
        }
}

static void copies_are_alike_and_without_gaps(void)
{
    for (int f = 0; f < FORMATS; f++)
        for (int s = 0; s < SIZES; s++) {
            struct fid_frame frame = random_frame(formats[f], sizes[s][0], sizes[s][1], 9);
            struct fid_frame copy = {0};
            frame.full_range = true;
            REQUIRE(fid_frame_copy(&frame, &copy, NULL) == FID_OK);
            CHECK(copy.full_range && !copy.bt709 && copy.format == frame.format);
            for (int i = 0; i < 3; i++) {
                size_t row_bytes, rows;
                fid_frame_plane_size(frame.format, frame.width, frame.height, i, &row_bytes, &rows);
                CHECK(copy.stride_bytes[i] == row_bytes);
                for (size_t y = 0; y < rows; y++)
                    CHECK(memcmp(copy.planes[i] + y * row_bytes,
                                 frame.planes[i] + y * frame.stride_bytes[i], row_bytes) == 0);
            }
            fid_frame_free(&copy);
        }
}

static void short_rows_are_refused(void)
{
    for (int f = 0; f < FORMATS; f++)
        for (int i = 0; i < 3; i++) {
            struct fid_frame frame = random_frame(formats[f], 65, 7, 0), other = {0};
            struct fid_picture picture = {0};
            if (frame.planes[i] == NULL)
                continue;
            frame.stride_bytes[i]--;
            CHECK(fid_picture_from_frame(&frame, &picture, NULL) == FID_INVALID);
            CHECK(fid_frame_copy(&frame, &other, NULL) == FID_INVALID);
            CHECK(fid_frame_turn(&frame, 90, &other, NULL) == FID_INVALID);
            CHECK(picture.width == 0 && other.width == 0);
        }
}

static void sizes_have_limits(void)
{
    struct fid_frame frame = {0};
    CHECK(fid_frame_resize(&frame, FID_PIXELS_YUYV, 0, 4, NULL) == FID_INVALID);
    CHECK(fid_frame_resize(&frame, FID_PIXELS_YUYV, 4, -1, NULL) == FID_INVALID);
    CHECK(fid_frame_resize(&frame, FID_PIXELS_NV12, 40000, 2, NULL) == FID_UNSUPPORTED);
    CHECK(fid_frame_resize(&frame, FID_PIXELS_NV12, 30000, 30000, NULL) == FID_UNSUPPORTED);
    REQUIRE(fid_frame_resize(&frame, FID_PIXELS_I420, 31, 33, NULL) == FID_OK);
    size_t bytes = frame.capacity_bytes;
    CHECK(bytes == 31 * 33 + 2 * 16 * 17);
    REQUIRE(fid_frame_resize(&frame, FID_PIXELS_GREY, 31, 33, NULL) == FID_OK);
    CHECK(frame.capacity_bytes == bytes && frame.planes[1] == NULL);
    fid_frame_free(&frame);
    fid_frame_free(NULL);
}

/* ---- turning ---- */

/* Where a turned frame's pixel comes from. */
static void find_source(const struct fid_frame *frame, int degrees, int x, int y, int *from_x,
                        int *from_y)
{
    *from_x = degrees == 180 ? frame->width - 1 - x : degrees == 90 ? y : frame->width - 1 - y;
    *from_y = degrees == 180 ? frame->height - 1 - y : degrees == 90 ? frame->height - 1 - x : x;
}

static void check_turned(const struct fid_frame *frame, const struct fid_frame *turned, int degrees,
                         const char *name)
{
    for (int y = 0; y < turned->height; y++)
        for (int x = 0; x < turned->width; x++) {
            int from_x, from_y;
            find_source(frame, degrees, x, y, &from_x, &from_y);
            if (frame->format == FID_PIXELS_RGB) {
                const uint8_t *got =
                    turned->planes[0] + (size_t)y * turned->stride_bytes[0] + 3 * x;
                CHECK(
                    memcmp(got,
                           frame->planes[0] + (size_t)from_y * frame->stride_bytes[0] + 3 * from_x,
                           3) == 0);
                continue;
            }
            struct sample got = sample_at(turned, x, y), want = sample_at(frame, from_x, from_y);
            CHECK_THAT(got.y == want.y, "%s by %d: Y at %d, %d", name, degrees, x, y);
            /* Two rows share one U and V; 4:2:2 has a pair for each and gives the upper one. */
            want = sample_at(frame, from_x, from_y / 2 * 2);
            bool even = frame->width % 2 == 0 && frame->height % 2 == 0;
            CHECK_THAT(!even || (got.u == want.u && got.v == want.v), "%s by %d: U, V at %d, %d",
                       name, degrees, x, y);
        }
}

static void frames_are_turned_clockwise(void)
{
    static const int turned_sizes[][2] = {{2, 2}, {6, 4}, {70, 34}, {33, 65}, {1, 3}};
    for (int f = 0; f < FORMATS; f++)
        for (size_t s = 0; s < sizeof turned_sizes / sizeof turned_sizes[0]; s++)
            for (int degrees = 90; degrees <= 270; degrees += 90) {
                int width = turned_sizes[s][0], height = turned_sizes[s][1];
                struct fid_frame frame = random_frame(formats[f], width, height, 5), turned = {0};
                frame.full_range = frame.bt709 = true;
                REQUIRE(fid_frame_turn(&frame, degrees, &turned, NULL) == FID_OK);
                CHECK(turned.width == (degrees == 180 ? width : height));
                CHECK(turned.height == (degrees == 180 ? height : width));
                CHECK(turned.full_range && turned.bt709);
                check_turned(&frame, &turned, degrees, format_names[f]);
                fid_frame_free(&turned);
            }
    struct fid_frame frame = random_frame(FID_PIXELS_GREY, 4, 4, 0), turned = {0};
    CHECK(fid_frame_turn(&frame, 45, &turned, NULL) == FID_INVALID);
}

/* ---- Motion-JPEG ---- */

static uint8_t jpeg_bytes[1 << 20];

/* A picture of soft colors and some edges. */
static uint8_t color_at(int x, int y, int channel)
{
    int edge = (x / 16 + y / 16) % 2 == 0 ? 40 : 0;
    return (uint8_t)(30 + edge + (x * (channel + 1) + y * (3 - channel)) % 160);
}

/* Into jpeg_bytes; across and down: the sampling of Y to that of U and V; 0: gray. */
static size_t make_jpeg(int width, int height, int across, int down)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &size);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = across > 0 ? 3 : 1;
    jpeg.in_color_space = across > 0 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    if (across > 0) {
        jpeg.comp_info[0].h_samp_factor = across;
        jpeg.comp_info[0].v_samp_factor = down;
    }
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t *row = calloc((size_t)width, 3);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width * jpeg.input_components; x++)
            row[x] = color_at(x / jpeg.input_components, y, x % jpeg.input_components);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    memcpy(jpeg_bytes, out, size);
    free(out);
    return size;
}

static const int samplings[][2] = {{2, 2}, {2, 1}, {1, 1}, {1, 2}, {0, 0}};
enum { SAMPLINGS = sizeof samplings / sizeof samplings[0] };

static void jpeg_frames_are_the_pictures_of_files(void)
{
    static const int jpeg_sizes[][2] = {{64, 32}, {1, 1}, {17, 9}, {33, 47}, {200, 121}, {16, 8}};
    struct fid_frame frame = {0}; /* reused, as a mailbox does */
    for (int i = 0; i < SAMPLINGS; i++)
        for (size_t s = 0; s < sizeof jpeg_sizes / sizeof jpeg_sizes[0]; s++) {
            int width = jpeg_sizes[s][0], height = jpeg_sizes[s][1];
            size_t size = make_jpeg(width, height, samplings[i][0], samplings[i][1]);
            struct fid_picture want = {0};
            struct fid_error error = {0};
            REQUIRE(fid_picture_decode(jpeg_bytes, size, "file", &want, &error) == FID_OK);
            CHECK_THAT(fid_frame_decode_jpeg(jpeg_bytes, size, "frame", &frame, &error) == FID_OK,
                       "%s", error.text);
            CHECK(frame.format == FID_PIXELS_RGB);
            REQUIRE(frame.width == width && frame.height == height);
            for (int y = 0; y < height; y++)
                CHECK(memcmp(frame.planes[0] + (size_t)y * frame.stride_bytes[0],
                             fid_picture_row(&want, y), 3 * (size_t)width) == 0);
            int header_width, header_height;
            CHECK(fid_frame_jpeg_size(jpeg_bytes, size, "frame", &header_width, &header_height,
                                      NULL) == FID_OK);
            CHECK(header_width == width && header_height == height);
            CHECK(fid_frame_jpeg_size(jpeg_bytes, 20, "frame", &header_width, &header_height,
                                      NULL) == FID_CORRUPT);
            CHECK(header_width == 0 && header_height == 0);
            fid_picture_free(&want);
        }
    fid_frame_free(&frame);
}

/* Webcams leave the Huffman tables out: those of the standard are meant. */
static void frames_without_tables_are_read(void)
{
    struct fid_frame whole = {0}, bare = {0};
    size_t size = make_jpeg(64, 48, 2, 1), kept = 2;
    REQUIRE(fid_frame_decode_jpeg(jpeg_bytes, size, "frame", &whole, NULL) == FID_OK);
    for (size_t at = 2; at + 4 < size && jpeg_bytes[at] == 0xFF;) {
        size_t length = 2 + ((size_t)jpeg_bytes[at + 2] << 8 | jpeg_bytes[at + 3]);
        bool tables = jpeg_bytes[at + 1] == 0xC4, last = jpeg_bytes[at + 1] == 0xDA;
        if (last)
            length = size - at;
        if (!tables) {
            memmove(jpeg_bytes + kept, jpeg_bytes + at, length);
            kept += length;
        }
        at += length;
    }
    REQUIRE(kept + 400 < size);
    struct fid_error error = {0};
    CHECK_THAT(fid_frame_decode_jpeg(jpeg_bytes, kept, "frame", &bare, &error) == FID_OK, "%s",
               error.text);
    for (int y = 0; y < 48; y++)
        CHECK(memcmp(bare.planes[0] + (size_t)y * bare.stride_bytes[0],
                     whole.planes[0] + (size_t)y * whole.stride_bytes[0], 192) == 0);
    fid_frame_free(&whole);
    fid_frame_free(&bare);
}

/* What is not there is not made up: a frame that ends too early never counts as one. */
static void cut_frames_are_refused(void)
{
    for (int i = 0; i < SAMPLINGS; i++) {
        size_t size = make_jpeg(96, 64, samplings[i][0], samplings[i][1]);
        struct fid_frame frame = {0};
        for (size_t cut = 0; cut < size; cut += 1 + cut / 40) {
            uint8_t *bytes = check_guarded_bytes(cut > 0 ? cut : 1);
            memcpy(bytes, jpeg_bytes, cut);
            struct fid_error error = {0};
            CHECK_THAT(fid_frame_decode_jpeg(bytes, cut, "frame", &frame, &error) != FID_OK,
                       "%zu bytes of %zu were taken", cut, size);
            CHECK(frame.width == 0 && error.text[0] != '\0');
        }
        fid_frame_free(&frame);
    }
}

/* Formats and planes that there are none of are refused or have nothing; nothing beside the tables
 * is read. */
static void unknown_formats_are_refused(void)
{
    static const int unknown[] = {-1, FORMATS, 55, 1 << 30};
    struct fid_error error = {0};
    size_t row_bytes = 1, rows = 1;
    for (int plane = -1; plane <= 4; plane++) {
        fid_frame_plane_size(FID_PIXELS_I420, 8, 8, plane, &row_bytes, &rows);
        bool there = plane >= 0 && plane < 3;
        CHECK_THAT((row_bytes > 0) == there && (rows > 0) == there, "plane %d", plane);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        enum fid_pixel_format format = (enum fid_pixel_format)unknown[i];
        struct fid_frame frame = {0}, other = {0};
        struct fid_picture picture = {0};
        fid_frame_plane_size(format, 8, 8, 0, &row_bytes, &rows);
        CHECK_THAT(row_bytes == 0 && rows == 0, "format %d", unknown[i]);
        CHECK(fid_frame_resize(&frame, format, 4, 4, &error) == FID_INVALID);
        CHECK(frame.width == 0 && error.text[0] != '\0');
        frame = (struct fid_frame){.format = format, .width = 4, .height = 4};
        CHECK(fid_frame_copy(&frame, &other, &error) == FID_INVALID);
        CHECK(fid_frame_turn(&frame, 90, &other, &error) == FID_INVALID);
        CHECK(fid_picture_from_frame(&frame, &picture, &error) == FID_INVALID);
        fid_frame_free(&other);
        fid_picture_free(&picture);
    }
}

CHECK_MAIN(CHECK_CASE(rgb_is_the_definition), CHECK_CASE(rgb_of_all_values),
           CHECK_CASE(copies_are_alike_and_without_gaps), CHECK_CASE(short_rows_are_refused),
           CHECK_CASE(unknown_formats_are_refused), CHECK_CASE(sizes_have_limits),
           CHECK_CASE(frames_are_turned_clockwise),
           CHECK_CASE(jpeg_frames_are_the_pictures_of_files),
           CHECK_CASE(frames_without_tables_are_read), CHECK_CASE(cut_frames_are_refused))
