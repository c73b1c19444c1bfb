/* Pictures: reading, turning, writing, and refusing. All pictures are drawn here. */
#include "engine/base/memory.h"
#include "engine/face/picture/exif.h"
#include "engine/face/picture/picture_codec.h"
#include "tests/check/check.h"

#include <jpeglib.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_FILE = 1 << 20 };

static uint8_t file_bytes[MAX_FILE];

/* ---- making files ---- */

/* Four quadrants of flat colors, so that JPEG keeps them: red, green / blue, white. */
static const uint8_t quadrants[4][3] = {
    {230, 20, 20}, {20, 220, 20}, {20, 20, 230}, {240, 240, 240}};

static void draw_quadrants(struct fid_picture *picture, int width, int height)
{
    if (fid_picture_resize(picture, width, height, NULL) != FID_OK)
        check_fail(__FILE__, __LINE__, "no picture");
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            memcpy(fid_picture_row(picture, y) + 3 * x,
                   quadrants[(y >= height / 2) * 2 + (x >= width / 2)], 3);
}

static size_t slurp(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size = file != NULL ? fread(file_bytes, 1, sizeof file_bytes, file) : 0;
    if (file != NULL)
        fclose(file);
    return size;
}

static const char *temp_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", check_temp_folder(), name);
    return path;
}

/* A JPEG of quadrants in file_bytes: libjpeg's own colors by components (1 gray, 3, 4 CMYK). */
static size_t make_jpeg(J_COLOR_SPACE space, int components, bool adobe, bool progressive)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &size);
    jpeg.image_width = 64;
    jpeg.image_height = 32;
    jpeg.input_components = components;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    jpeg.write_Adobe_marker = adobe;
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < 32; y++) {
        uint8_t row[64 * 4], *rows[1] = {row};
        for (int x = 0; x < 64; x++)
            for (int i = 0; i < components; i++)
                row[x * components + i] = (uint8_t)(40 + 60 * i + (x >= 32 ? 20 : 0));
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    memcpy(file_bytes, out, size);
    free(out);
    return size;
}

/* A TIFF structure with one entry; 26 bytes. */
static size_t make_exif(uint8_t *out, bool big, int orientation)
{
    static const uint8_t little_block[26] = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3,
                                             0,   1,   0,  0, 0, 0, 0, 0, 0, 0, 0,    0,    0};
    static const uint8_t big_block[26] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0,
                                          3,   0,   0, 0,  1, 0, 0, 0, 0, 0, 0,    0,    0};
    memcpy(out, big ? big_block : little_block, 26);
    out[big ? 19 : 18] = (uint8_t)orientation;
    return 26;
}

/* Puts an EXIF marker behind the SOI of the JPEG in file_bytes; the new size. */
static size_t insert_exif(size_t size, bool big, int orientation)
{
    uint8_t marker[64] = {0xFF, 0xE1, 0, 0, 'E', 'x', 'i', 'f', 0, 0};
    size_t bytes = 10 + make_exif(marker + 10, big, orientation);
    marker[3] = (uint8_t)(bytes - 2);
    memmove(file_bytes + 2 + bytes, file_bytes + 2, size - 2);
    memcpy(file_bytes + 2, marker, bytes);
    return size + bytes;
}

/* ---- looking at them ---- */

static int quadrant_of(const struct fid_picture *picture, int x, int y)
{
    const uint8_t *pixel = fid_picture_row(picture, y) + 3 * x;
    for (int i = 0; i < 4; i++)
        if (abs(pixel[0] - quadrants[i][0]) < 25 && abs(pixel[1] - quadrants[i][1]) < 25 &&
            abs(pixel[2] - quadrants[i][2]) < 25)
            return i;
    return -1;
}

/* The quadrants of the upright picture as letters in reading order, e.g. "RGBW". */
static void read_quadrants(const struct fid_picture *picture, char letters[5])
{
    for (int i = 0; i < 4; i++) {
        int x = picture->width * (i % 2 == 0 ? 1 : 3) / 4;
        int y = picture->height * (i < 2 ? 1 : 3) / 4;
        int quadrant = quadrant_of(picture, x, y);
        letters[i] = quadrant < 0 ? '-' : "RGBW"[quadrant];
    }
    letters[4] = '\0';
}

