/* camera_select.c - which camera is meant, and which of its formats is best. No device is
 * touched here, so the tests can ask about cameras that do not exist. */
#include "app/input/camera.h"

#include <linux/videodev2.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WANTED_WIDTH  1280
#define WANTED_HEIGHT 720
#define WANTED_FPS    25.0 /* 30 fps cameras report 29.97 or, in poor light, 25 */

/* Frames up to this size are requested as YUYV if the rate allows: no loss and no decoding. */
#define SMALL_PIXELS (640 * 480)

void app_fourcc_text(uint32_t fourcc, char text[5])
{
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)(fourcc >> (8 * i));
        text[i] = c >= ' ' && c < 0x7f ? (char)c : '.';
    }
    text[4] = '\0';
}

/* ---- which camera ---- */

bool app_camera_is_index(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

static bool same_file(const char *a, const char *b)
{
    char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
    bool same = real_a != NULL && real_b != NULL && strcmp(real_a, real_b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

bool app_camera_matches(const struct app_camera_info *camera, const char *where)
{
    if (app_camera_is_index(where))
        return strtol(where, NULL, 10) == camera->index;
    if (strchr(where, '/') != NULL)
        return strcmp(where, camera->path) == 0 || strcmp(where, camera->id_path) == 0 ||
               same_file(where, camera->path);
    return strcasestr(camera->name, where) != NULL;
}

enum fid_status app_camera_find(const struct app_camera_list *list, const char *where,
                                const struct app_camera_info **camera, struct fid_error *error)
{
    *camera = NULL;
    if (list->count == 0)
        return app_error(error, FID_NOT_FOUND,
                         "no camera was found (no capture device among /dev/video*)");
    if (where == NULL) {
        *camera = &list->cameras[0];
        return FID_OK;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!app_camera_matches(&list->cameras[i], where))
            continue;
        if (*camera != NULL) {
            const char *first = (*camera)->path;
            *camera = NULL;
            return app_error(error, FID_INVALID,
                             "camera '%s' may mean %s or %s; `faceid cameras` lists them", where,
                             first, list->cameras[i].path);
        }
        *camera = &list->cameras[i];
    }
    if (*camera == NULL)
        return app_error(error, FID_NOT_FOUND,
                         "there is no camera '%s'; `faceid cameras` lists them", where);
    return FID_OK;
}

const struct app_camera_info *app_camera_find_again(const struct app_camera_list *list,
                                                    const char *name, const char *bus)
{
    const struct app_camera_info *found = NULL;
    int count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct app_camera_info *camera = &list->cameras[i];
        if (strcmp(camera->name, name) != 0)
            continue;
        if (strcmp(camera->bus, bus) == 0)
            return camera;
        found = camera;
        count++;
    }
    return count == 1 ? found : NULL; /* the only one with its name may be in another socket */
}

/* ---- which format ---- */

/* How far a mode is from the request: lower is better. By the weights the rate comes first, then
 * the size, and the format decides only between equals; gray is as bad as a size that is off by a
 * factor of two. */
static double mode_cost(const struct app_camera_mode *mode,
                        const struct app_camera_request *request)
{
    double fps = request->fps > 0 ? request->fps : WANTED_FPS;
    double width = request->width > 0 ? request->width : WANTED_WIDTH;
    double height = request->height > 0 ? request->height : WANTED_HEIGHT;
    double short_of = mode->fps > 0 && mode->fps < fps - 0.5 ? log2(fps / mode->fps) : 0;
    double away = fabs(log2(mode->width / width)) + fabs(log2(mode->height / height));
    bool small = (double)mode->width * mode->height <= SMALL_PIXELS;
    bool liked = small != app_fourcc_is_mjpeg(mode->fourcc);
    bool gray = mode->fourcc == V4L2_PIX_FMT_GREY;
    return 100 * short_of + away + (liked ? 0 : 0.001) + (gray ? 1 : 0);
}

const struct app_camera_mode *app_camera_choose(const struct app_camera_mode *modes, size_t count,
                                                const struct app_camera_request *request)
{
    const struct app_camera_mode *best = NULL;
    double best_cost = 0;
    for (size_t i = 0; i < count; i++) {
        const struct app_camera_mode *mode = &modes[i];
        if (!app_fourcc_is_read(mode->fourcc) || mode->width <= 0 || mode->height <= 0)
            continue;
        double cost = mode_cost(mode, request);
        if (best == NULL || cost < best_cost) {
            best = mode;
            best_cost = cost;
        }
    }
    return best;
}
