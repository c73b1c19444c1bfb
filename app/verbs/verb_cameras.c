/* verb_cameras.c - faceid cameras: lists the cameras of this machine. */
#include "app/app.h"
#include "app/input/camera.h"
#include "app/output/csv.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <stdio.h>

static const struct app_option cameras_options[] = {
    {"json", 'j', APP_FLAG, NULL, "one JSON object per camera", 0, 0},
    {"csv", 0, APP_FLAG, NULL, "comma-separated values, a line per mode", 0, 0},
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

/* A line for each mode; for a camera that offers none, one without. */
static void print_csv(const struct app_camera_info *camera)
{
    for (size_t i = 0; i < camera->mode_count || i == 0; i++) {
        struct app_csv csv = app_csv_begin(stdout);
        app_csv_whole(&csv, camera->index);
        app_csv_text(&csv, camera->path);
        app_csv_text(&csv, camera->id_path);
        app_csv_text(&csv, camera->name);
        app_csv_text(&csv, camera->bus);
        app_csv_text(&csv, camera->readable ? "1" : "0");
        if (i < camera->mode_count) {
            const struct app_camera_mode *mode = &camera->modes[i];
            char format[5];
            app_fourcc_text(mode->fourcc, format);
            app_csv_text(&csv, format);
            app_csv_whole(&csv, mode->width);
            app_csv_whole(&csv, mode->height);
            app_csv_number(&csv, mode->fps, 2);
        } else {
            for (int field = 0; field < 4; field++)
                app_csv_text(&csv, NULL);
        }
        app_csv_line(&csv);
    }
}

/* "  MJPG 640x480@30 1280x720@30": a line for each run of modes of one format. */
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
    const bool json = app_option_flag(app, "json"), csv = app_option_flag(app, "csv");
    if (json && csv)
        return app_usage(app, "--json and --csv exclude each other");
    if (app_camera_list_open(&list, &error) != FID_OK)
        return app_fail(APP_AREA_CAMERA, &error);
    if (csv)
        puts("index,path,id_path,name,bus,readable,format,width,height,fps");
    for (size_t i = 0; i < list.count; i++)
        (json ? print_json : csv ? print_csv : print_text)(&list.cameras[i]);
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
                "faceid cameras --csv\tthe same for a spreadsheet\n"
                "faceid cameras --json\tthe same for programs\n",
    .options = cameras_options,
    .run = run,
};