/* What EXIF 2.32 says about a stored picture of R G / B W: 6 = "the 0th row is the
 * visual right-hand side, the 0th column the visual top", so the stored left upper
 * corner ends up right above. */
static const char *const upright[9] = {NULL,   "RGBW", "GRWB", "WBGR", "BWRG",
                                       "RBGW", "BRWG", "WGBR", "GWRB"};

static void jpeg_turns_by_exif(void)
{
    struct fid_picture picture = {0};
    for (int orientation = 1; orientation <= 8; orientation++)
        for (int big = 0; big < 2; big++) {
            draw_quadrants(&picture, 64, 32);
            const char *path = temp_path("turned.jpg");
            REQUIRE(fid_picture_save(&picture, path, NULL) == FID_OK);
            size_t size = insert_exif(slurp(path), big, orientation);
            struct fid_error error = {0};
            char letters[5];
            enum fid_status status =
                fid_picture_decode(file_bytes, size, "turned", &picture, &error);
            CHECK_THAT(status == FID_OK, "orientation %d: %s", orientation, error.text);
            CHECK(picture.width == (orientation < 5 ? 64 : 32));
            CHECK(picture.height == (orientation < 5 ? 32 : 64));
            read_quadrants(&picture, letters);
            CHECK_THAT(strcmp(letters, upright[orientation]) == 0, "orientation %d: %s, not %s",
                       orientation, letters, upright[orientation]);
        }
    fid_picture_free(&picture);
}

static void every_pixel_turns(void)
{
    /* 37 x 71: blocks with remainders. A pixel's color says where it was stored. */
    for (int orientation = 2; orientation <= 8; orientation++) {
        struct fid_picture picture = {0};
        REQUIRE(fid_picture_resize(&picture, 37, 71, NULL) == FID_OK);
        for (int y = 0; y < 71; y++)
            for (int x = 0; x < 37; x++) {
                fid_picture_row(&picture, y)[3 * x] = (uint8_t)x;
                fid_picture_row(&picture, y)[3 * x + 1] = (uint8_t)y;
            }
        REQUIRE(fid_picture_orient(&picture, orientation, NULL) == FID_OK);
        for (int y = 0; y < picture.height; y++)
            for (int x = 0; x < picture.width; x++) {
                int across = orientation >= 5 ? y : x, down = orientation >= 5 ? x : y;
                bool flip_x = orientation == 2 || orientation == 3 || orientation >= 7;
                bool flip_y =
                    orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
                const uint8_t *pixel = fid_picture_row(&picture, y) + 3 * x;
                int stored_x = flip_x ? 36 - across : across, stored_y = flip_y ? 70 - down : down;
                if (pixel[0] != stored_x || pixel[1] != stored_y) {
                    CHECK_THAT(false, "orientation %d: (%d, %d) is (%d, %d)", orientation, x, y,
                               pixel[0], pixel[1]);
                    x = picture.width;
                    y = picture.height;
                }
            }
        fid_picture_free(&picture);
    }
}

static void exif_says_nothing(void)
{
    uint8_t block[26];
    CHECK(fid_exif_orientation(block, make_exif(block, false, 6)) == 6);
    CHECK(fid_exif_orientation(block, make_exif(block, true, 8)) == 8);
    for (int value = 0; value < 256; value++)
        if (value < 1 || value > 8)
            CHECK(fid_exif_orientation(block, make_exif(block, false, value)) == 1);
    for (size_t size = 0; size < 22; size++) { /* the value itself ends at 20, its entry at 22 */
        make_exif(block, false, 6);
        uint8_t *guarded = check_guarded_bytes(size);
        memcpy(guarded, block, size);
        CHECK(fid_exif_orientation(guarded, size) == 1);
    }
    make_exif(block, false, 6);
    block[12] = 4; /* a LONG is not what the standard says */
    CHECK(fid_exif_orientation(block, sizeof block) == 1);
}

