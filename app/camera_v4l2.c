/* camera_v4l2.c - a webcam through the kernel's own interface: ioctl, four mapped buffers, poll.
 *
 * Nothing that the driver was told is believed until it is read back, and no frame until its flags
 * and its length were looked at: cameras round sizes and rates, and cables tear frames. */
#include "app/camera.h"
#include "app/live_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFERS 4 /* one being filled, one being read, two against a late reader */

struct v4l2_camera {
    int fd;
    uint32_t fourcc;
    size_t stride_bytes, frame_bytes; /* of raw formats; frame_bytes 0 for MJPEG */
    struct {
        uint8_t *start;
        size_t bytes;
    } buffers[BUFFERS];
    uint32_t buffer_count;
};

/* ---- opening ---- */

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
        return app_camera_fail(error, FID_NOT_FOUND,
                               "there is no camera %s; `faceid cameras` lists them", path);
    case EACCES:
    case EPERM:
        return app_camera_fail(
            error, FID_IO,
            "no permission to open camera %s: add your user to the group 'video' "
            "(sudo usermod -aG video USER) and log in again",
            path);
    case EBUSY:
        return app_camera_fail(error, FID_BUSY, "another program is using camera %s", path);
    default:
        return app_camera_fail(error, FID_IO, "cannot open camera %s: %s", path, strerror(errno));
    }
}

/* The sentence for an ioctl that failed while the camera was being set up. */
static enum fid_status setup_failed(struct fid_error *error, const char *path, const char *what)
{
    if (errno == EBUSY)
        return app_camera_fail(error, FID_BUSY, "another program is using camera %s", path);
    if (errno == ENODEV)
        return app_camera_fail(error, FID_NOT_FOUND, "camera %s was unplugged", path);
    if (errno == ENOSPC)
        return app_camera_fail(
            error, FID_IO,
            "the USB bus has no bandwidth left for camera %s: use another port or a "
            "smaller --size",
            path);
    return app_camera_fail(error, FID_IO, "camera %s: %s failed: %s", path, what, strerror(errno));
}

/* FILLS the camera's path and where. A path is taken as it is, so that links and odd names work
 * too. */
static enum fid_status find_device(struct app_camera *camera, const char *where,
                                   struct fid_error *error)
{
    if (where != NULL && strchr(where, '/') != NULL) {
        if (strlen(where) >= sizeof camera->path)
            return app_camera_fail(error, FID_NOT_FOUND, "the path of the camera is too long");
        strcpy(camera->path, where);
        strcpy(camera->where, where);
        return FID_OK;
    }
    struct app_camera_list list;
    const struct app_camera_info *info;
    enum fid_status status = app_camera_list_open(&list, error);
    if (status == FID_OK)
        status = app_camera_find(&list, where, &info, error);
    if (status == FID_OK) {
        strcpy(camera->path, info->path);
        strcpy(camera->where, info->id_path[0] != '\0' ? info->id_path : info->path);
    }
    app_camera_list_close(&list);
    return status;
}

/* Sets format and size and takes what the driver made of them. */
static enum fid_status set_format(struct app_camera *camera, const struct app_camera_mode *mode,
                                  struct fid_error *error)
{
    struct v4l2_camera *v4l2 = camera->state;
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
                pix->height <= INT16_MAX && pix->pixelformat == mode->fourcc;
    if (!sane)
        return app_camera_fail(error, FID_UNSUPPORTED,
                               "camera %s gives %s %ux%u, which was not asked for", camera->path,
                               text, pix->width, pix->height);
    v4l2->fourcc = pix->pixelformat;
    if (v4l2->fourcc == V4L2_PIX_FMT_YUYV) {
        size_t least = 2 * (size_t)pix->width;
        v4l2->stride_bytes = pix->bytesperline > least ? pix->bytesperline : least;
        v4l2->frame_bytes = v4l2->stride_bytes * pix->height;
    }
    camera->width = (int)pix->width;
    camera->height = (int)pix->height;
    memcpy(camera->format, text, sizeof text);
    return FID_OK;
}

