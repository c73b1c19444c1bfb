/* camera_frame.c - turns the bytes that a V4L2 driver gives into a frame, and finds what is wrong
 * with them. No device is touched here, so the tests can send what no camera would. */
#include "app/input/camera.h"

#include <linux/videodev2.h>

static const struct {
    uint32_t fourcc;
    enum fid_pixel_format format; /* of raw formats */
    bool mjpeg, v_first;          /* V stands before U */
} formats[] = {
    {V4L2_PIX_FMT_MJPEG, FID_PIXELS_RGB, true, false},
    {V4L2_PIX_FMT_JPEG, FID_PIXELS_RGB, true, false},
    {V4L2_PIX_FMT_YUYV, FID_PIXELS_YUYV, false, false},
    {V4L2_PIX_FMT_UYVY, FID_PIXELS_UYVY, false, false},
    {V4L2_PIX_FMT_NV12, FID_PIXELS_NV12, false, false},
    {V4L2_PIX_FMT_YUV420, FID_PIXELS_I420, false, false},
    {V4L2_PIX_FMT_YVU420, FID_PIXELS_I420, false, true},
    {V4L2_PIX_FMT_RGB24, FID_PIXELS_RGB, false, false},
    {V4L2_PIX_FMT_GREY, FID_PIXELS_GREY, false, false},
};
enum { FORMATS = sizeof formats / sizeof formats[0], PLANES = 3 };

/* FORMATS: not one that we read. */
static int find_format(uint32_t fourcc)
{
    int i = 0;
    while (i < FORMATS && formats[i].fourcc != fourcc)
        i++;
    return i;
}

bool app_fourcc_is_read(uint32_t fourcc)
{
    return find_format(fourcc) < FORMATS;
}

bool app_fourcc_is_mjpeg(uint32_t fourcc)
{
    int i = find_format(fourcc);
    return i < FORMATS && formats[i].mjpeg;
}

/* The planes of a raw frame, one after the other: the second has the first one's stride, or half of
 * it if U and V are separate (V4L2's rule for formats in one buffer). Returns the size of all
 * planes in bytes. */
static size_t lay_out(const struct app_frame_layout *layout, uint8_t *bytes, struct fid_frame *view)
{
    enum fid_pixel_format format = formats[find_format(layout->fourcc)].format;
    size_t total = 0;
    *view = (struct fid_frame){.format = format,
                               .full_range = layout->full_range,
                               .bt709 = layout->bt709,
                               .width = layout->width,
                               .height = layout->height};
    for (int i = 0; i < PLANES; i++) {
        size_t row_bytes, rows;
        fid_frame_plane_size(format, layout->width, layout->height, i, &row_bytes, &rows);
        if (rows == 0)
            continue;
        bool apart = i > 0 && format == FID_PIXELS_I420;
        size_t stride = apart ? layout->stride_bytes / 2 : layout->stride_bytes;
        view->stride_bytes[i] = stride > row_bytes ? stride : row_bytes;
        view->planes[i] = bytes != NULL ? bytes + total : NULL;
        total += view->stride_bytes[i] * rows;
    }
    return total;
}

size_t app_frame_bytes(const struct app_frame_layout *layout)
{
    struct fid_frame view;
    return app_fourcc_is_mjpeg(layout->fourcc) ? 0 : lay_out(layout, NULL, &view);
}

static enum app_camera_result take_mjpeg(const struct app_frame_layout *layout,
                                         const uint8_t *bytes, size_t count,
                                         struct fid_frame *frame, struct app_camera_drops *drops,
                                         struct fid_error *error)
{
    int width, height;
    enum fid_status status = fid_frame_jpeg_size(bytes, count, "frame", &width, &height, error);
    if (status == FID_OK && (width != layout->width || height != layout->height)) {
        drops->wrong_size++;
        app_error(error, FID_CORRUPT, "a frame of %d x %d pixels instead of %d x %d", width, height,
                  layout->width, layout->height);
        return APP_CAMERA_DROPPED;
    }
    if (status == FID_OK)
        status = fid_frame_decode_jpeg(bytes, count, "frame", frame, error);
    drops->undecodable += status != FID_OK;
    return status == FID_OK ? APP_CAMERA_FRAME : APP_CAMERA_DROPPED;
}

enum app_camera_result app_frame_take(const struct app_frame_layout *layout, uint8_t *bytes,
                                      size_t count, struct fid_frame *frame,
                                      struct app_camera_drops *drops, struct fid_error *error)
{
    size_t least = app_frame_bytes(layout);
    if (count == 0 || count < least) {
        drops->short_bytes++;
        app_error(error, FID_CORRUPT, "the frame has %zu bytes of %zu", count, least);
        return APP_CAMERA_DROPPED;
    }
    if (app_fourcc_is_mjpeg(layout->fourcc))
        return take_mjpeg(layout, bytes, count, frame, drops, error);
    struct fid_frame view;
    lay_out(layout, bytes, &view);
    if (formats[find_format(layout->fourcc)].v_first) {
        uint8_t *second = view.planes[1];
        view.planes[1] = view.planes[2];
        view.planes[2] = second;
    }
    return fid_frame_copy(&view, frame, error) == FID_OK ? APP_CAMERA_FRAME : APP_CAMERA_DROPPED;
}