/* Random directories and flipped bytes, directly before an inaccessible page. */
static void exif_survives_garbage(void)
{
    uint8_t *block = check_guarded_bytes(64);
    for (int round = 0; round < 20000; round++) {
        size_t size = check_random_below(65);
        uint8_t *bytes = block + 64 - size, exif[26];
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)check_random();
        make_exif(exif, round % 2 == 0, 1 + round % 8);
        memcpy(bytes, exif, size < 26 ? size : 26);
        for (int flips = 0; size > 0 && flips < 3; flips++)
            bytes[check_random_below((uint32_t)size)] = (uint8_t)check_random();
        int orientation = fid_exif_orientation(bytes, size);
        CHECK(orientation >= 1 && orientation <= 8);
    }
}

static void gray_and_progressive(void)
{
    struct fid_picture picture = {0};
    size_t size = make_jpeg(JCS_GRAYSCALE, 1, false, true);
    REQUIRE(fid_picture_decode(file_bytes, size, "gray", &picture, NULL) == FID_OK);
    const uint8_t *pixel = fid_picture_row(&picture, 16) + 3 * 8;
    CHECK_THAT(abs(pixel[0] - 40) < 4 && pixel[0] == pixel[1] && pixel[1] == pixel[2],
               "gray 40 became %d %d %d", pixel[0], pixel[1], pixel[2]);
    fid_picture_free(&picture);
}

/* Ink 40, 100, 160 and black 220, once as ink and once as Adobe's complements. libjpeg's defaults
 * write CMYK with the Adobe marker. */
static void cmyk_becomes_rgb(void)
{
    for (int adobe = 0; adobe < 2; adobe++) {
        struct fid_picture picture = {0};
        size_t size = make_jpeg(JCS_CMYK, 4, adobe, false);
        REQUIRE(fid_picture_decode(file_bytes, size, "cmyk", &picture, NULL) == FID_OK);
        const uint8_t *pixel = fid_picture_row(&picture, 16) + 3 * 8;
        for (int i = 0; i < 3; i++) {
            int stored = 40 + 60 * i, white = adobe ? 220 : 255 - 220;
            int want = (adobe ? stored : 255 - stored) * white / 255;
            CHECK_THAT(abs(pixel[i] - want) < 6, "adobe %d, channel %d: %d, not %d", adobe, i,
                       pixel[i], want);
        }
        fid_picture_free(&picture);
    }
}

/* Cameras leave the Huffman tables out of MJPEG frames: the standard ones are meant. */
static void motion_jpeg_without_tables(void)
{
    size_t size = make_jpeg(JCS_RGB, 3, false, false);
    for (size_t i = 2; i + 4 < size && file_bytes[i] == 0xFF && file_bytes[i + 1] != 0xDA;) {
        size_t length = 2 + (size_t)(file_bytes[i + 2] << 8 | file_bytes[i + 3]);
        if (file_bytes[i + 1] != 0xC4) {
            i += length;
            continue;
        }
        memmove(file_bytes + i, file_bytes + i + length, size - i - length);
        size -= length;
    }
    struct fid_picture picture = {0};
    struct fid_error error = {0};
    CHECK_THAT(fid_picture_decode(file_bytes, size, "frame", &picture, &error) == FID_OK, "%s",
               error.text);
    fid_picture_free(&picture);
}

static void expect(const void *bytes, size_t size, enum fid_status want, const char *word)
{
    struct fid_picture picture = {0};
    struct fid_error error = {0};
    enum fid_status status = fid_picture_decode(bytes, size, "file", &picture, &error);
    CHECK_THAT(status == want && error.status == want && strstr(error.text, word) != NULL &&
                   strchr(error.text, '\n') == NULL && picture.width == 0,
               "status %d (%s), wanted %d with '%s'", status, error.text, want, word);
    fid_picture_free(&picture);
}