/* The rate is a wish: cameras that cannot set it keep their own. */
static void set_rate(struct app_camera *camera, double fps)
{
    const struct v4l2_camera *v4l2 = camera->state;
    struct v4l2_streamparm parm = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    struct v4l2_fract *interval = &parm.parm.capture.timeperframe;
    interval->numerator = 1000;
    interval->denominator = (uint32_t)(fps * 1000 + 0.5);
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_S_PARM, &parm) < 0 || interval->numerator == 0)
        return;
    camera->fps = (double)interval->denominator / interval->numerator;
}

static enum fid_status map_buffers(struct app_camera *camera, struct fid_error *error)
{
    struct v4l2_camera *v4l2 = camera->state;
    struct v4l2_requestbuffers request = {
        .count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_REQBUFS, &request) < 0)
        return setup_failed(error, camera->path, "asking for buffers");
    uint32_t count = request.count < BUFFERS ? request.count : BUFFERS;
    if (count < 2)
        return app_camera_fail(error, FID_IO, "camera %s has no memory for frames", camera->path);
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

static enum fid_status start(struct app_camera *camera, const struct app_camera_request *request,
                             struct fid_error *error)
{
    struct v4l2_camera *v4l2 = camera->state;
    struct app_camera_info info = {0};
    enum fid_status status = FID_OK;
    if (!app_v4l2_describe(v4l2->fd, &info)) {
        status = app_camera_fail(error, FID_UNSUPPORTED,
                                 "%s is not a camera; `faceid cameras` lists those", camera->path);
        goto done;
    }
    strcpy(camera->name, info.name);
    const struct app_camera_mode *mode = app_camera_choose(info.modes, info.mode_count, request);
    if (mode == NULL) {
        status =
            app_camera_fail(error, FID_UNSUPPORTED,
                            "camera %s offers neither MJPEG nor YUYV; `faceid cameras` lists what "
                            "it offers",
                            camera->path);
        goto done;
    }
    if ((status = set_format(camera, mode, error)) != FID_OK)
        goto done;
    double fps = request->fps > 0 ? request->fps : 30;
    set_rate(camera, mode->fps > 0 && mode->fps < fps ? mode->fps : fps);
    if ((status = map_buffers(camera, error)) != FID_OK)
        goto done;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_STREAMON, &type) < 0)
        status = setup_failed(error, camera->path, "starting the stream");
done:
    free(info.modes);
    return status;
}

static void v4l2_close(struct app_camera *camera)
{
    struct v4l2_camera *v4l2 = camera->state;
    if (v4l2 != NULL) {
        int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        app_v4l2_ioctl(v4l2->fd, VIDIOC_STREAMOFF, &type); /* fails on a lost one: no matter */
        for (uint32_t i = 0; i < v4l2->buffer_count; i++)
            munmap(v4l2->buffers[i].start, v4l2->buffers[i].bytes);
        close(v4l2->fd);
        free(v4l2);
    }
    *camera = (struct app_camera){0};
}

static enum fid_status v4l2_open(struct app_camera *camera,
                                 const struct app_camera_request *request, struct fid_error *error)
{
    *camera = (struct app_camera){.backend = &app_camera_v4l2, .live = true};
    int fd;
    enum fid_status status = find_device(camera, request->where, error);
    if (status == FID_OK)
        status = open_device(camera->path, &fd, error);
    if (status != FID_OK) {
        *camera = (struct app_camera){0};
        return status;
    }
    struct v4l2_camera *v4l2 = calloc(1, sizeof *v4l2);
    if (v4l2 == NULL) {
        close(fd);
        *camera = (struct app_camera){0};
        return app_camera_fail(error, FID_NO_MEMORY, "no memory for a camera");
    }
    v4l2->fd = fd;
    camera->state = v4l2;
    status = start(camera, request, error);
    if (status != FID_OK)
        v4l2_close(camera);
    return status;
}

/* ---- reading ---- */

static enum app_camera_result lost(const struct app_camera *camera, struct fid_error *error)
{
    app_camera_fail(error, FID_IO, "camera %s was unplugged or stopped", camera->path);
    return APP_CAMERA_LOST;
}

