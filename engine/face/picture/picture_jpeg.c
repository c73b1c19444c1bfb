/* JPEG through libjpeg's API. libjpeg reports an error by a function that must not return: ours
 * jumps back to the one setjmp of the call, so no function in between holds anything to free. */
#include "engine/face/picture/exif.h"
#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"

#include <jpeglib.h>
#include <jerror.h>
#include <setjmp.h>
#include <string.h>

enum {
    QUALITY = 92,
    MAX_SCANS = 100, /* a progressive file of thousands of scans costs minutes and shows nothing */
    EXIF_INTRO_BYTES = 6 /* "Exif\0\0" in front of the TIFF structure */
};

struct jpeg_guard {
    struct jpeg_error_mgr manager; /* first, so that libjpeg's pointer to it is one to the guard */
    jmp_buf escape;
    enum fid_status status;
    char text[JMSG_LENGTH_MAX]; /* libjpeg's sentence for the error or the first warning */
    int warning_count;
};

struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_guard guard;
    struct jpeg_progress_mgr progress;
    struct fid_picture *picture; /* NULL: only the header is wanted */
    uint8_t *cmyk_row;           /* one row, for CMYK files */
    const char *what;
    struct fid_error *error;
};

struct jpeg_writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_guard guard;
};

static void on_error(j_common_ptr jpeg)
{
    struct jpeg_guard *guard = (struct jpeg_guard *)jpeg->err;
    switch (guard->manager.msg_code) {
    case JERR_OUT_OF_MEMORY:
        guard->status = FID_NO_MEMORY;
        break;
    case JERR_BAD_PRECISION: /* 12 bits */
    case JERR_ARITH_NOTIMPL:
    case JERR_SOF_UNSUPPORTED: /* lossless, hierarchical */
    case JERR_IMAGE_TOO_BIG:
    case JERR_CONVERSION_NOTIMPL:
        guard->status = FID_UNSUPPORTED;
        break;
    default:
        guard->status = FID_CORRUPT;
    }
    guard->manager.format_message(jpeg, guard->text);
    longjmp(guard->escape, 1);
}

/* Warnings (level -1) that change nothing in the picture, which old cameras' files are full of. */
static bool is_harmless(int code)
{
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
           code == JWRN_BOGUS_ICC;
}

static void on_message(j_common_ptr jpeg, int level)
{
    struct jpeg_guard *guard = (struct jpeg_guard *)jpeg->err;
    if (level >= 0 || is_harmless(guard->manager.msg_code))
        return;
    if (guard->warning_count++ == 0)
        guard->manager.format_message(jpeg, guard->text);
}

static void on_progress(j_common_ptr jpeg)
{
    struct jpeg_guard *guard = (struct jpeg_guard *)jpeg->err;
    if (((j_decompress_ptr)jpeg)->input_scan_number <= MAX_SCANS)
        return;
    guard->status = FID_UNSUPPORTED;
    snprintf(guard->text, sizeof guard->text, "More than %d scans", MAX_SCANS);
    longjmp(guard->escape, 1);
}

static void guard_install(struct jpeg_guard *guard)
{
    jpeg_std_error(&guard->manager);
    guard->manager.error_exit = on_error;
    guard->manager.emit_message = on_message;
}

/* The orientation in the first EXIF marker (APP1), 1 if there is none. */
static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker != NULL; marker = marker->next)
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > EXIF_INTRO_BYTES &&
            memcmp(marker->data, "Exif\0", EXIF_INTRO_BYTES) == 0)
            return fid_exif_orientation(marker->data + EXIF_INTRO_BYTES,
                                        marker->data_length - EXIF_INTRO_BYTES);
    return 1;
}

/* Adobe's CMYK files hold the complements; others hold the ink. */
static void cmyk_to_rgb(const uint8_t *cmyk, bool inverted, int width, uint8_t *rgb)
{
    unsigned flip = inverted ? 0 : 255;
    for (int x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned white = cmyk[3] ^ flip;
        for (int i = 0; i < 3; i++)
            rgb[i] = (uint8_t)(((cmyk[i] ^ flip) * white + 127) / 255);
    }
}

/* Header, limits, choice of colours. */
static enum fid_status read_header(struct jpeg_reader *reader, int *orientation)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(jpeg, TRUE);
    enum fid_status status =
        fid_picture_check_size(jpeg->image_width, jpeg->image_height, reader->what, reader->error);
    if (status != FID_OK)
        return status;
    if (jpeg->arith_code)
        return fid_fail(reader->error, FID_UNSUPPORTED,
                        "%s: JPEG with arithmetic coding cannot be read", reader->what);
    if (reader->picture == NULL)
        return FID_OK;
    *orientation = find_orientation(jpeg);
    bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    return fid_picture_resize(reader->picture, (int)jpeg->image_width, (int)jpeg->image_height,
                              reader->error);
}

