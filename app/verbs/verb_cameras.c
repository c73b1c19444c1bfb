/* verb_cameras.c - faceid cameras: lists the cameras of this machine. */
#include "app/app.h"
#include "app/input/camera.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <stdio.h>

static const struct app_option cameras_options[] = {
    {"json", 'j', APP_FLAG, NULL, "one JSON object per camera", 0, 0},
    {0},
};

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void print_json(const struct app_camera_info *camera)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "index", camera->index);
    app_json_text(&json, "path", camera->path);
    app_json_text(&json, "id_path", or_null(camera->id_path));
    app_json_text(&json, "name", or_null(camera->name));
    app_json_text(&json, "bus", or_null(camera->bus));
    app_json_bool(&json, "readable", camera->readable);
    app_json_open(&json, "modes", '[');
    for (size_t i = 0; i < camera->mode_count; i++) {
        const struct app_camera_mode *mode = &camera->modes[i];
        char format[5];
        app_fourcc_text(mode->fourcc, format);
        app_json_open(&json, NULL, '{');
        app_json_text(&json, "format", format);
        app_json_whole(&json, "width", mode->width);
        app_json_whole(&json, "height", mode->height);
        app_json_number(&json, "fps", mode->fps, 2);
        app_json_close(&json, '}');
    }
    app_json_close(&json, ']');
    app_json_close(&json, '}');
    app_json_line(&json);
}

/* "  MJPG 640x480@30 1280x720@30": one line for each run of modes with the same format. */
static void print_modes(const struct app_camera_info *camera)
{
    uint32_t format = 0;
    for (size_t i = 0; i < camera->mode_count; i++) {
        const struct app_camera_mode *mode = &camera->modes[i];
        if (i == 0 || mode->fourcc != format) {
            char text[5];
            app_fourcc_text(mode->fourcc, text);
            printf("%s    %s", i > 0 ? "\n" : "", text);
            format = mode->fourcc;
        }
        printf(" %dx%d", mode->width, mode->height);
        if (mode->fps > 0)
            printf("@%.4g", mode->fps);
    }
    if (camera->mode_count > 0)
        putchar('\n');
}

static void print_text(const struct app_camera_info *camera)
{
    printf("%d\t%s\t", camera->index, camera->path);
    if (camera->readable)
        app_put_visible(stdout, camera->name);
    else
        fputs("(no permission: add your user to the group 'video' and log in again)", stdout);
    putchar('\t');
    app_put_visible(stdout, camera->bus);
    putchar('\n');
    if (camera->id_path[0] != '\0') {
        fputs("    ", stdout);
        app_put_visible(stdout, camera->id_path);
        putchar('\n');
    }
    print_modes(camera);
}

static enum app_exit run(struct app *app)
{
    struct app_camera_list list;
    struct fid_error error;
    if (app_camera_list_open(&list, &error) != FID_OK)
        return app_fail(APP_AREA_CAMERA, &error);
    for (size_t i = 0; i < list.count; i++) {
        if (app_option_flag(app, "json"))
            print_json(&list.cameras[i]);
        else
            print_text(&list.cameras[i]);
    }
    if (list.count == 0)
        app_say(app, "no camera was found: there is no capture device among /dev/video*");
    app_camera_list_close(&list);
    return APP_OK;
}

const struct app_verb app_verb_cameras = {
    .name = "cameras",
    .arguments = "",
    .summary = "the cameras of this machine",
    .details =
        "Prints one line per camera: index, path, name, bus. Below it: the path that survives\n"
        "reboots, and the modes as FORMAT WIDTHxHEIGHT@FPS.\n",
    .examples = "faceid cameras\twhat --camera can mean\n"
                "faceid cameras --json\tthe same for programs\n",
    .options = cameras_options,
    .run = run,
};