static void other_kinds_are_named(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *word;
    } kinds[] = {
        {"\0\0\0\x18"
         "ftypheic",
         12, "HEIC"},
        {"\0\0\0\x18"
         "ftypavif",
         12, "AVIF"},
        {"\0\0\0\x18"
         "ftypisom",
         12, "video"},
        {"RIFF\1\2\3\4WEBP", 12, "WebP"},
        {"RIFF\1\2\3\4AVI ", 12, "video"},
        {"GIF89a", 6, "GIF"},
        {"II*\0\1\2\3\4", 8, "TIFF"},
        {"BM\1\2\3\0", 6, "BMP"},
        {"%PDF-1.5", 8, "PDF"},
        {"hello\n", 6, "text"},
        {"\0\1\2\3", 4, "neither"},
        {"\xFF\xD8", 2, "neither"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        expect(kinds[i].bytes, kinds[i].size, FID_UNSUPPORTED, kinds[i].word);
    expect("", 0, FID_CORRUPT, "empty");
}

static void every_truncation_is_damage(void)
{
    size_t sizes[2];
    struct fid_picture picture = {0};
    draw_quadrants(&picture, 64, 32);
    for (int png = 0; png < 2; png++) {
        const char *path = temp_path(png ? "cut.png" : "cut.jpg");
        REQUIRE(fid_picture_save(&picture, path, NULL) == FID_OK);
        sizes[png] = slurp(path);
        CHECK(sizes[png] > 100);
        /* A JPEG may lack its last two bytes, the end marker: all pixels are there then, but
         * libjpeg warns of the early end and so it is damage as well. */
        for (size_t size = png ? 8 : 3; size < sizes[png]; size++)
            expect(file_bytes, size, FID_CORRUPT, "damaged");
    }
    fid_picture_free(&picture);
}

static void flipped_bytes_do_no_harm(void)
{
    struct fid_picture picture = {0};
    for (int png = 0; png < 2; png++) {
        draw_quadrants(&picture, 64, 32);
        const char *path = temp_path(png ? "flip.png" : "flip.jpg");
        REQUIRE(fid_picture_save(&picture, path, NULL) == FID_OK);
        size_t size = slurp(path);
        static uint8_t copy[MAX_FILE];
        for (int round = 0; round < 1500; round++) {
            memcpy(copy, file_bytes, size);
            for (int flips = 0; flips < 4; flips++)
                copy[check_random_below((uint32_t)size)] = (uint8_t)check_random();
            struct fid_error error = {0};
            enum fid_status status = fid_picture_decode(copy, size, "flip", &picture, &error);
            CHECK(status == FID_OK ? picture.width > 0 : error.text[0] != '\0');
        }
    }
    fid_picture_free(&picture);
}

/* The header claims a size; nothing of that size may be allocated. */
static void large_headers_are_refused(void)
{
    size_t size = make_jpeg(JCS_RGB, 3, false, false);
    for (size_t i = 0; i + 9 < size; i++)
        if (file_bytes[i] == 0xFF && file_bytes[i + 1] == 0xC0) {
            memcpy(file_bytes + i + 5, "\x7F\xFF\x7F\xFF", 4); /* 32767 x 32767 */
            break;
        }
    expect(file_bytes, size, FID_UNSUPPORTED, "too many");
    for (size_t i = 0; i + 9 < size; i++)
        if (file_bytes[i] == 0xFF && file_bytes[i + 1] == 0xC0) {
            memcpy(file_bytes + i + 5, "\x00\x10\x80\x00", 4); /* 32768 wide */
            file_bytes[i + 4] = 8;
            break;
        }
    expect(file_bytes, size, FID_UNSUPPORTED, "too many");
}

static void jpeg_of_12_bits_is_refused(void)
{
    size_t size = make_jpeg(JCS_RGB, 3, false, false);
    for (size_t i = 0; i + 9 < size; i++)
        if (file_bytes[i] == 0xFF && file_bytes[i + 1] == 0xC0) {
            file_bytes[i + 4] = 12;
            break;
        }
    expect(file_bytes, size, FID_UNSUPPORTED, "precision");
    size = make_jpeg(JCS_RGB, 3, false, false);
    for (size_t i = 0; i + 9 < size; i++)
        if (file_bytes[i] == 0xFF && file_bytes[i + 1] == 0xC0) {
            file_bytes[i + 1] = 0xC9; /* SOF9: arithmetic coding */
            break;
        }
    expect(file_bytes, size, FID_UNSUPPORTED, "arithmetic");
}

/* ---- PNG ---- */

struct png_kind {
    int color_type, bits, interlace;
    bool transparent; /* with a tRNS chunk */
};

/* A PNG of 8 x 8 with the given first pixel; the size in file_bytes. */
static size_t make_png(const struct png_kind *kind, const uint8_t *row, int exif_orientation)
{
    const char *path = temp_path("made.png");
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, 8, 8, kind->bits, kind->color_type, kind->interlace, 0, 0);
    png_color palette[2] = {{200, 100, 50}, {1, 2, 3}};
    if (kind->color_type == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 2);
    uint8_t alpha[2] = {51, 255}; /* a fifth */
    png_color_16 transparent = {.gray = 3};
    if (kind->transparent)
        png_set_tRNS(png, info, alpha, 2, &transparent);
    uint8_t exif[26];
    if (exif_orientation > 0)
        png_set_eXIf_1(png, info, (png_uint_32)make_exif(exif, true, exif_orientation), exif);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int i = 0; i < 8 * passes; i++)
        png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    return slurp(path);
}

