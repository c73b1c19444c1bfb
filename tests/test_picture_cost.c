/* What a picture may cost: files whose few bytes ask for much work or memory are refused by their
 * header, by the count of their scans, or at the first damage; no clock is read. */
#include "engine/face/picture/picture_codec.h"
#include "tests/check/check.h"

#include <jpeglib.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_FILE = 64 << 20, MEGABYTE = 1 << 20 };

static uint8_t file_bytes[MAX_FILE];
static size_t file_size;

static void put(const void *bytes, size_t count)
{
    REQUIRE(count <= MAX_FILE - file_size);
    memcpy(file_bytes + file_size, bytes, count);
    file_size += count;
}

static void put_u16(unsigned value)
{
    put((const uint8_t[2]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static void put_u32(uint32_t value)
{
    put_u16(value >> 16);
    put_u16(value & 0xFFFF);
}

static void expect(enum fid_status want, const char *word)
{
    struct fid_picture picture = {0};
    struct fid_error error = {0};
    enum fid_status status = fid_picture_decode(file_bytes, file_size, "it", &picture, &error);
    CHECK_THAT(status == want && (want == FID_OK || strstr(error.text, word) != NULL),
               "status %d (%s), wanted %d with '%s'", status, error.text, want, word);
    fid_picture_free(&picture);
}

/* The same of a frame of Motion-JPEG. */
static void expect_frame(enum fid_status want, const char *word)
{
    struct fid_frame frame = {0};
    struct fid_error error = {0};
    enum fid_status status = fid_frame_decode_jpeg(file_bytes, file_size, "it", &frame, &error);
    CHECK_THAT(status == want && strstr(error.text, word) != NULL,
               "status %d (%s), wanted %d with '%s'", status, error.text, want, word);
    fid_frame_free(&frame);
}

static size_t peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

/* In a child, whose peak is not that of the cases before: at most `most` bytes more than now. */
static void expect_in(size_t most, enum fid_status want, const char *word)
{
    fflush(stdout);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const size_t before = peak_bytes();
        expect(want, word);
        const size_t more = peak_bytes() - before;
        CHECK_THAT(more <= most, "%zu bytes more, not %zu", more, most);
        fflush(stdout);
        _exit(check_failed());
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK_THAT(status == 0, "the child ended with status %#x", (unsigned)status);
}

/* ---- JPEG ---- */

/* SOI, one quantization table, the frame header, and Huffman tables of one code each. */
static void begin_jpeg(uint8_t sof, unsigned width, unsigned height, int channels, uint8_t ac)
{
    uint8_t ones[64];
    memset(ones, 1, sizeof ones);
    file_size = 0;
    put("\xFF\xD8\xFF\xDB\x00\x43\x00", 7);
    put(ones, sizeof ones);
    put((const uint8_t[2]){0xFF, sof}, 2);
    put_u16(8 + 3 * (unsigned)channels);
    put("\x08", 1);
    put_u16(height);
    put_u16(width);
    put((const uint8_t[1]){(uint8_t)channels}, 1);
    for (int i = 1; i <= channels; i++)
        put((const uint8_t[3]){(uint8_t)i, 0x11, 0}, 3);
    for (int is_ac = 0; is_ac < 2; is_ac++) {
        uint8_t table[17] = {(uint8_t)(is_ac << 4), 1};
        put("\xFF\xC4\x00\x14", 4);
        put(table, sizeof table);
        put((const uint8_t[1]){is_ac ? ac : 0}, 1);
    }
}

static void begin_scan(int first, int count, uint8_t from, uint8_t to, uint8_t approximation)
{
    put("\xFF\xDA", 2);
    put_u16(6 + 2 * (unsigned)count);
    put((const uint8_t[1]){(uint8_t)count}, 1);
    for (int i = 0; i < count; i++)
        put((const uint8_t[2]){(uint8_t)(first + i), 0}, 2);
    put((const uint8_t[3]){from, to, approximation}, 3);
}

static void put_zeros(size_t count)
{
    REQUIRE(count <= MAX_FILE - file_size);
    memset(file_bytes + file_size, 0, count);
    file_size += count;
}

enum { EOB_RUN = 0xE0, BLOCKS_IN_RUN = 1 << 14, PROGRESSIVE = 0xC2, SEQUENTIAL = 0xC0 };

/* A progressive file in three channels: the brightness of the blocks, then `scans` scans without a
 * coefficient, one channel and one bit after the other, all of which the standard allows. */
static void make_empty_scans(unsigned side, int scans)
{
    const size_t blocks = (size_t)((side + 7) / 8) * ((side + 7) / 8);
    const size_t runs =
        (blocks + BLOCKS_IN_RUN - 1) / BLOCKS_IN_RUN; /* each of 15 bits, all zero */
    begin_jpeg(PROGRESSIVE, side, side, 3, EOB_RUN);
    begin_scan(1, 3, 0, 0, 0);
    put_zeros((3 * blocks + 7) / 8);
    for (int i = 0; i < scans; i++) {
        int group = i / 3, low = 13 - group % 14, band = 1 + group / 14;
        begin_scan(1 + i % 3, 1, (uint8_t)band, (uint8_t)band,
                   (uint8_t)((group % 14 == 0 ? 0 : low + 1) << 4 | low));
        put_zeros((15 * runs + 7) / 8);
    }
    put("\xFF\xD9", 2);
}

static void scans_are_counted(void)
{
    make_empty_scans(16, 99);
    expect(FID_OK, "");
    make_empty_scans(16, 100);
    expect(FID_UNSUPPORTED, "scan 101 of 16 x 16 pixels is too much work");
    expect_frame(FID_UNSUPPORTED, "scan 101 of 16 x 16 pixels is too much work");
}

/* 49 million pixels: 147 million samples in the first scan and 49 in each other; the 31st is the
 * first beyond 1,600 million. */
static void scans_times_pixels_are_bounded(void)
{
    make_empty_scans(7000, 12);
    expect(FID_OK, "");
    make_empty_scans(7000, 40);
    expect_frame(FID_UNSUPPORTED, "scan 31 of 7000 x 7000 pixels is too much work");
}

/* A sequential file, too, may bring its channels one by one, and again. */
static void repeated_channels_are_counted(void)
{
    begin_jpeg(SEQUENTIAL, 16, 16, 3, 0);
    for (int i = 0; i < 101; i++) {
        begin_scan(1 + i % 3, 1, 0, 63, 0);
        put_zeros(1);
    }
    put("\xFF\xD9", 2);
    expect(FID_UNSUPPORTED, "scan 101 of 16 x 16 pixels is too much work");
}

/* Nothing is allocated for what the header says. */
static void held_samples_are_bounded(void)
{
    make_empty_scans(7100, 0); /* 151 million */
    expect_in(8 * MEGABYTE, FID_UNSUPPORTED, "in several scans (save it as a baseline JPEG)");
    expect_frame(FID_UNSUPPORTED, "in several scans (save it as a baseline JPEG)");
    begin_jpeg(SEQUENTIAL, 10000, 10000, 3, 0);
    begin_scan(1, 1, 0, 63, 0);
    expect_in(8 * MEGABYTE, FID_UNSUPPORTED, "in several scans (save it as a baseline JPEG)");
    begin_jpeg(SEQUENTIAL, 10000, 10000, 4, 0);
    begin_scan(1, 4, 0, 63, 0);
    expect_in(8 * MEGABYTE, FID_UNSUPPORTED, "too many for a JPEG of 4 channels (save it as RGB)");
}

/* Its pixels, twice as many bytes of coefficients, and little more. */
static void a_progressive_picture_takes_three_times_its_pixels(void)
{
    enum { SIDE = 2500 };
    make_empty_scans(SIDE, 6);
    expect_in((size_t)SIDE * SIDE * 9 + 16 * MEGABYTE, FID_OK, "");
}

/* Rows behind the end of the data are not made up. */
static void the_first_damage_ends_it(void)
{
    enum { SIDE = 800, UNTOUCHED = 0xAB };
    for (int ended = 0; ended < 2; ended++) {
        begin_jpeg(SEQUENTIAL, SIDE, SIDE, 3, 0);
        begin_scan(1, 3, 0, 63, 0);
        put_zeros(1000);
        if (ended)
            put("\xFF\xD9", 2);
        struct fid_picture picture = {0};
        struct fid_error error = {0};
        REQUIRE(fid_picture_resize(&picture, SIDE, SIDE, NULL) == FID_OK);
        memset(picture.pixels, UNTOUCHED, picture.capacity_bytes);
        CHECK(fid_picture_decode(file_bytes, file_size, "it", &picture, &error) == FID_CORRUPT);
        CHECK_THAT(strstr(error.text, "damaged JPEG: ") != NULL, "%s", error.text);
        CHECK(picture.pixels[0] != UNTOUCHED);
        CHECK(picture.pixels[picture.capacity_bytes - 1] == UNTOUCHED);
        fid_picture_free(&picture);
        expect_frame(FID_CORRUPT, "damaged JPEG: ");
    }
}

/* 40 MB of APP1 segments, which are not copied; the EXIF among them still counts. */
static void segments_take_no_memory(void)
{
    static const uint8_t exif[] = {0xFF, 0xE1, 0, 34, 'E', 'x', 'i', 'f', 0,    0,    'I', 'I',
                                   42,   0,    8, 0,  0,   0,   1,   0,   0x12, 0x01, 3,   0,
                                   1,    0,    0, 0,  6,   0,   0,   0,   0,    0,    0,   0};
    begin_jpeg(SEQUENTIAL, 16, 8, 1, 0);
    size_t head = file_size, size;
    static uint8_t start[1024];
    memcpy(start, file_bytes, head);
    file_size = 2;
    for (int i = 0; i < 600; i++) {
        put("\xFF\xE1\xFF\xFF", 4);
        put_zeros(65533);
        if (i == 300)
            put(exif, sizeof exif);
    }
    put(start + 2, head - 2);
    begin_scan(1, 1, 0, 63, 0);
    put_zeros(1);
    put("\xFF\xD9", 2);
    size = file_size;
    expect_in(8 * MEGABYTE, FID_OK, "");
    struct fid_picture picture = {0};
    REQUIRE(fid_picture_decode(file_bytes, size, "it", &picture, NULL) == FID_OK);
    CHECK(picture.width == 8 && picture.height == 16);
    fid_picture_free(&picture);
}

/* ---- PNG ---- */

static uint32_t crc32_of(const uint8_t *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void put_chunk(const char *letters, const void *data, size_t count)
{
    put_u32((uint32_t)count);
    size_t at = file_size;
    put(letters, 4);
    put(data, count);
    put_u32(crc32_of(file_bytes + at, file_size - at));
}

static void begin_png(uint32_t width, uint32_t height, uint8_t bits, uint8_t type,
                      uint8_t interlace)
{
    file_size = 0;
    put("\x89PNG\r\n\x1A\n", 8);
    put_u32(13);
    size_t at = file_size;
    put("IHDR", 4);
    put_u32(width);
    put_u32(height);
    put((const uint8_t[5]){bits, type, 0, 0, interlace}, 5);
    put_u32(crc32_of(file_bytes + at, file_size - at));
}

static void unpacked_rows_are_bounded(void)
{
    static const struct {
        uint32_t width, height;
        uint8_t bits, type, interlace;
        bool good;
    } headers[] = {
        {10000, 10000, 16, PNG_COLOR_TYPE_RGB_ALPHA, 0, false},
        {10000, 10000, 8, PNG_COLOR_TYPE_RGB_ALPHA, 1, false},
        {10000, 8000, 8, PNG_COLOR_TYPE_RGB, 0, true},
        {10000, 8001, 8, PNG_COLOR_TYPE_RGB, 0, false},
        {10000, 8000, 8, PNG_COLOR_TYPE_RGB, 1, false},
        {10000, 5333, 8, PNG_COLOR_TYPE_RGB, 1, true},
        {10000, 10000, 16, PNG_COLOR_TYPE_GRAY, 0, true},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        begin_png(headers[i].width, headers[i].height, headers[i].bits, headers[i].type,
                  headers[i].interlace);
        put_chunk("IDAT", "", 0);
        if (headers[i].good)
            expect(FID_CORRUPT, "damaged PNG"); /* it has no rows */
        else
            expect_in(8 * MEGABYTE, FID_UNSUPPORTED, "of pixels are too many for a PNG");
    }
}

static void on_write(png_structp png, png_bytep bytes, size_t count)
{
    (void)png;
    put(bytes, count);
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* A PNG of 1,000 gray pixels by `rows`, in its header by 4. */
static void make_tall(int rows)
{
    static uint8_t row[1000];
    file_size = 0;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, NULL, on_write, on_flush);
    png_set_IHDR(png, info, 1000, (png_uint_32)rows, 8, PNG_COLOR_TYPE_GRAY, 0, 0, 0);
    png_write_info(png, info);
    for (int y = 0; y < rows; y++)
        png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    size_t size = file_size, height_at = 20, crc_at = 29, letters_at = 12;
    file_size = height_at;
    put_u32(4);
    file_size = crc_at;
    put_u32(crc32_of(file_bytes + letters_at, crc_at - letters_at));
    file_size = size;
}

static void rows_too_many_are_not_unpacked(void)
{
    make_tall(4000); /* a little more than is meant: nobody has minded so far */
    expect(FID_OK, "");
    make_tall(100000);
    CHECK_THAT(file_size < 200000, "%zu bytes", file_size);
    expect(FID_CORRUPT, "damaged PNG: too much data after the last row");
}

static void chunks_are_counted(void)
{
    for (int more = 0; more < 2; more++) {
        begin_png(8, 8, 8, PNG_COLOR_TYPE_GRAY, 0);
        for (int i = 0; i < 999998 + more; i++) /* and IHDR, IDAT */
            put("\0\0\0\0teXt\0\0\0\0", 12);
        put_chunk("IDAT", "", 0);
        expect(more ? FID_UNSUPPORTED : FID_CORRUPT,
               more ? "more than 1000000 chunks" : "damaged PNG");
    }
}

CHECK_MAIN(CHECK_CASE(scans_are_counted), CHECK_CASE(scans_times_pixels_are_bounded),
           CHECK_CASE(repeated_channels_are_counted), CHECK_CASE(held_samples_are_bounded),
           CHECK_CASE(a_progressive_picture_takes_three_times_its_pixels),
           CHECK_CASE(the_first_damage_ends_it), CHECK_CASE(segments_take_no_memory),
           CHECK_CASE(unpacked_rows_are_bounded), CHECK_CASE(rows_too_many_are_not_unpacked),
           CHECK_CASE(chunks_are_counted))
