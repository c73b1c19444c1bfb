/* frame.c - frames as cameras give them: their planes, copies of them, turned ones. */
#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"

#include <assert.h>
#include <string.h>

enum { PLANES = 3 };

/* Of each plane: a block of so many pixels (1 or 2 each way) has so many
 * bytes; 0: no such plane. */
static const struct {
    struct {
        uint8_t across, down, bytes;
    } planes[PLANES];
} layouts[] = {
    [FID_PIXELS_RGB] = {{{1, 1, 3}}},
    [FID_PIXELS_GREY] = {{{1, 1, 1}}},
    [FID_PIXELS_YUYV] = {{{2, 1, 4}}},
    [FID_PIXELS_UYVY] = {{{2, 1, 4}}},
    [FID_PIXELS_NV12] = {{{1, 1, 1}, {2, 2, 2}}},
    [FID_PIXELS_I420] = {{{1, 1, 1}, {2, 2, 1}, {2, 2, 1}}},
};

static bool is_format(enum fid_pixel_format format)
{
    return (size_t)format < sizeof layouts / sizeof layouts[0];
}

static enum fid_status unknown_format(enum fid_pixel_format format, struct fid_error *error)
{
    return fid_fail(error, FID_INVALID, "%d is no pixel format", (int)format);
}

void fid_frame_plane_size(enum fid_pixel_format format, int width, int height, int plane,
                          size_t *row_bytes, size_t *rows)
{
    *row_bytes = *rows = 0;
    if (!is_format(format) || plane < 0 || plane >= PLANES || width < 1 || height < 1)
        return;
    size_t across = layouts[format].planes[plane].across, down = layouts[format].planes[plane].down;
    if (across == 0)
        return;
    *row_bytes = ((size_t)width + across - 1) / across * layouts[format].planes[plane].bytes;
    *rows = ((size_t)height + down - 1) / down;
}

enum fid_status fid_frame_resize(struct fid_frame *frame, enum fid_pixel_format format, int width,
                                 int height, struct fid_error *error)
{
    frame->width = frame->height = 0;
    frame->full_range = frame->bt709 = false;
    if (!is_format(format))
        return unknown_format(format, error);
    enum fid_status status =
        fid_picture_check_size(width < 0 ? 0 : (uint64_t)width, height < 0 ? 0 : (uint64_t)height,
                               "frame", error); /* the sums below cannot overflow then */
    if (status != FID_OK)
        return status;
    size_t offsets[PLANES], bytes = 0;
    for (int i = 0; i < PLANES; i++) {
        size_t rows;
        fid_frame_plane_size(format, width, height, i, &frame->stride_bytes[i], &rows);
        offsets[i] = bytes;
        bytes += frame->stride_bytes[i] * rows;
    }
    if (bytes > frame->capacity_bytes) {
        uint8_t *buffer = fid_calloc(bytes, 1);
        if (buffer == NULL)
            return fid_fail(error, FID_NO_MEMORY, "no memory for a frame of %d x %d pixels", width,
                            height);
        fid_free(frame->buffer);
        frame->buffer = buffer;
        frame->capacity_bytes = bytes;
    }
    for (int i = 0; i < PLANES; i++)
        frame->planes[i] = frame->stride_bytes[i] > 0 ? frame->buffer + offsets[i] : NULL;
    frame->format = format;
    frame->width = width;
    frame->height = height;
    return FID_OK;
}

void fid_frame_free(struct fid_frame *frame)
{
    if (frame == NULL)
        return;
    fid_free(frame->buffer);
    *frame = (struct fid_frame){0};
}

enum fid_status fid_frame_check(const struct fid_frame *frame, struct fid_error *error)
{
    if (!is_format(frame->format))
        return unknown_format(frame->format, error);
    for (int i = 0; i < PLANES; i++) {
        size_t row_bytes, rows;
        fid_frame_plane_size(frame->format, frame->width, frame->height, i, &row_bytes, &rows);
        if (frame->stride_bytes[i] < row_bytes)
            return fid_fail(error, FID_INVALID, "a row of %d pixels needs %zu bytes, not %zu",
                            frame->width, row_bytes, frame->stride_bytes[i]);
    }
    return FID_OK;
}

