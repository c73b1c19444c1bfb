/* JPEG through libjpeg's API. libjpeg reports an error by a function that must not return: ours
 * jumps back to the one setjmp of the call, so no function in between holds anything to free. */
#include "engine/face/picture/exif.h"
#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"

#include <jpeglib.h>
#include <jerror.h>
#include <setjmp.h>
#include <string.h>

/* The most that a file may cost, even if it is small; docs/files.md says the same. A sample is one
 * of a channel, as stored: 1.5 for each pixel in 4:2:0, 3 in 4:4:4, 4 in CMYK. Decoding one takes
 * up to 8 ns, measured where no coefficient is zero. */
#define MAX_SAMPLES 300000000u
/* Of a file in several scans: two bytes of each sample are held until the last scan. */
#define MAX_HELD_SAMPLES 150000000u
/* The samples that all scans pass over (1 ns for each), and BYTE_WORK for each byte of theirs (8
 * bits that refine a sample: 40 ns). The usual ten scans pass over each sample about five times. */
#define MAX_SCAN_WORK 1600000000u

enum {
    QUALITY = 92,
    BYTE_WORK = 32,
    MAX_SCANS = 100,     /* a scan of a small picture costs something, too */
    EXIF_INTRO_BYTES = 6 /* "Exif\0\0" in front of the TIFF structure */
};

struct jpeg_guard {
    struct jpeg_error_mgr manager; /* first, so that libjpeg's pointer to it is one to the guard */
    jmp_buf escape;
    enum fid_status status;
    char text[JMSG_LENGTH_MAX]; /* libjpeg's sentence for the error or warning */
};

struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_guard guard;
    struct jpeg_progress_mgr progress;
    size_t scan_bytes;           /* that followed the header */
    uint64_t scan_samples;       /* that the scans up to now passed over */
    int scan_count;              /* counted in scan_samples */
    int orientation;             /* by the first EXIF marker; 0: there was none yet */
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

/* The first warning that is not harmless ends it: the picture is refused in any case, and what
 * libjpeg makes up behind it (rows of gray, scans without data) takes as long as good rows. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0 && !is_harmless(jpeg->err->msg_code))
        on_error(jpeg);
}

static uint64_t samples_of(const jpeg_component_info *channel)
{
    return (uint64_t)channel->width_in_blocks * channel->height_in_blocks * DCTSIZE2;
}

/* libjpeg calls this before each row of blocks; a scan is counted before anything of it is read. */
static void on_progress(j_common_ptr common)
{
    struct jpeg_reader *reader = common->client_data;
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    if (!jpeg_has_multiple_scans(jpeg))
        return;
    if (jpeg->input_scan_number > reader->scan_count) {
        reader->scan_count = jpeg->input_scan_number;
        for (int i = 0; i < jpeg->comps_in_scan; i++)
            reader->scan_samples += samples_of(jpeg->cur_comp_info[i]);
    }
    size_t bytes = reader->scan_bytes - jpeg->src->bytes_in_buffer;
    if (reader->scan_count <= MAX_SCANS &&
        reader->scan_samples + (uint64_t)bytes * BYTE_WORK <= MAX_SCAN_WORK)
        return;
    struct jpeg_guard *guard = &reader->guard;
    guard->status = FID_UNSUPPORTED;
    snprintf(guard->text, sizeof guard->text,
             "scan %d of %u x %u pixels is too much work (save it as a baseline JPEG)",
             reader->scan_count, jpeg->image_width, jpeg->image_height);
    longjmp(guard->escape, 1);
}

static void guard_install(struct jpeg_guard *guard)
{
    jpeg_std_error(&guard->manager);
    guard->manager.error_exit = on_error;
    guard->manager.emit_message = on_message;
}

/* An APP1 segment, which is looked at where it lies: libjpeg would copy them all, and a file may
 * consist of them. The first with EXIF counts. */
