/* window_flip.c - mirrors a frame in the camera's own format. */
#include "app/window/window_flip.h"

#include <string.h>

static void flip_bytes(uint8_t *restrict to, const uint8_t *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from[count - 1 - i];
}

static void flip_pairs(uint8_t *restrict to, const uint8_t *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(to + 2 * i, from + 2 * (count - 1 - i), 2);
}

static void flip_triples(uint8_t *restrict to, const uint8_t *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(to + 3 * i, from + 3 * (count - 1 - i), 3);
}

/* Two pixels that share their color: the bytes at `luma` and `luma` + 2 are swapped as well. */
static void flip_quads(uint8_t *restrict to, const uint8_t *restrict from, size_t count,
                       size_t luma)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *quad = from + 4 * (count - 1 - i);
        to[4 * i + luma] = quad[luma + 2];
        to[4 * i + luma + 2] = quad[luma];
        to[4 * i + 1 - luma] = quad[1 - luma];
        to[4 * i + 3 - luma] = quad[3 - luma];
    }
}

static void flip_row(enum fid_pixel_format format, int plane, uint8_t *to, const uint8_t *from,
                     size_t bytes)
{
    switch (format) {
    case FID_PIXELS_RGB:
        flip_triples(to, from, bytes / 3);
        return;
    case FID_PIXELS_YUYV:
        flip_quads(to, from, bytes / 4, 0);
        return;
    case FID_PIXELS_UYVY:
        flip_quads(to, from, bytes / 4, 1);
        return;
    case FID_PIXELS_NV12:
        if (plane == 1) {
            flip_pairs(to, from, bytes / 2);
            return;
        }
        break;
    case FID_PIXELS_GREY:
    case FID_PIXELS_I420:
        break;
    }
    flip_bytes(to, from, bytes);
}

enum fid_status app_flip_frame(const struct fid_frame *frame, struct fid_frame *flipped,
                               struct fid_error *error)
{
    enum fid_status status =
        fid_frame_resize(flipped, frame->format, frame->width, frame->height, error);
    if (status != FID_OK)
        return status;
    flipped->full_range = frame->full_range;
    flipped->bt709 = frame->bt709;
    for (int plane = 0; plane < 3; plane++) {
        size_t bytes, rows;
        fid_frame_plane_size(frame->format, frame->width, frame->height, plane, &bytes, &rows);
        for (size_t row = 0; row < rows; row++)
            flip_row(frame->format, plane,
                     flipped->planes[plane] + row * flipped->stride_bytes[plane],
                     frame->planes[plane] + row * frame->stride_bytes[plane], bytes);
    }
    return FID_OK;
}
