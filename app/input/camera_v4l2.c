/* camera_v4l2.c - a webcam through the kernel's interface: ioctl, mapped buffers, poll. A
 * frame is used only after its flags and its length were checked, because bad cables cut frames. */
#include "app/input/camera_v4l2.h"
#include "app/clock.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

static const char by_id[] = "/dev/v4l/by-id/";

/* FILLS the camera's path and where. A path is taken as it is, so that links and odd names
 * work, but a number is not used again after a loss. */
static enum fid_status find_device(struct app_camera *camera,
                                   const struct app_camera_request *request,
                                   struct fid_error *error)
{
    const char *where = request->where;
    bool path = where != NULL && strchr(where, '/') != NULL;
    bool again = request->name != NULL && (!path || strncmp(where, by_id, strlen(by_id)) != 0);
    if (path && strlen(where) >= sizeof camera->path)
        return app_error(error, FID_NOT_FOUND, "the path of the camera is too long");
    if (path && !again) {
        strcpy(camera->path, where);
        strcpy(camera->where, where);
        return FID_OK;
    }
    struct app_camera_list list;
    const struct app_camera_info *info = NULL;
    enum fid_status status = app_camera_list_open(&list, error);
    if (status == FID_OK && again) {
        info = app_camera_find_again(&list, request->name, request->bus);
        if (info == NULL)
            status = app_error(error, FID_NOT_FOUND, "camera %s has not come back", request->name);
    } else if (status == FID_OK) {
        status = app_camera_find(&list, where, &info, error);
    }
    if (status == FID_OK) {
        strcpy(camera->path, info->path);
        strcpy(camera->where, info->id_path[0] != '\0' ? info->id_path : info->path);
    }
    app_camera_list_close(&list);
    return status;
}

static void v4l2_close(struct app_camera *camera)
{
    if (camera->state != NULL)
        app_v4l2_stop(camera->state);
    free(camera->state);
    *camera = (struct app_camera){0};
}

static enum fid_status v4l2_open(struct app_camera *camera,
                                 const struct app_camera_request *request, struct fid_error *error)
{
    *camera = (struct app_camera){.backend = &app_camera_v4l2, .live = true};
    enum fid_status status = find_device(camera, request, error);
    struct app_v4l2 *v4l2 = status == FID_OK ? calloc(1, sizeof *v4l2) : NULL;
    if (v4l2 != NULL) {
        v4l2->fd = -1;
        camera->state = v4l2;
        status = app_v4l2_start(camera, request, v4l2, error);
    } else if (status == FID_OK) {
        status = app_error(error, FID_NO_MEMORY, "no memory for a camera");
    }
    if (status != FID_OK)
        v4l2_close(camera);
    return status;
}

/* ---- reading ---- */

static enum app_camera_result lost(const struct app_camera *camera, struct fid_error *error)
{
    app_error(error, FID_IO, "camera %s was unplugged or stopped", camera->path);
    return APP_CAMERA_LOST;
}

/* Waits for a frame or for an error from poll: FRAME (fetch it), SILENT or LOST. */
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

static bool is_flagged(struct app_camera *camera, const struct v4l2_buffer *buffer)
{
    bool flagged = buffer->flags & V4L2_BUF_FLAG_ERROR;
    camera->drops.flagged += flagged;
    return flagged;
}

/* Turns the bytes of one dequeued buffer into a frame. */
static enum app_camera_result take(struct app_camera *camera, const struct v4l2_buffer *buffer,
                                   struct fid_frame *frame, struct fid_error *error)
{
    const struct app_v4l2 *v4l2 = camera->state;
    size_t room = v4l2->buffers[buffer->index].bytes;
    if (is_flagged(camera, buffer)) {
        app_error(error, FID_CORRUPT, "the driver marked the frame as damaged");
        return APP_CAMERA_DROPPED;
    }
    return app_frame_take(&v4l2->layout, v4l2->buffers[buffer->index].start,
                          buffer->bytesused <= room ? buffer->bytesused : 0, frame, &camera->drops,
                          error);
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

/* FRAME, SILENT (no frame left) or LOST: ENODEV if unplugged; other errors are final, too. */
static enum app_camera_result dequeue(const struct app_v4l2 *v4l2, struct v4l2_buffer *buffer)
{
    *buffer = (struct v4l2_buffer){.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_DQBUF, buffer) < 0)
        return errno == EAGAIN ? APP_CAMERA_SILENT : APP_CAMERA_LOST;
    return buffer->index < v4l2->buffer_count ? APP_CAMERA_FRAME : APP_CAMERA_LOST;
}

/* The newest of the waiting frames, so that a late reader catches up. */
static enum app_camera_result dequeue_newest(struct app_camera *camera, struct v4l2_buffer *buffer)
{
    const struct app_v4l2 *v4l2 = camera->state;
    enum app_camera_result result = dequeue(v4l2, buffer);
    for (uint32_t i = 1; result == APP_CAMERA_FRAME && i < v4l2->buffer_count; i++) {
        struct v4l2_buffer newer;
        enum app_camera_result next = dequeue(v4l2, &newer);
        if (next == APP_CAMERA_SILENT)
            break;
        is_flagged(camera, buffer);
        if (next == APP_CAMERA_LOST || app_v4l2_ioctl(v4l2->fd, VIDIOC_QBUF, buffer) < 0)
            return APP_CAMERA_LOST;
        *buffer = newer;
    }
    return result;
}

static enum app_camera_result v4l2_read(struct app_camera *camera, int timeout_ms,
                                        struct fid_frame *frame, uint64_t *captured_ns,
                                        struct fid_error *error)
{
    const struct app_v4l2 *v4l2 = camera->state;
    uint64_t deadline = app_now_ns() + (uint64_t)timeout_ms * APP_NS_PER_MS;
    struct v4l2_buffer buffer;
    enum app_camera_result result;
    do {
        result = wait_for_frame(v4l2->fd, deadline);
        if (result == APP_CAMERA_SILENT)
            return result;
        if (result == APP_CAMERA_FRAME)
            result = dequeue_newest(camera, &buffer);
    } while (result == APP_CAMERA_SILENT);
    if (result == APP_CAMERA_LOST)
        return lost(camera, error);
    *captured_ns = capture_time(&buffer);
    result = take(camera, &buffer, frame, error);
    /* An unplug may show here first: then this frame was the last one. */
    if (app_v4l2_ioctl(v4l2->fd, VIDIOC_QBUF, &buffer) < 0)
        return lost(camera, error);
    return result;
}

const struct app_camera_backend app_camera_v4l2 = {
    .name = "v4l2", .open = v4l2_open, .read = v4l2_read, .close = v4l2_close};