static void expect_pixel(size_t size, int red, int green, int blue, const char *what)
{
    struct fid_picture picture = {0};
    struct fid_error error = {0};
    enum fid_status status = fid_picture_decode(file_bytes, size, what, &picture, &error);
    CHECK_THAT(status == FID_OK, "%s", error.text);
    if (status == FID_OK) {
        const uint8_t *pixel = fid_picture_row(&picture, 7);
        CHECK_THAT(pixel[0] == red && pixel[1] == green && pixel[2] == blue,
                   "%s: %d %d %d, not %d %d %d", what, pixel[0], pixel[1], pixel[2], red, green,
                   blue);
    }
    fid_picture_free(&picture);
}

static void png_kinds(void)
{
    uint8_t row[64] = {0x12, 0x80, 0xFE, 0x40, 0x33, 0x00}; /* 16 bits: 0x1280 0xFE40 0x3300 */
    struct png_kind kind = {PNG_COLOR_TYPE_RGB, 8, 0, false};
    expect_pixel(make_png(&kind, row, 0), 0x12, 0x80, 0xFE, "RGB 8");
    kind = (struct png_kind){PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7, false};
    expect_pixel(make_png(&kind, row, 0), 0x12, 0x80, 0xFE, "interlaced");
    kind = (struct png_kind){PNG_COLOR_TYPE_RGB, 16, 0, false};
    /* v · 255 / 65535 to the nearest: 4736 → 18.43, 65088 → 253.26, 13056 → 50.8 */
    expect_pixel(make_png(&kind, row, 0), 18, 253, 51, "RGB 16");
    kind = (struct png_kind){PNG_COLOR_TYPE_GRAY, 2, 0, false};
    expect_pixel(make_png(&kind, (const uint8_t[2]){0x80, 0}, 0), 170, 170, 170, "gray of 2 bits");
    kind = (struct png_kind){PNG_COLOR_TYPE_PALETTE, 1, 0, false};
    expect_pixel(make_png(&kind, (const uint8_t[1]){0}, 0), 200, 100, 50, "palette");
    kind = (struct png_kind){PNG_COLOR_TYPE_PALETTE, 1, 0, true}; /* 255 - (255 - v) / 5 */
    expect_pixel(make_png(&kind, (const uint8_t[1]){0}, 0), 244, 224, 214, "palette with alpha");
    kind = (struct png_kind){PNG_COLOR_TYPE_GRAY, 2, 0, true};
    expect_pixel(make_png(&kind, (const uint8_t[2]){0xC0, 0}, 0), 255, 255, 255, "gray color key");
    kind = (struct png_kind){PNG_COLOR_TYPE_RGB_ALPHA, 8, PNG_INTERLACE_ADAM7, false};
    const uint8_t half[32] = {100, 0, 255, 128}; /* (v · 128 + 255 · 127) / 255 */
    expect_pixel(make_png(&kind, half, 0), 177, 127, 255, "alpha on white");
    kind = (struct png_kind){PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0, false};
    expect_pixel(make_png(&kind, (const uint8_t[16]){9, 0}, 0), 255, 255, 255, "clear is white");
}

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Texts of 7.5 MB each in a file of 8 KB each. */
static void png_texts_take_no_memory(void)
{
    enum { TEXTS = 30, BYTES = 7500000 };
    const char *path = temp_path("texts.png");
    char *letters = calloc(BYTES + 1, 1);
    FILE *file = fopen(path, "wb");
    REQUIRE(letters != NULL && file != NULL);
    memset(letters, 'a', BYTES);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, 8, 8, 8, PNG_COLOR_TYPE_GRAY, 0, 0, 0);
    png_write_info(png, info);
    const png_text text = {
        .compression = PNG_TEXT_COMPRESSION_zTXt, .key = (char *)"Comment", .text = letters};
    for (int i = 0; i < TEXTS; i++)
        png_set_text(png, info, &text, 1);
    const uint8_t row[8] = {77, 77, 77, 77, 77, 77, 77, 77};
    for (int i = 0; i < 8; i++)
        png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
    free(letters);
    const size_t size = slurp(path);
    CHECK_THAT(size > 100000 && size < 1000000, "%zu bytes", size);
    fflush(stdout);
    const pid_t child = fork(); /* whose peak is not that of the writer */
    REQUIRE(child >= 0);
    if (child == 0) {
        const long before = peak_kb();
        expect_pixel(size, 77, 77, 77, "texts");
        const long more = peak_kb() - before;
        CHECK_THAT(more < 32 * 1024, "%ld KB more", more);
        fflush(stdout);
        _exit(check_failed());
    }
    int status;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK_THAT(status == 0, "the child ended with status %#x", (unsigned)status);
}