/* Waits until a frame is there or poll reports trouble: FRAME (go and fetch it), SILENT or LOST. */
static enum app_camera_result wait_for_frame(int fd, uint64_t deadline_ns)
{
    for (;;) {
        uint64_t now = app_now_ns();
        int left_ms =
            now < deadline_ns ? (int)((deadline_ns - now + APP_NS_PER_MS - 1) / APP_NS_PER_MS) : 0;
        struct pollfd wanted = {.fd = fd, .events = POLLIN};
        int ready = poll(&wanted, 1, left_ms);
        if (ready > 0)
            return wanted.revents & (POLLERR | POLLHUP | POLLNVAL) ? APP_CAMERA_LOST
                                                                   : APP_CAMERA_FRAME;
        if (ready == 0)
            return APP_CAMERA_SILENT;
        if (errno != EINTR)
            return APP_CAMERA_LOST;
    }
}

/* Turns the bytes of one dequeued buffer into a picture. */
static enum app_camera_result convert(struct app_camera *camera, const struct v4l2_buffer *buffer,
                                      struct fid_frame *frame, struct fid_error *error)
{
    const struct v4l2_camera *v4l2 = camera->state;
    const uint8_t *bytes = v4l2->buffers[buffer->index].start;
    size_t used = buffer->bytesused, room = v4l2->buffers[buffer->index].bytes;
    if (buffer->flags & V4L2_BUF_FLAG_ERROR) {
        camera->drops.flagged++;
        app_camera_fail(error, FID_CORRUPT, "the driver marked the frame as damaged");
        return APP_CAMERA_DROPPED;
    }
    if (used == 0 || used > room || used < v4l2->frame_bytes) {
        camera->drops.short_bytes++;
        app_camera_fail(error, FID_CORRUPT, "the frame has %zu bytes of %zu", used,
                        v4l2->frame_bytes);
        return APP_CAMERA_DROPPED;
    }
    enum fid_status status;
    if (v4l2->fourcc == V4L2_PIX_FMT_YUYV) {
        const struct fid_frame view = {.format = FID_PIXELS_YUYV,
                                       .width = camera->width,
                                       .height = camera->height,
                                       .planes = {v4l2->buffers[buffer->index].start},
                                       .stride_bytes = {v4l2->stride_bytes}};
        status = fid_frame_copy(&view, frame, error);
    } else {
        status = fid_frame_decode_jpeg(bytes, used, "frame", frame, error);
    }
    if (status != FID_OK) {
        camera->drops.undecodable++;
        return APP_CAMERA_DROPPED;
    }
    return APP_CAMERA_FRAME;
}

static uint64_t capture_time(const struct v4l2_buffer *buffer)
{
    bool monotonic =
        (buffer->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    uint64_t now = app_now_ns();
    if (!monotonic || buffer->timestamp.tv_sec < 0)
        return now;
    uint64_t stamp = (uint64_t)buffer->timestamp.tv_sec * APP_NS_PER_S +
                     (uint64_t)buffer->timestamp.tv_usec * 1000u;
    return stamp <= now ? stamp : now;
}

static enum app_camera_result v4l2_read(struct app_camera *camera, int timeout_ms,
                                        struct fid_frame *frame, uint64_t *captured_ns,
                                        struct fid_error *error)
{
    const struct v4l2_camera *v4l2 = camera->state;
    uint64_t deadline = app_now_ns() + (uint64_t)timeout_ms * APP_NS_PER_MS;
    struct v4l2_buffer buffer;
    for (;;) {
        enum app_camera_result waited = wait_for_frame(v4l2->fd, deadline);
        if (waited == APP_CAMERA_LOST)
            return lost(camera, error);
        if (waited == APP_CAMERA_SILENT)
            return waited;
        buffer =
            (struct v4l2_buffer){.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
        if (app_v4l2_ioctl(v4l2->fd, VIDIOC_DQBUF, &buffer) == 0)
            break;
        if (errno != EAGAIN) /* ENODEV when unplugged; anything else has no way on either */
            return lost(camera, error);
    }
    if (buffer.index >= v4l2->buffer_count)
        return lost(camera, error);
    *captured_ns = capture_time(&buffer);
    enum app_camera_result result = convert(camera, &buffer, frame, error);
    /* An unplug may be noticed here first: then this frame was the last one. */
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_QBUF, &buffer) < 0)
        return lost(camera, error);
    return result;
}

const struct app_camera_backend app_camera_v4l2 = {
    .name = "v4l2", .open = v4l2_open, .read = v4l2_read, .close = v4l2_close};
