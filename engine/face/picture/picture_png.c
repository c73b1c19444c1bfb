/* PNG through libpng; its errors jump back to the one setjmp of the call. */
#include "engine/face/picture/exif.h"
#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

/* What a file may cost, whatever its few bytes say; docs/files.md says the same. A byte of unpacked
 * rows costs up to 11 ns, measured at literals and Paeth filters; interlaced half as much again. */
#define MAX_RAW_BYTES 240000000u

enum {
    SIGNATURE_BYTES = 8,
    CHUNK_BYTES = 12,          /* around its data: length, four letters; checksum */
    MAX_CHUNKS = 1000000,      /* each costs libpng 100 ns */
    MAX_CHUNK_BYTES = 8 << 20, /* an ancillary chunk; the pixels are streamed */
    CACHED_CHUNKS = 1          /* of text and palettes: none; 0 would be any number */
};

struct png_reader {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t size, position;
    size_t last_row_bytes; /* that may still be read for the last row; SIZE_MAX: any number */
    bool alpha;
    int passes;    /* 7 for an interlaced file, else 1 */
    uint8_t *rgba; /* with alpha, if the file has one: a row, or the whole interlaced picture */
    struct fid_picture *picture;
    const char *what;
    char text[128]; /* libpng's sentence for the error */
    bool starved;   /* memory was refused to libpng, which says so in words alone */
    struct fid_error *error;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct png_reader *reader = png_get_error_ptr(png);
    snprintf(reader->text, sizeof reader->text, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png; /* libpng warns of odd ancillary chunks, which we do not use */
    (void)text;
}

static png_voidp on_allocate(png_structp png, png_alloc_size_t bytes)
{
    struct png_reader *reader = png_get_mem_ptr(png);
    void *block = fid_calloc(1, bytes);
    reader->starved = reader->starved || block == NULL;
    return block;
}

static void on_free(png_structp png, png_voidp block)
{
    (void)png;
    fid_free(block);
}

static void on_read(png_structp png, png_bytep out, size_t count)
{
    struct png_reader *reader = png_get_io_ptr(png);
    if (count > reader->size - reader->position)
        png_error(png, "the file ends too early");
    if (count > reader->last_row_bytes)
        png_error(png, "too much data after the last row");
    if (reader->last_row_bytes != SIZE_MAX)
        reader->last_row_bytes -= count;
    memcpy(out, reader->bytes + reader->position, count);
    reader->position += count;
}

/* Alpha is composed on white: what has an alpha channel is a cut-out made for a page, and hair cut
 * out from a light background shows no dark rim then. */
static void compose_on_white(const uint8_t *rgba, int width, uint8_t *rgb)
{
    for (int x = 0; x < width; x++, rgba += 4, rgb += 3) {
        unsigned alpha = rgba[3];
        for (int i = 0; i < 3; i++)
            rgb[i] = (uint8_t)((rgba[i] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

/* What has nothing to say about the pixels is passed over: texts and profiles are compressed, so
 * that a file of a few hundred kilobytes may ask for gigabytes. */
static void pass_over_chunks(png_structp png)
{
    png_set_chunk_malloc_max(png, MAX_CHUNK_BYTES);
    png_set_chunk_cache_max(png, CACHED_CHUNKS);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Counts the chunks, and finds the orientation in the first eXIf; 1 if there is none. libpng would
 * read that chunk byte by byte, and every other one after a damaged one. */
static enum fid_status look_over_chunks(const struct png_reader *reader, int *orientation)
{
    bool found = false;
    *orientation = 1;
    size_t at = SIGNATURE_BYTES;
    for (int count = 0; at <= reader->size && reader->size - at >= CHUNK_BYTES; count++) {
        const uint8_t *chunk = reader->bytes + at;
        size_t length = big_endian(chunk);
        if (length > reader->size - at - CHUNK_BYTES)
            break;
        if (count == MAX_CHUNKS)
            return fid_fail(reader->error, FID_UNSUPPORTED, "%s: a PNG of more than %d chunks",
                            reader->what, MAX_CHUNKS);
        if (!found && memcmp(chunk + 4, "eXIf", 4) == 0) {
            found = true;
            *orientation = fid_exif_orientation(chunk + 8, length);
        }
        at += CHUNK_BYTES + length;
    }
    return FID_OK;
}

/* Of rows as they are stored. */
static enum fid_status check_raw_bytes(const struct png_reader *reader)
{
    png_structp png = reader->png;
    uint64_t raw =
        (uint64_t)png_get_rowbytes(png, reader->info) * png_get_image_height(png, reader->info);
    bool interlaced = png_get_interlace_type(png, reader->info) != PNG_INTERLACE_NONE;
    if (raw + (interlaced ? raw / 2 : 0) <= MAX_RAW_BYTES)
        return FID_OK;
    return fid_fail(reader->error, FID_UNSUPPORTED,
                    "%s: %llu MB of pixels are too many for a PNG (at most %u, interlaced %u; save "
                    "it as a JPEG)",
                    reader->what, (unsigned long long)(raw / 1000000), MAX_RAW_BYTES / 1000000,
                    MAX_RAW_BYTES / 1500000);
}

/* Header, limits, and the transformations to 8-bit RGB or RGBA. */
static enum fid_status read_header(struct png_reader *reader)
{
    png_structp png = reader->png;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours are checked below */
    pass_over_chunks(png);
    png_read_info(png, reader->info);
    png_uint_32 width = png_get_image_width(png, reader->info);
    png_uint_32 height = png_get_image_height(png, reader->info);
    enum fid_status status = fid_picture_check_size(width, height, reader->what, reader->error);
    if (status == FID_OK)
        status = check_raw_bytes(reader);
    if (status != FID_OK)
        return status;
    png_set_expand(png); /* palette, gray of few bits, tRNS */
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    reader->passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);
    int channels = png_get_channels(png, reader->info);
    if (png_get_bit_depth(png, reader->info) != 8 || (channels != 3 && channels != 4))
        return fid_fail(reader->error, FID_UNSUPPORTED, "%s: PNG with %d channels", reader->what,
                        channels);
    reader->alpha = channels == 4;
    return fid_picture_resize(reader->picture, (int)width, (int)height, reader->error);
}

/* Within its call for the last row, libpng unpacks all that still follows: a few megabytes may say
 * gigabytes. Two bytes for each that a row can have, and a buffer of libpng, are more than a row
 * takes packed. */
static void read_row(struct png_reader *reader, uint8_t *row, bool last)
{
    enum { ROOM_PER_PIXEL = 16, ROOM = 16384 };
    if (last)
        reader->last_row_bytes = (size_t)reader->picture->width * ROOM_PER_PIXEL + ROOM;
    png_read_row(reader->png, row, NULL);
    reader->last_row_bytes = SIZE_MAX;
}

/* An interlaced file comes in passes over the whole picture, each refining the rows before. */
static enum fid_status read_rows(struct png_reader *reader)
{
    struct fid_picture *picture = reader->picture;
    bool alpha = reader->alpha, whole = reader->passes > 1;
    size_t row_bytes = (size_t)picture->width * 4, rows = whole ? (size_t)picture->height : 1;
    if (alpha && (reader->rgba = fid_calloc(rows, row_bytes)) == NULL)
        return fid_fail(reader->error, FID_NO_MEMORY, "%s: no memory for %d x %d pixels",
                        reader->what, picture->width, picture->height);
    for (int pass = 1; pass <= reader->passes; pass++)
        for (int y = 0; y < picture->height; y++) {
            uint8_t *row = fid_picture_row(picture, y);
            uint8_t *target = alpha ? reader->rgba + (whole ? (size_t)y * row_bytes : 0) : row;
            bool last_pass = pass == reader->passes;
            read_row(reader, target, last_pass && y == picture->height - 1);
            if (alpha && last_pass)
                compose_on_white(target, picture->width, row);
        }
    png_read_end(reader->png, reader->info);
    return FID_OK;
}

/* The call of setjmp: what is still needed after a jump lives in the caller's *reader. */
static enum fid_status read_guarded(struct png_reader *reader, int *orientation)
{
    if (setjmp(png_jmpbuf(reader->png)) != 0) {
        if (reader->starved)
            return fid_fail(reader->error, FID_NO_MEMORY, "%s: no memory for the PNG reader",
                            reader->what);
        return fid_fail(reader->error, FID_CORRUPT, "%s: damaged PNG: %s", reader->what,
                        reader->text);
    }
    png_set_read_fn(reader->png, reader, on_read);
    enum fid_status status = look_over_chunks(reader, orientation);
    if (status == FID_OK)
        status = read_header(reader);
    if (status == FID_OK)
        status = read_rows(reader);
    return status;
}

enum fid_status fid_png_decode(const uint8_t *bytes, size_t size, const char *what,
                               struct fid_picture *picture, int *orientation,
                               struct fid_error *error)
{
    struct png_reader reader = {.bytes = bytes,
                                .size = size,
                                .last_row_bytes = SIZE_MAX,
                                .picture = picture,
                                .what = what,
                                .error = error};
    enum fid_status status;
    reader.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning,
                                          &reader, on_allocate, on_free);
    reader.info = reader.png != NULL ? png_create_info_struct(reader.png) : NULL;
    if (reader.info == NULL)
        status = fid_fail(error, FID_NO_MEMORY, "%s: no memory for the PNG reader", what);
    else
        status = read_guarded(&reader, orientation);
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    fid_free(reader.rgba);
    return status;
}

static void on_write_error(png_structp png, png_const_charp text)
{
    (void)text; /* the caller asks the stream for the reason */
    png_longjmp(png, 1);
}

static enum fid_status write_guarded(png_structp png, png_infop info,
                                     const struct fid_picture *picture, FILE *stream,
                                     const char *path, struct fid_error *error)
{
    if (setjmp(png_jmpbuf(png)) != 0)
        return fid_fail(error, FID_IO, "%s: the PNG could not be written", path);
    png_init_io(png, stream);
    png_set_IHDR(png, info, (png_uint_32)picture->width, (png_uint_32)picture->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < picture->height; y++)
        png_write_row(png, fid_picture_row(picture, y));
    png_write_end(png, info);
    return FID_OK;
}

enum fid_status fid_png_encode(const struct fid_picture *picture, FILE *stream, const char *path,
                               struct fid_error *error)
{
    enum fid_status status;
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_write_error, on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    if (info == NULL)
        status = fid_fail(error, FID_NO_MEMORY, "%s: no memory for the PNG writer", path);
    else
        status = write_guarded(png, info, picture, stream, path, error);
    png_destroy_write_struct(&png, &info);
    return status;
}