static void png_turns_by_exif(void)
{
    uint8_t row[24] = {9, 9, 9};
    struct png_kind kind = {PNG_COLOR_TYPE_RGB, 8, 0, false};
    struct fid_picture picture = {0};
    size_t size = make_png(&kind, row, 3); /* upside down: the left column comes to the right */
    REQUIRE(fid_picture_decode(file_bytes, size, "turned", &picture, NULL) == FID_OK);
    CHECK(fid_picture_row(&picture, 0)[21] == 9 && fid_picture_row(&picture, 0)[0] == 0);
    fid_picture_free(&picture);
}

/* ---- files ---- */

static void expect_load(const char *path, enum fid_status want, const char *word)
{
    struct fid_picture picture = {0};
    struct fid_error error = {0};
    enum fid_status status = fid_picture_load(path, &picture, &error);
    CHECK_THAT(status == want && strstr(error.text, word) != NULL, "%s: %d (%s)", path, status,
               error.text);
    fid_picture_free(&picture);
}

static void odd_files_are_refused(void)
{
    expect_load(temp_path("none.jpg"), FID_NOT_FOUND, "No such file");
    expect_load(check_temp_folder(), FID_INVALID, "folder");
    expect_load("/dev/null", FID_INVALID, "regular");
    const char *path = temp_path("empty.jpg");
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fclose(file);
    expect_load(path, FID_CORRUPT, "empty");
    path = temp_path("pipe.jpg");
    REQUIRE(mkfifo(path, 0600) == 0);
    expect_load(path, FID_INVALID, "regular");
}