static boolean on_app1(j_decompress_ptr jpeg)
{
    struct jpeg_reader *reader = jpeg->client_data;
    struct jpeg_source_mgr *source = jpeg->src;
    if (source->bytes_in_buffer < 2)
        return source->fill_input_buffer(jpeg); /* which warns of the early end */
    const uint8_t *bytes = source->next_input_byte;
    size_t length = (size_t)bytes[0] << 8 | bytes[1], intro = 2 + EXIF_INTRO_BYTES;
    if (reader->orientation == 0 && length > intro && length <= source->bytes_in_buffer &&
        memcmp(bytes + 2, "Exif\0", EXIF_INTRO_BYTES) == 0)
        reader->orientation = fid_exif_orientation(bytes + intro, length - intro);
    source->skip_input_data(jpeg, length > 2 ? (long)length : 2);
    return TRUE;
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

static enum fid_status check_samples(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    bool held = jpeg_has_multiple_scans(jpeg);
    uint64_t samples = 0;
    for (int i = 0; i < jpeg->num_components; i++)
        samples += samples_of(&jpeg->comp_info[i]);
    if (samples <= (held ? MAX_HELD_SAMPLES : MAX_SAMPLES))
        return FID_OK;
    return fid_fail(reader->error, FID_UNSUPPORTED,
                    "%s: %u x %u pixels are too many for a JPEG of %d channels%s", reader->what,
                    jpeg->image_width, jpeg->image_height, jpeg->num_components,
                    held ? " in several scans (save it as a baseline JPEG)" : " (save it as RGB)");
}

/* Header, limits, choice of colors. */
static enum fid_status read_header(struct jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    jpeg_set_marker_processor(jpeg, JPEG_APP0 + 1, on_app1);
    jpeg_read_header(jpeg, TRUE);
    reader->scan_bytes = jpeg->src->bytes_in_buffer;
    enum fid_status status =
        fid_picture_check_size(jpeg->image_width, jpeg->image_height, reader->what, reader->error);
    if (status != FID_OK)
        return status;
    if (jpeg->arith_code)
        return fid_fail(reader->error, FID_UNSUPPORTED,
                        "%s: JPEG with arithmetic coding cannot be read", reader->what);
    status = check_samples(reader);
    if (status != FID_OK || reader->picture == NULL)
        return status;
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
static enum fid_status read_guarded(struct jpeg_reader *reader, const uint8_t *bytes, size_t size)
{
    struct jpeg_guard *guard = &reader->guard;
    if (setjmp(guard->escape) != 0)
        return fid_fail(reader->error, guard->status, "%s: %sJPEG: %s", reader->what,
                        guard->status == FID_CORRUPT ? "damaged " : "", guard->text);
    reader->jpeg.client_data = reader;
    jpeg_create_decompress(&reader->jpeg);
    reader->progress.progress_monitor = on_progress;
    reader->jpeg.progress = &reader->progress;
    jpeg_mem_src(&reader->jpeg, bytes, (unsigned long)size);
    enum fid_status status = read_header(reader);
    if (status == FID_OK && reader->picture != NULL)
        status = read_rows(reader);
    return status;
}

enum fid_status fid_jpeg_decode(const uint8_t *bytes, size_t size, const char *what,
                                struct fid_picture *picture, int *orientation,
                                struct fid_error *error)
{
    struct jpeg_reader reader = {.picture = picture, .what = what, .error = error};
    reader.jpeg.err = &reader.guard.manager;
    guard_install(&reader.guard);
    enum fid_status status = read_guarded(&reader, bytes, size);
    *orientation = reader.orientation > 0 ? reader.orientation : 1;
    jpeg_destroy_decompress(&reader.jpeg);
    fid_free(reader.cmyk_row);
    return status;
}

enum fid_status fid_frame_jpeg_size(const void *bytes, size_t size, const char *what, int *width,
                                    int *height, struct fid_error *error)
{
    struct jpeg_reader reader = {.what = what, .error = error};
    reader.jpeg.err = &reader.guard.manager;
    guard_install(&reader.guard);
    enum fid_status status = read_guarded(&reader, bytes, size);
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
