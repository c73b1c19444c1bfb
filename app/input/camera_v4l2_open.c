/* camera_v4l2_open.c - opens a webcam: sets its format, size and rate and reads them back, since
 * cameras round or ignore them; maps its buffers and starts the stream. */
#include "app/input/camera_v4l2.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static enum fid_status fail_busy(struct fid_error *error, const char *path)
{
    char holder[128];
    if (app_camera_holder(path, holder, sizeof holder))
        return app_error(error, FID_BUSY, "camera %s is used by %s: close that first", path,
                         holder);
    return app_error(error, FID_BUSY, "another program is using camera %s", path);
}

static enum fid_status open_device(const char *path, int *fd, struct fid_error *error)
{
    *fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (*fd >= 0)
        return FID_OK;
    switch (errno) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
        return app_error(error, FID_NOT_FOUND, "there is no camera %s; `faceid cameras` lists them",
                         path);
    case EACCES:
    case EPERM:
        return app_error(error, FID_IO,
                         "no permission to open camera %s: add your user to the group 'video' "
                         "(sudo usermod -aG video USER) and log in again",
                         path);
    case EBUSY:
        return fail_busy(error, path);
    default:
        return app_error(error, FID_IO, "cannot open camera %s: %s", path, strerror(errno));
    }
}

/* The error for an ioctl that failed during set-up. */
static enum fid_status setup_failed(struct fid_error *error, const char *path, const char *what)
{
    if (errno == EBUSY)
        return fail_busy(error, path);
    if (errno == ENODEV)
        return app_error(error, FID_NOT_FOUND, "camera %s was unplugged", path);
    if (errno == ENOSPC)
        return app_error(error, FID_IO,
                         "the USB bus has no bandwidth left for camera %s: use another port or a "
                         "smaller --size",
                         path);
    return app_error(error, FID_IO, "camera %s: %s failed: %s", path, what, strerror(errno));
}

/* Raspberry Pi's camera modules give raw sensor values here, which libcamera turns into
 * pictures. */
static enum fid_status no_format(const struct app_camera_info *info, const char *path,
                                 struct fid_error *error)
{
    static const char *const bridges[] = {"unicam", "rp1-cfe", "bcm2835-isp", "rpivid"};
    for (size_t i = 0; i < sizeof bridges / sizeof bridges[0]; i++)
        if (strcmp(info->driver, bridges[i]) == 0)
            return app_error(error, FID_UNSUPPORTED,
                             "camera %s is a Raspberry Pi camera module and needs libcamera: run "
                             "`libcamerify faceid ...` (Debian: libcamera-tools)",
                             path);
    return app_error(error, FID_UNSUPPORTED,
                     "camera %s offers none of MJPEG, YUYV, UYVY, NV12, YU12, RGB3 and GREY; "
                     "`faceid cameras` lists what it offers",
                     path);
}

/* The colors as the driver describes them, or by V4L2's default rules. A gray sensor uses the full
 * range even if its driver does not say so. */
static void set_colors(struct app_frame_layout *layout, const struct v4l2_pix_format *pix)
{
    uint32_t space = pix->colorspace, range = pix->quantization, encoding = pix->ycbcr_enc;
    bool gray = pix->pixelformat == V4L2_PIX_FMT_GREY;
    if (range == V4L2_QUANTIZATION_DEFAULT)
        range = gray || space == V4L2_COLORSPACE_JPEG ? V4L2_QUANTIZATION_FULL_RANGE
                                                      : V4L2_QUANTIZATION_LIM_RANGE;
    if (encoding == V4L2_YCBCR_ENC_DEFAULT)
        encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(space);
    layout->full_range = range == V4L2_QUANTIZATION_FULL_RANGE;
    layout->bt709 = encoding == V4L2_YCBCR_ENC_709;
}

/* Sets format and size, and takes what the driver chose. */
static enum fid_status set_format(struct app_camera *camera, const struct app_camera_mode *mode,
                                  struct app_v4l2 *v4l2, struct fid_error *error)
{
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    struct v4l2_pix_format *pix = &format.fmt.pix;
    pix->width = (uint32_t)mode->width;
    pix->height = (uint32_t)mode->height;
    pix->pixelformat = mode->fourcc;
    pix->field = V4L2_FIELD_ANY;
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_S_FMT, &format) < 0)
        return setup_failed(error, camera->path, "setting the format");

    char text[5];
    app_fourcc_text(pix->pixelformat, text);
    bool sane = pix->width > 0 && pix->width <= INT16_MAX && pix->height > 0 &&
                pix->height <= INT16_MAX && app_fourcc_is_read(pix->pixelformat);
    if (!sane)
        return app_error(error, FID_UNSUPPORTED,
                         "camera %s gives %s %ux%u, which was not asked for", camera->path, text,
                         pix->width, pix->height);
    v4l2->layout = (struct app_frame_layout){.fourcc = pix->pixelformat,
                                             .width = (int)pix->width,
                                             .height = (int)pix->height,
                                             .stride_bytes = pix->bytesperline};
    set_colors(&v4l2->layout, pix);
    camera->width = (int)pix->width;
    camera->height = (int)pix->height;
    memcpy(camera->format, text, sizeof text);
    return FID_OK;
}

