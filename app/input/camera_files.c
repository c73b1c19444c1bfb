/* camera_files.c - a picture or a folder of pictures and clips instead of a camera. */
#include "app/app.h"
#include "app/clock.h"
#include "app/input/camera.h"
#include "app/input/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CUSTOMARY_FPS 25 /* pictures carry no rate of their own */

struct files {
    struct app_source *source;
    char path[sizeof((struct app_camera *)NULL)->path];
    char *paths[1];  /* the source borrows the list */
    bool loop, told; /* told: unreadable files were reported, once and not in each round */
    uint64_t frames; /* of this round */
};

static enum fid_status start(struct files *files, struct fid_error *error)
{
    const struct app_clip_options every_frame = {.last = -1, .every = 1};
    app_source_close(&files->source);
    files->frames = 0;
    return app_source_open(files->paths, 1, &every_frame, &files->source, error);
}

static void files_close(struct app_camera *camera)
{
    struct files *files = camera->state;
    if (files != NULL)
        app_source_close(&files->source);
    free(files);
    *camera = (struct app_camera){0};
}

static enum fid_status files_open(struct app_camera *camera,
                                  const struct app_camera_request *request, struct fid_error *error)
{
    *camera = (struct app_camera){0};
    if (strlen(request->where) >= sizeof camera->path)
        return app_error(error, FID_NOT_FOUND, "the path of the source is too long");
    if (access(request->where, R_OK) != 0)
        return app_error(error, errno == ENOENT ? FID_NOT_FOUND : FID_IO, "%s cannot be read: %s",
                         request->where, strerror(errno));
    struct files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return app_error(error, FID_NO_MEMORY, "no memory for a source of pictures");
    strcpy(files->path, request->where);
    files->paths[0] = files->path;
    files->loop = request->loop;
    *camera = (struct app_camera){.backend = &app_camera_files,
                                  .state = files,
                                  .fps = request->fps > 0 ? request->fps : CUSTOMARY_FPS};
    strcpy(camera->path, request->where);
    strcpy(camera->where, request->where);
    const char *slash = strrchr(camera->path, '/');
    snprintf(camera->name, sizeof camera->name, "%.63s", slash != NULL ? slash + 1 : camera->path);
    enum fid_status status = start(files, error);
    if (status != FID_OK)
        files_close(camera);
    return status;
}

static enum app_camera_result files_read(struct app_camera *camera, int timeout_ms,
                                         struct fid_frame *frame, uint64_t *captured_ns,
                                         struct fid_error *error)
{
    (void)timeout_ms; /* a file never makes us wait */
    struct files *files = camera->state;
    struct app_frame seen;
    if (app_source_next(files->source, &seen, error) != FID_OK) {
        if (!files->told)
            app_warn("%s", error->text); /* reported and skipped, as by the other verbs */
        camera->drops.undecodable++;
        return APP_CAMERA_DROPPED;
    }
    if (seen.picture == NULL && files->loop && files->frames > 0) {
        files->told = true;
        if (start(files, error) != FID_OK)
            return APP_CAMERA_LOST;
        return files_read(camera, timeout_ms, frame, captured_ns, error);
    }
    if (seen.picture == NULL)
        return APP_CAMERA_END;
    const struct fid_frame view = {.format = FID_PIXELS_RGB,
                                   .width = seen.picture->width,
                                   .height = seen.picture->height,
                                   .planes = {seen.picture->pixels},
                                   .stride_bytes = {seen.picture->stride_bytes}};
    if (fid_frame_copy(&view, frame, error) != FID_OK)
        return APP_CAMERA_DROPPED;
    files->frames++;
    *captured_ns = app_now_ns();
    return APP_CAMERA_FRAME;
}

const struct app_camera_backend app_camera_files = {
    .name = "files", .open = files_open, .read = files_read, .close = files_close};
