/* verb_doctor.c - faceid doctor: reports what this machine lacks, one line per check, using the
 * same functions as the other verbs. */
#include "app/app.h"
#include "app/input/camera.h"
#include "app/output/json.h"
#include "app/output/model_info.h"
#include "app/output/text.h"
#if FID_SDL
#include "app/window/window_probe.h"
#endif

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct app_option doctor_options[] = {
    {"json", 'j', APP_FLAG, NULL, "one JSON object per check", 0, 0},
    {0},
};

enum { TEXT_BYTES = 8192 };

struct doctor {
    struct app *app;
    enum app_exit code; /* of the first failure */
    char said[TEXT_BYTES];
};

/* Prints one line; for a state other than "ok" advice says what to do. */
static void tell(const struct doctor *doctor, const char *what, const char *state,
                 const char *advice, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void tell(const struct doctor *doctor, const char *what, const char *state,
                 const char *advice, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (app_option_flag(doctor->app, "json")) {
        struct app_json json = app_json_begin(stdout);
        app_json_open(&json, NULL, '{');
        app_json_whole(&json, "v", 1);
        app_json_text(&json, "check", what);
        app_json_text(&json, "state", state);
        app_json_text(&json, "text", text);
        app_json_text(&json, "advice", advice);
        app_json_close(&json, '}');
        app_json_line(&json);
        return;
    }
    printf("%-4s  %-10s  ", state, what);
    app_put_visible(stdout, text);
    if (advice != NULL) {
        fputs("; ", stdout);
        app_put_visible(stdout, advice);
    }
    putchar('\n');
}

/* A failure with this exit code, whose message was already recorded. */
static void tell_failure(struct doctor *doctor, const char *what, enum app_exit code,
                         const char *advice)
{
    if (doctor->code == APP_OK)
        doctor->code = code;
    tell(doctor, what, "fail", advice, "%s", doctor->said);
}

/* Opens something as the verbs do, and keeps the last message. */
static enum app_exit listen(struct doctor *doctor, enum app_exit (*opener)(struct app *app))
{
    doctor->said[0] = '\0';
    app_talk_into(doctor->said, sizeof doctor->said);
    enum app_exit code = opener(doctor->app);
    app_talk_into(NULL, 0);
    return code;
}

static enum app_exit open_embedder(struct app *app)
{
    return app_open_embedder(app, 1);
}

/* With the recognizer's id compared, if there is one. */
static enum app_exit open_gallery(struct app *app)
{
    return app_open_gallery(app, FID_GALLERY_READ_ONLY, app->recognizer != NULL);
}

static void check_program(struct doctor *doctor)
{
    tell(doctor, "program", "ok", NULL,
         "faceid %s, %s live window, %s OpenBLAS, %s sealed galleries", FID_VERSION,
         FID_SDL ? "with" : "without", FID_OPENBLAS ? "with" : "without",
         FID_SODIUM ? "with" : "without");
}

/* The runtime logs one sentence that says what it chose and why. */
static void check_cpu(struct doctor *doctor)
{
    const bool verbose = doctor->app->verbose, log = doctor->app->log;
    doctor->app->verbose = doctor->app->log = true;
    enum app_exit code = listen(doctor, app_open_runtime);
    doctor->app->verbose = verbose;
    doctor->app->log = log;
    if (code != APP_OK)
        tell_failure(doctor, "cpu", code, "leave out --isa and FID_ISA for the best");
    else if (strcmp(fid_runtime_isa(doctor->app->runtime), "ref") == 0)
        tell(doctor, "cpu", "warn", "everything works, but slowly", "%s", doctor->said);
    else
        tell(doctor, "cpu", "ok", NULL, "%s", doctor->said);
}

/* Opens the model as the verbs do, and reads every byte of it. */
static void check_model(struct doctor *doctor, const char *what, enum app_exit code,
                        const struct fid_model *model, const char *advice)
{
    struct fid_model_info info;
    struct fid_error error;
    if (code == APP_OK && fid_model_verify(doctor->app->runtime, model, &error) != FID_OK) {
        code = APP_MODEL;
        snprintf(doctor->said, sizeof doctor->said, "%s", error.text);
    }
    if (code != APP_OK) {
        tell_failure(doctor, what, code, advice);
        return;
    }
    fid_model_info(model, &info);
    if (app_limits_are_given(model)) {
        char measure[TEXT_BYTES];
        app_limits_advice(model, measure, sizeof measure);
        tell(doctor, what, "warn", measure,
             "%s, every checksum right, its limits are given and not "
             "measured, %s",
             info.name, info.path);
        return;
    }
    tell(doctor, what, "ok", NULL, "%s, every checksum right, %s", info.name, info.path);
}

static void check_models(struct doctor *doctor)
{
    struct app *app = doctor->app;
    if (app->runtime == NULL)
        return;
    enum app_exit code = listen(doctor, open_embedder);
    check_model(doctor, "recognizer", code, app->recognizer, "or name one with --model FILE");
    code = listen(doctor, app_open_detector);
    check_model(doctor, "detector", code, app->detector_model, "or name one with --detector FILE");
}

/* Tries to make a gallery, and removes it again. FILLS doctor->said if that fails. */
static bool could_be_made(struct doctor *doctor, const char *path)
{
    char folder[4096 + 16];
    size_t length = strlen(path);
    do { /* the nearest existing folder */
        while (length > 0 && path[length - 1] != '/')
            length--;
        snprintf(folder, sizeof folder, "%.*s", (int)length, length > 0 ? path : "./");
        length -= length > 0;
    } while (length > 0 && access(folder, F_OK) != 0);
    snprintf(doctor->said, sizeof doctor->said, "%s, where %s would be, is not writable", folder,
             path);
    strncat(folder, ".faceid-XXXXXX", sizeof folder - strlen(folder) - 1);
    if (mkdtemp(folder) == NULL)
        return false;
    rmdir(folder);
    return true;
}

static void no_gallery(struct doctor *doctor, const char *path)
{
    if (could_be_made(doctor, path))
        tell(doctor, "gallery", "warn", "enroll someone: faceid enroll NAME SOURCE...",
             "there is none yet in %s", path);
    else
        tell_failure(doctor, "gallery", APP_GALLERY, "choose another place with --gallery FILE");
}

/* The advice depends on the owner. */
static void open_to_others(const struct doctor *doctor, const char *path)
{
    struct stat info;
    const bool own = geteuid() == 0 || stat(path, &info) != 0 || info.st_uid == geteuid();
    tell(doctor, "gallery", "warn",
         own ? "chmod 600 it" : "its owner can chmod 600 it; use your own with --gallery FILE",
         "other users may read %s", path);
}

static void check_gallery(struct doctor *doctor)
{
    struct app *app = doctor->app;
    enum app_exit code = listen(doctor, open_gallery);
    const char *path = app->gallery_path;
    if (code != APP_OK) { /* for an existing one, the message says what to do */
        tell_failure(doctor, "gallery", code, "or name another one with --gallery FILE");
        return;
    }
    const size_t count = fid_gallery_count(app->gallery);
    const bool on_server = app_on_server(path);
    if (!on_server && access(path, F_OK) != 0)
        no_gallery(doctor, path);
    else if (app_others_may_read(path))
        open_to_others(doctor, path);
    else if (!on_server && !app_may_be_changed(path))
        tell(doctor, "gallery", "warn", "use your own with --gallery FILE to enroll people",
             "%zu %s in %s, which or whose folder may not be written (%s): nothing in it can be "
             "changed",
             count, app_plural(count, "person", "people"), path, strerror(errno));
    else if (count == 0)
        tell(doctor, "gallery", "warn", "enroll someone: faceid enroll NAME SOURCE...",
             "no one is enrolled in %s", path);
    else
        tell(doctor, "gallery", "ok", NULL, "%zu %s in %s, %s%s%s", count,
             app_plural(count, "person", "people"), path,
             app->secret != NULL && on_server ? "sealed"
             : app->secret != NULL            ? "sealed, "
                                              : "",
             on_server ? "" : "for you alone",
             app->recognizer != NULL ? "" : " (its model was not checked)");
}

static void check_cameras(struct doctor *doctor)
{
    struct app_camera_list list;
    struct fid_error error;
    if (app_camera_list_open(&list, &error) != FID_OK) {
        snprintf(doctor->said, sizeof doctor->said, "%s", error.text);
        tell_failure(doctor, "cameras", app_exit_code(APP_AREA_CAMERA, error.status), NULL);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct app_camera_info *camera = &list.cameras[i];
        snprintf(doctor->said, sizeof doctor->said, "no permission to open %s", camera->path);
        if (camera->readable)
            tell(doctor, "camera", "ok", NULL, "%s, %s, %zu %s", camera->path, camera->name,
                 camera->mode_count, app_plural(camera->mode_count, "mode", "modes"));
        else
            tell_failure(doctor, "camera", APP_CAMERA,
                         "add your user to the group 'video' and log in again");
    }
    if (list.count == 0)
        tell(doctor, "camera", "warn", "plug one in, or use --input",
             "there is no capture device among /dev/video*");
    app_camera_list_close(&list);
}

static void check_window(struct doctor *doctor)
{
#if FID_SDL
    char text[512], packages[512], advice[600];
    if (app_window_probe_display(text, sizeof text))
        tell(doctor, "display", "ok", NULL, "%s", text);
    else
        tell(doctor, "display", "warn", "live needs --headless --events - here", "%s", text);
    const size_t scripts = app_window_probe_fonts(text, packages, sizeof text);
    snprintf(advice, sizeof advice, "install %s (Debian), or set FACEID_FONT", packages);
    if (text[0] == '\0')
        tell(doctor, "fonts", "ok", NULL, "all of %zu scripts", scripts);
    else
        tell(doctor, "fonts", "warn", advice, "none for %s", text);
#else
    tell(doctor, "display", "warn", "live needs --headless --events - here",
         "this build has no live window");
#endif
}

/* FILLS path with the program found in PATH. */
static bool in_path(const char *program, char *path, size_t bytes)
{
    const char *folders = app_environment("PATH");
    while (folders != NULL && *folders != '\0') {
        const int length = (int)strcspn(folders, ":");
        snprintf(path, bytes, "%.*s/%s", length, folders, program);
        if (length > 0 && access(path, X_OK) == 0)
            return true;
        folders += length + (folders[length] == ':');
    }
    return false;
}

static void check_ffmpeg(struct doctor *doctor)
{
    char path[4096];
    const char *missing = !in_path("ffprobe", path, sizeof path)  ? "ffprobe"
                          : !in_path("ffmpeg", path, sizeof path) ? "ffmpeg"
                                                                  : NULL;
    if (missing != NULL)
        tell(doctor, "clips", "warn", "install ffmpeg to read clips and rtsp:// streams",
             "there is no %s in PATH", missing);
    else
        tell(doctor, "clips", "ok", NULL, "%s", path);
}

static enum app_exit run(struct app *app)
{
    struct doctor doctor = {.app = app};
    check_program(&doctor);
    check_cpu(&doctor);
    check_models(&doctor);
    check_gallery(&doctor);
    check_cameras(&doctor);
    check_window(&doctor);
    check_ffmpeg(&doctor);
    return doctor.code;
}

const struct app_verb app_verb_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "what this machine has and lacks for faceid",
    .details =
        "Prints one line per check: ok, warn (something will not work well) or fail, what was\n"
        "checked, what was found, and what to do about it. Checks the CPU and its kernels,\n"
        "recognizer and detector (every byte), the gallery and who may read it, cameras and the\n"
        "permission to open them, display, fonts and ffmpeg.\n"
        "Exit code 0 if nothing fails, else that of the first failure.\n",
    .examples = "faceid doctor\twhy does it not work here?\n"
                "faceid doctor --json\tthe same for programs\n",
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY,
    .options = doctor_options,
    .run = run,
};
