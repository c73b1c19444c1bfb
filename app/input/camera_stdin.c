/* camera_stdin.c - frames that another program pipes into us: Motion-JPEG, Y4M or PPM. */
#include "app/app.h"
#include "app/clock.h"
#include "app/input/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum fid_status stdin_open(struct app_camera *camera,
                                  const struct app_camera_request *request, struct fid_error *error)
{
    *camera = (struct app_camera){0};
    if (isatty(STDIN_FILENO))
        return app_error(error, FID_INVALID,
                         "nothing is piped into --input -: ffmpeg -i CLIP -f mjpeg - | "
                         "faceid live --input -");
    struct app_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return app_error(error, FID_NO_MEMORY, "no memory for a stream");
    app_stream_reset(stream, STDIN_FILENO);
    *camera = (struct app_camera){.backend = &app_camera_stdin,
                                  .state = stream,
                                  .name = "standard input",
                                  .path = "-",
                                  .where = "-",
                                  .fps = request->fps};
    return FID_OK;
}

static enum app_camera_result stdin_read(struct app_camera *camera, int timeout_ms,
                                         struct fid_frame *frame, uint64_t *captured_ns,
                                         struct fid_error *error)
{
    struct app_stream *stream = camera->state;
    enum app_camera_result result =
        app_stream_read(stream, timeout_ms, frame, &camera->drops, error);
    *captured_ns = app_now_ns();
    if (camera->fps <= 0)
        camera->fps = stream->state.fps;
    if (result == APP_CAMERA_END && error->text[0] != '\0')
        app_warn("%s", error->text);
    return result;
}

static void stdin_close(struct app_camera *camera)
{
    if (camera->state != NULL)
        app_stream_close(camera->state);
    free(camera->state);
    *camera = (struct app_camera){0};
}

const struct app_camera_backend app_camera_stdin = {
    .name = "stdin", .open = stdin_open, .read = stdin_read, .close = stdin_close};