static enum fid_status read_rows(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    jpeg_start_decompress(jpeg);
    bool cmyk = jpeg->out_color_space == JCS_CMYK;
    if (cmyk && (reader->cmyk_row = fid_calloc(jpeg->output_width, 4)) == NULL)
        return fid_fail(reader->error, FID_NO_MEMORY, "%s: no memory for a row", reader->what);
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *row = fid_picture_row(reader->picture, (int)jpeg->output_scanline);
        JSAMPROW target = cmyk ? reader->cmyk_row : row;
        jpeg_read_scanlines(jpeg, &target, 1);
        if (cmyk)
            cmyk_to_rgb(reader->cmyk_row, jpeg->saw_Adobe_marker, reader->picture->width, row);
    }
    jpeg_finish_decompress(jpeg);
    return FID_OK;
}

/* The call of setjmp: what is still needed after a jump lives in the caller's *reader. */
static enum fid_status read_guarded(struct jpeg_reader *reader, const uint8_t *bytes, size_t size,
                                    int *orientation)
{
    struct jpeg_guard *guard = &reader->guard;
    if (setjmp(guard->escape) != 0)
        return fid_fail(reader->error, guard->status, "%s: %sJPEG: %s", reader->what,
                        guard->status == FID_CORRUPT ? "damaged " : "", guard->text);
    jpeg_create_decompress(&reader->jpeg);
    reader->progress.progress_monitor = on_progress;
    reader->jpeg.progress = &reader->progress;
    jpeg_mem_src(&reader->jpeg, bytes, (unsigned long)size);
    enum fid_status status = read_header(reader, orientation);
    if (status == FID_OK && reader->picture != NULL)
        status = read_rows(reader);
    if (status == FID_OK && guard->warning_count > 0)
        status =
            fid_fail(reader->error, FID_CORRUPT, "%s: damaged JPEG: %s", reader->what, guard->text);
    return status;
}

enum fid_status fid_jpeg_decode(const uint8_t *bytes, size_t size, const char *what,
                                struct fid_picture *picture, int *orientation,
                                struct fid_error *error)
{
    struct jpeg_reader reader = {.picture = picture, .what = what, .error = error};
    reader.jpeg.err = &reader.guard.manager;
    guard_install(&reader.guard);
    enum fid_status status = read_guarded(&reader, bytes, size, orientation);
    jpeg_destroy_decompress(&reader.jpeg);
    fid_free(reader.cmyk_row);
    return status;
}

enum fid_status fid_frame_jpeg_size(const void *bytes, size_t size, const char *what, int *width,
                                    int *height, struct fid_error *error)
{
    struct jpeg_reader reader = {.what = what, .error = error};
    int orientation;
    reader.jpeg.err = &reader.guard.manager;
    guard_install(&reader.guard);
    enum fid_status status = read_guarded(&reader, bytes, size, &orientation);
    *width = status == FID_OK ? (int)reader.jpeg.image_width : 0;
    *height = status == FID_OK ? (int)reader.jpeg.image_height : 0;
    jpeg_destroy_decompress(&reader.jpeg);
    return status;
}

static enum fid_status write_guarded(struct jpeg_writer *writer, const struct fid_picture *picture,
                                     int quality, FILE *stream, const char *path,
                                     struct fid_error *error)
{
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    if (setjmp(writer->guard.escape) != 0)
        return fid_fail(error, FID_IO, "%s: %s", path, writer->guard.text);
    jpeg_create_compress(jpeg);
    jpeg_stdio_dest(jpeg, stream);
    jpeg->image_width = (JDIMENSION)picture->width;
    jpeg->image_height = (JDIMENSION)picture->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = fid_picture_row(picture, (int)jpeg->next_scanline);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return FID_OK;
}

enum fid_status fid_jpeg_encode_as(const struct fid_picture *picture, int quality, FILE *stream,
                                   const char *path, struct fid_error *error)
{
    struct jpeg_writer writer = {0};
    writer.jpeg.err = &writer.guard.manager;
    guard_install(&writer.guard);
    enum fid_status status = write_guarded(&writer, picture, quality, stream, path, error);
    jpeg_destroy_compress(&writer.jpeg);
    return status;
}

enum fid_status fid_jpeg_encode(const struct fid_picture *picture, FILE *stream, const char *path,
                                struct fid_error *error)
{
    return fid_jpeg_encode_as(picture, QUALITY, stream, path, error);
}