enum fid_status fid_frame_copy(const struct fid_frame *frame, struct fid_frame *copy,
                               struct fid_error *error)
{
    enum fid_status status = fid_frame_check(frame, error);
    if (status == FID_OK)
        status = fid_frame_resize(copy, frame->format, frame->width, frame->height, error);
    if (status != FID_OK)
        return status;
    copy->full_range = frame->full_range;
    copy->bt709 = frame->bt709;
    for (int i = 0; i < PLANES; i++) {
        size_t row_bytes, rows;
        fid_frame_plane_size(frame->format, frame->width, frame->height, i, &row_bytes, &rows);
        for (size_t y = 0; y < rows; y++)
            memcpy(copy->planes[i] + y * copy->stride_bytes[i],
                   frame->planes[i] + y * frame->stride_bytes[i], row_bytes);
    }
    return FID_OK;
}

/* Decoding straight to RGB and not to the stored planes: of the latter, 1280 x 720 costs 1.1 ms
 * (4:2:0) or 1.5 (4:2:2) and 0.9 to 1.1 more to RGB, which the detector wants of nearly every
 * frame; libjpeg gives RGB in 1.4 or 1.6. And so a frame has exactly the pixels that the same file
 * would have. */
enum fid_status fid_frame_decode_jpeg(const void *bytes, size_t size, const char *what,
                                      struct fid_frame *frame, struct fid_error *error)
{
    struct fid_picture picture = {.pixels = frame->buffer, .capacity_bytes = frame->capacity_bytes};
    int orientation = 1;
    enum fid_status status = fid_jpeg_decode(bytes, size, what, &picture, &orientation, error);
    if (status == FID_OK)
        status = fid_picture_orient(&picture, orientation, error);
    bool good = status == FID_OK;
    *frame = (struct fid_frame){.format = FID_PIXELS_RGB,
                                .width = good ? picture.width : 0,
                                .height = good ? picture.height : 0,
                                .planes = {picture.pixels},
                                .stride_bytes = {picture.stride_bytes},
                                .buffer = picture.pixels,
                                .capacity_bytes = picture.capacity_bytes};
    return status;
}

/* ---- turning ---- */

/* Where the samples of a channel lie: how many, of how many bytes each, and the steps between. */
struct samples {
    uint8_t *first;
    size_t across, down;
    ptrdiff_t step_x, step_y;
    int bytes;
};

/* Channel 0: Y, or R G B together; 1: U; 2: V. */
static struct samples find_samples(const struct fid_frame *frame, int channel)
{
    static const struct {
        struct {
            uint8_t plane, offset, step, across, down, bytes;
        } channels[PLANES];
    } places[] = {
        [FID_PIXELS_RGB] = {{{0, 0, 3, 1, 1, 3}}},
        [FID_PIXELS_GREY] = {{{0, 0, 1, 1, 1, 1}}},
        [FID_PIXELS_YUYV] = {{{0, 0, 2, 1, 1, 1}, {0, 1, 4, 2, 1, 1}, {0, 3, 4, 2, 1, 1}}},
        [FID_PIXELS_UYVY] = {{{0, 1, 2, 1, 1, 1}, {0, 0, 4, 2, 1, 1}, {0, 2, 4, 2, 1, 1}}},
        [FID_PIXELS_NV12] = {{{0, 0, 1, 1, 1, 1}, {1, 0, 2, 2, 2, 1}, {1, 1, 2, 2, 2, 1}}},
        [FID_PIXELS_I420] = {{{0, 0, 1, 1, 1, 1}, {1, 0, 1, 2, 2, 1}, {2, 0, 1, 2, 2, 1}}},
    };
    size_t across = places[frame->format].channels[channel].across;
    size_t down = places[frame->format].channels[channel].down;
    int plane = places[frame->format].channels[channel].plane;
    if (across == 0)
        return (struct samples){0};
    return (struct samples){
        .first = frame->planes[plane] + places[frame->format].channels[channel].offset,
        .across = ((size_t)frame->width + across - 1) / across,
        .down = ((size_t)frame->height + down - 1) / down,
        .step_x = places[frame->format].channels[channel].step,
        .step_y = (ptrdiff_t)frame->stride_bytes[plane],
        .bytes = places[frame->format].channels[channel].bytes,
    };
}

