/* camera_table.c - which backend reads what: the table to which a new kind of source is added.
 */
#include "app/app.h"
#include "app/input/camera.h"
#include "app/input/clip.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_stdin(const char *where, bool input)
{
    return input && strcmp(where, "-") == 0;
}

static bool is_stream(const char *where, bool input)
{
    (void)input;
    return app_clip_is_url(where);
}

static bool is_device(const char *where, bool input)
{
    struct stat info;
    return !input || (stat(where, &info) == 0 && S_ISCHR(info.st_mode));
}

static bool is_clip(const char *where, bool input)
{
    uint8_t bytes[192];
    struct stat info;
    FILE *file =
        input && stat(where, &info) == 0 && S_ISREG(info.st_mode) ? fopen(where, "rbe") : NULL;
    if (file == NULL)
        return false;
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return app_clip_looks_like(bytes, count);
}

static bool is_anything(const char *where, bool input)
{
    (void)where;
    return input;
}

/* The first that fits is taken. */
static const struct {
    bool (*fits)(const char *where, bool input);
    const struct app_camera_backend *backend;
} backends[] = {
    {is_stdin, &app_camera_stdin}, {is_stream, &app_camera_clip},    {is_device, &app_camera_v4l2},
    {is_clip, &app_camera_clip},   {is_anything, &app_camera_files},
};

const struct app_camera_backend *app_camera_backend(const char *where, bool input,
                                                    struct fid_error *error)
{
    if (where == NULL)
        return &app_camera_v4l2;
    if (strstr(where, "://") != NULL && !app_clip_is_url(where)) {
        app_error(error, FID_UNSUPPORTED,
                  "the only network streams read are rtsp://, not %.200s; for others use "
                  "ffmpeg: ffmpeg -i URL -f mjpeg - | faceid live --input -",
                  where);
        return NULL;
    }
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
        if (backends[i].fits(where, input))
            return backends[i].backend;
    return NULL;
}