static void saved_is_loaded(void)
{
    struct fid_picture picture = {0}, again = {0};
    REQUIRE(fid_picture_resize(&picture, 33, 17, NULL) == FID_OK);
    for (size_t i = 0; i < 33 * 17 * 3; i++)
        picture.pixels[i] = (uint8_t)check_random();
    const char *path = temp_path("exact.PNG");
    REQUIRE(fid_picture_save(&picture, path, NULL) == FID_OK);
    REQUIRE(fid_picture_save(&picture, path, NULL) == FID_OK); /* over the first one */
    REQUIRE(fid_picture_load(path, &again, NULL) == FID_OK);
    CHECK(again.width == 33 && again.height == 17);
    for (int y = 0; y < 17; y++)
        CHECK(memcmp(fid_picture_row(&picture, y), fid_picture_row(&again, y), 99) == 0);
    struct fid_error error;
    CHECK(fid_picture_save(&picture, temp_path("a.bmp"), &error) == FID_UNSUPPORTED);
    CHECK(fid_picture_save(&picture, temp_path("none/a.png"), &error) == FID_IO);
    CHECK(fid_picture_save(&picture, "/dev/full.d/a.jpg", &error) == FID_IO);
    fid_picture_free(&picture);
    CHECK(fid_picture_save(&picture, path, &error) == FID_INVALID);
    fid_picture_free(&again);
}

static void limits_and_reuse(void)
{
    struct fid_picture picture = {0};
    CHECK(fid_picture_resize(&picture, 32768, 1, NULL) == FID_UNSUPPORTED);
    CHECK(fid_picture_resize(&picture, 10001, 10000, NULL) == FID_UNSUPPORTED);
    CHECK(fid_picture_resize(&picture, 0, 5, NULL) == FID_INVALID);
    CHECK(fid_picture_resize(&picture, 5, -1, NULL) == FID_INVALID);
    REQUIRE(fid_picture_resize(&picture, 100, 50, NULL) == FID_OK);
    const uint8_t *pixels = picture.pixels;
    REQUIRE(fid_picture_resize(&picture, 50, 100, NULL) == FID_OK);
    CHECK(picture.pixels == pixels && picture.stride_bytes == 150);
    fid_picture_free(&picture);
    CHECK(picture.pixels == NULL && picture.capacity_bytes == 0);
    fid_picture_free(NULL);
}

/* Each allocation fails once: a sentence, nothing lost (the address sanitizer's leak check). */
static void without_memory(void)
{
    struct fid_picture picture = {0};
    draw_quadrants(&picture, 64, 32);
    const char *path = temp_path("memory.jpg");
    REQUIRE(fid_picture_save(&picture, path, NULL) == FID_OK);
    fid_picture_free(&picture);
    for (unsigned long n = 1; n < 10; n++) {
        struct fid_error error = {0};
        fid_allocation_fail_at(n);
        enum fid_status status = fid_picture_load(path, &picture, &error);
        fid_allocation_fail_at(0);
        CHECK(status == (n <= 2 ? FID_NO_MEMORY : FID_OK));
        fid_picture_free(&picture);
    }
}

CHECK_MAIN(CHECK_CASE(jpeg_turns_by_exif), CHECK_CASE(every_pixel_turns),
           CHECK_CASE(exif_says_nothing), CHECK_CASE(exif_survives_garbage),
           CHECK_CASE(gray_and_progressive), CHECK_CASE(cmyk_becomes_rgb),
           CHECK_CASE(motion_jpeg_without_tables), CHECK_CASE(other_kinds_are_named),
           CHECK_CASE(every_truncation_is_damage), CHECK_CASE(flipped_bytes_do_no_harm),
           CHECK_CASE(large_headers_are_refused), CHECK_CASE(jpeg_of_12_bits_is_refused),
           CHECK_CASE(png_kinds), CHECK_CASE(png_texts_take_no_memory),
           CHECK_CASE(png_turns_by_exif), CHECK_CASE(odd_files_are_refused),
           CHECK_CASE(saved_is_loaded), CHECK_CASE(limits_and_reuse), CHECK_CASE(without_memory))