/* The same samples in the order in which the turned picture's rows go through them. */
static void turn_samples(struct samples *from, int degrees)
{
    uint8_t *last_in_row = from->first + (ptrdiff_t)(from->across - 1) * from->step_x;
    ptrdiff_t to_last_row = (ptrdiff_t)(from->down - 1) * from->step_y;
    struct samples turned = *from;
    if (degrees == 180) {
        turned.first = last_in_row + to_last_row;
        turned.step_x = -from->step_x;
        turned.step_y = -from->step_y;
    } else {
        bool right = degrees == 90; /* its left upper corner was the left lower one */
        turned.first = right ? from->first + to_last_row : last_in_row;
        turned.step_x = right ? -from->step_y : from->step_y;
        turned.step_y = right ? from->step_x : -from->step_x;
        turned.across = from->down;
        turned.down = from->across;
    }
    *from = turned;
}

/* In square blocks, so that a column of the source stays in the cache. */
static void copy_samples(const struct samples *from, const struct samples *to)
{
    enum { BLOCK = 32 };
    assert(from->across >= to->across && from->down >= to->down);
    for (size_t y0 = 0; y0 < to->down; y0 += BLOCK)
        for (size_t x0 = 0; x0 < to->across; x0 += BLOCK)
            for (size_t y = y0; y < y0 + BLOCK && y < to->down; y++) {
                uint8_t *out = to->first + (ptrdiff_t)y * to->step_y + (ptrdiff_t)x0 * to->step_x;
                const uint8_t *in =
                    from->first + (ptrdiff_t)y * from->step_y + (ptrdiff_t)x0 * from->step_x;
                for (size_t x = x0; x < x0 + BLOCK && x < to->across; x++) {
                    for (int i = 0; i < to->bytes; i++)
                        out[i] = in[i];
                    out += to->step_x;
                    in += from->step_x;
                }
            }
}

enum fid_status fid_frame_turn(const struct fid_frame *frame, int degrees, struct fid_frame *turned,
                               struct fid_error *error)
{
    if (degrees != 90 && degrees != 180 && degrees != 270)
        return fid_fail(error, FID_INVALID, "a frame is turned by 90, 180 or 270 degrees, not %d",
                        degrees);
    bool lies = degrees != 180;
    bool kept = frame->format == FID_PIXELS_RGB || frame->format == FID_PIXELS_GREY;
    enum fid_status status = fid_frame_check(frame, error);
    if (status == FID_OK)
        status = fid_frame_resize(turned, kept ? frame->format : FID_PIXELS_I420,
                                  lies ? frame->height : frame->width,
                                  lies ? frame->width : frame->height, error);
    if (status != FID_OK)
        return status;
    turned->full_range = frame->full_range;
    turned->bt709 = frame->bt709;
    for (int channel = 0; channel < PLANES; channel++) {
        struct samples from = find_samples(frame, channel);
        struct samples to = find_samples(turned, channel);
        if (from.first == NULL)
            break;
        /* U and V of a 4:2:2 frame: those of every second row. */
        size_t skip = from.down > (lies ? to.across : to.down) ? 2 : 1;
        from.down = (from.down + skip - 1) / skip;
        from.step_y *= (ptrdiff_t)skip;
        turn_samples(&from, degrees);
        copy_samples(&from, &to);
    }
    return FID_OK;
}