/* The rate is only requested: cameras that cannot set it keep their own. */
static void set_rate(struct app_camera *camera, double fps, const struct app_v4l2 *v4l2)
{
    struct v4l2_streamparm parm = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    struct v4l2_fract *interval = &parm.parm.capture.timeperframe;
    interval->numerator = 1000;
    interval->denominator = (uint32_t)(fps * 1000 + 0.5);
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_S_PARM, &parm) < 0) {
        parm = (struct v4l2_streamparm){.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
        if (app_v4l2_ioctl(v4l2->fd, VIDIOC_G_PARM, &parm) < 0)
            return;
    }
    if (interval->numerator > 0)
        camera->fps = (double)interval->denominator / interval->numerator;
}

static enum fid_status map_buffers(const struct app_camera *camera, struct app_v4l2 *v4l2,
                                   struct fid_error *error)
{
    struct v4l2_requestbuffers request = {
        .count = APP_V4L2_BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_REQBUFS, &request) < 0)
        return setup_failed(error, camera->path, "asking for buffers");
    uint32_t count = request.count < APP_V4L2_BUFFERS ? request.count : APP_V4L2_BUFFERS;
    if (count < 2)
        return app_error(error, FID_IO, "camera %s has no memory for frames", camera->path);
    for (uint32_t i = 0; i < count; i++) {
        struct v4l2_buffer buffer = {.index = i, .type = request.type, .memory = request.memory};
        if (app_v4l2_ioctl(v4l2->fd, VIDIOC_QUERYBUF, &buffer) < 0)
            return setup_failed(error, camera->path, "asking for a buffer");
        void *start = mmap(NULL, buffer.length, PROT_READ, MAP_SHARED, v4l2->fd, buffer.m.offset);
        if (start == MAP_FAILED)
            return setup_failed(error, camera->path, "mapping a buffer");
        v4l2->buffers[i].start = start;
        v4l2->buffers[i].bytes = buffer.length;
        v4l2->buffer_count = i + 1;
        if (app_v4l2_ioctl(v4l2->fd, VIDIOC_QBUF, &buffer) < 0)
            return setup_failed(error, camera->path, "queueing a buffer");
    }
    return FID_OK;
}

enum fid_status app_v4l2_start(struct app_camera *camera, const struct app_camera_request *request,
                               struct app_v4l2 *v4l2, struct fid_error *error)
{
    struct app_camera_info info = {0};
    enum fid_status status = open_device(camera->path, &v4l2->fd, error);
    if (status != FID_OK)
        return status;
    if (!app_v4l2_describe(v4l2->fd, &info)) {
        status = app_error(error, FID_UNSUPPORTED,
                           "%s is not a camera; `faceid cameras` lists those", camera->path);
        goto done;
    }
    strcpy(camera->name, info.name);
    strcpy(camera->bus, info.bus);
    const struct app_camera_mode *mode = app_camera_choose(info.modes, info.mode_count, request);
    if (mode == NULL) {
        status = no_format(&info, camera->path, error);
        goto done;
    }
    if ((status = set_format(camera, mode, v4l2, error)) != FID_OK)
        goto done;
    double fps = request->fps > 0 ? request->fps : 30;
    set_rate(camera, mode->fps > 0 && mode->fps < fps ? mode->fps : fps, v4l2);
    if ((status = map_buffers(camera, v4l2, error)) != FID_OK)
        goto done;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_STREAMON, &type) < 0)
        status = setup_failed(error, camera->path, "starting the stream");
done:
    free(info.modes);
    return status;
}

void app_v4l2_stop(struct app_v4l2 *v4l2)
{
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (v4l2->fd < 0)
        return;
    app_v4l2_ioctl(v4l2->fd, VIDIOC_STREAMOFF,
                   &type); /* fails on a lost camera, which does not matter */
    for (uint32_t i = 0; i < v4l2->buffer_count; i++)
        munmap(v4l2->buffers[i].start, v4l2->buffers[i].bytes);
    close(v4l2->fd);
    v4l2->fd = -1;
}
