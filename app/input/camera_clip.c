/* camera_clip.c - a clip or an rtsp:// stream instead of a camera, through a child ffmpeg. */
#include "app/clock.h"
#include "app/input/camera.h"
#include "app/input/clip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CUSTOMARY_FPS 25 /* for clips that do not state their rate */

static enum fid_status clip_open(struct app_camera *camera,
                                 const struct app_camera_request *request, struct fid_error *error)
{
    const char *where = request->where;
    bool url = app_clip_is_url(where);
    *camera = (struct app_camera){0};
    if (strlen(where) >= sizeof camera->where)
        return app_error(error, FID_NOT_FOUND, "the path of the source is too long");
    if (!url && access(where, R_OK) != 0)
        return app_error(error, errno == ENOENT ? FID_NOT_FOUND : FID_IO, "%s cannot be read: %s",
                         where, strerror(errno));
    const struct app_clip_options options = {.last = -1, .every = 1, .loop = request->loop};
    struct app_clip *clip;
    enum fid_status status = app_clip_open(where, &options, &clip, error);
    if (status != FID_OK)
        return status;
    *camera =
        (struct app_camera){.backend = &app_camera_clip, .state = clip, .live = url, .remote = url};
    strcpy(camera->where, where);
    app_clip_shown(where, camera->path, sizeof camera->path);
    const char *slash = strrchr(camera->path, '/');
    snprintf(camera->name, sizeof camera->name, "%.63s",
             slash != NULL && !url ? slash + 1 : camera->path);
    camera->fps = request->fps;
    return FID_OK;
}

static enum app_camera_result clip_read(struct app_camera *camera, int timeout_ms,
                                        struct fid_frame *frame, uint64_t *captured_ns,
                                        struct fid_error *error)
{
    struct app_clip *clip = camera->state;
    enum app_camera_result result = app_clip_read(clip, timeout_ms, frame, error);
    if (result == APP_CAMERA_FRAME && camera->fps <= 0)
        camera->fps = app_clip_rate(clip) > 0 ? app_clip_rate(clip) : CUSTOMARY_FPS;
    *captured_ns = app_now_ns();
    return result;
}

static void clip_close(struct app_camera *camera)
{
    struct app_clip *clip = camera->state;
    app_clip_close(&clip);
    *camera = (struct app_camera){0};
}

const struct app_camera_backend app_camera_clip = {
    .name = "clip", .open = clip_open, .read = clip_read, .close = clip_close};
