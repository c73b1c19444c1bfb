/* app.c - what the verbs share, opened at its first use: runtime, models, gallery. */
#include "app/app.h"

#include "app/find_model.h"
#include "app/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void log_line(void *ctx, const char *line)
{
    app_detail(ctx, "%s", line);
}

struct fid_options app_runtime_options(struct app *app)
{
    return (struct fid_options){
        .threads = app_option_whole(app, "threads", app->threads),
        .isa = app_option_text(app, "isa", app_environment("FID_ISA")),
        .method = app_option_text(app, "method", NULL),
        .low_memory = app_option_flag(app, "low-memory"),
        .log = app->log ? log_line : NULL,
        .log_ctx = app,
    };
}

enum app_exit app_open_runtime(struct app *app)
{
    struct fid_error error;
    if (app->runtime != NULL)
        return APP_OK;
    const struct fid_options options = app_runtime_options(app);
    if (fid_runtime_open(&app->runtime, &options, &error) != FID_OK)
        return app_fail(APP_AREA_USAGE, &error);
    return APP_OK;
}

static enum app_exit open_model(struct app *app, enum app_model_kind kind, struct fid_model **model)
{
    enum app_exit code = *model != NULL ? APP_OK : app_open_runtime(app);
    if (code != APP_OK || *model != NULL)
        return code;
    code = app_find_model(app, kind, model);
    if (code == APP_OK) {
        struct fid_model_info info;
        fid_model_info(*model, &info);
        app_detail(app, "%s: %s (%s)", info.kind, info.name, info.path);
    }
    return code;
}

enum app_exit app_open_recognizer(struct app *app)
{
    return open_model(app, APP_RECOGNIZER, &app->recognizer);
}

/* Once both are open: does one take the other's faces? */
static enum app_exit check_pair(const struct app *app)
{
    struct fid_error error;
    if (app->detector != NULL && app->embedder != NULL &&
        fid_embedder_check(app->embedder, app->detector, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    return APP_OK;
}

enum app_exit app_open_detector(struct app *app)
{
    struct fid_error error;
    if (app->detector != NULL)
        return APP_OK;
    enum app_exit code = open_model(app, APP_DETECTOR, &app->detector_model);
    if (code != APP_OK)
        return code;
    struct fid_detect_options options = {
        .min_score = (float)app_option_number(app, "min-score", 0),
        .min_face = app_option_whole(app, "min-face", 0),
        .max_side = app_option_whole(app, "max-side", app->max_side),
    };
    if (fid_detector_open(app->runtime, app->detector_model, &options, &app->detector, &error) !=
        FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    return check_pair(app);
}

enum app_exit app_open_embedder(struct app *app, int batch)
{
    struct fid_error error;
    if (app->embedder != NULL)
        return APP_OK;
    enum app_exit code = app_open_recognizer(app);
    if (code != APP_OK)
        return code;
    if (fid_embedder_open(app->runtime, app->recognizer, batch, &app->embedder, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    return check_pair(app);
}

enum app_exit app_find_gallery(struct app *app)
{
    const char *path = app_option_text(app, "gallery", app_environment("FACEID_GALLERY"));
    const char *data = app_environment("XDG_DATA_HOME"), *home = app_environment("HOME");
    int written = -1;
    if (path != NULL)
        written = snprintf(app->gallery_path, sizeof app->gallery_path, "%s", path);
    else if (data != NULL)
        written =
            snprintf(app->gallery_path, sizeof app->gallery_path, "%s/faceid/gallery.db", data);
    else if (home != NULL)
        written = snprintf(app->gallery_path, sizeof app->gallery_path,
                           "%s/.local/share/faceid/gallery.db", home);
    if (written > 0 && (size_t)written < sizeof app->gallery_path)
        return APP_OK;
    app_warn(written > 0 ? "the path of the gallery is too long"
                         : "no place for a gallery: neither --gallery nor HOME is set");
    return APP_GALLERY;
}

bool app_may_be_changed(const char *path)
{
    char folder[sizeof((struct app *)0)->gallery_path];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    return access(path, W_OK) == 0 && access(slash != NULL ? folder : ".", W_OK) == 0;
}

bool app_on_server(const char *path)
{
    return strncmp(path, "postgresql://", 13) == 0 || strncmp(path, "postgres://", 11) == 0;
}

unsigned app_gallery_flags(const struct app *app)
{
    return app_option_flag(app, "plain-server") ? FID_GALLERY_PLAIN_SERVER : 0;
}

bool app_others_may_read(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & 077) != 0;
}

enum app_exit app_open_gallery(struct app *app, unsigned flags, bool check_model)
{
    struct fid_error error;
    if (app->gallery != NULL)
        return APP_OK;
    enum app_exit code = app_find_gallery(app);
    if (code == APP_OK && check_model)
        code = app_open_recognizer(app);
    if (code == APP_OK)
        code = app_read_secret(app);
    if (code != APP_OK)
        return code;
    const bool open =
        (flags & FID_GALLERY_READ_ONLY) == 0 && app_others_may_read(app->gallery_path);
    if (fid_gallery_open(app->gallery_path, check_model ? app->recognizer : NULL, app->secret,
                         flags | app_gallery_flags(app), &app->gallery, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    if (open && !app_others_may_read(app->gallery_path))
        app_warn("other users could read the gallery %s; now only its owner can (mode 0600)",
                 app->gallery_path);
    app_detail(app, "gallery: %s, %zu people", app->gallery_path, fid_gallery_count(app->gallery));
    return APP_OK;
}

enum app_exit app_open_gallery_for(struct app *app, unsigned flags, int names,
                                   char checked[FID_NAME_BYTES])
{
    enum app_exit code = APP_OK;
    for (int i = 0; code == APP_OK && i < names; i++)
        code = app_check_name(app->arguments.words[i], checked);
    return code == APP_OK ? app_open_gallery(app, flags, false) : code;
}

void app_tell_if_expired(const struct app *app, const struct fid_person *person)
{
    if (person->expired)
        app_say(app,
                "%s is not named any more: the last day was %s (faceid forget NAME, or enroll NAME "
                "--expires DATE)",
                person->name, person->expires);
}

void app_tell_expired(const struct app *app)
{
    struct fid_person person;
    for (size_t i = 0; i < fid_gallery_count(app->gallery); i++) {
        fid_gallery_person(app->gallery, i, &person);
        app_tell_if_expired(app, &person);
    }
}

void app_close(struct app *app)
{
    fid_gallery_close(&app->gallery);
    fid_secret_close(&app->secret);
    fid_embedder_close(&app->embedder);
    fid_detector_close(&app->detector);
    fid_model_close(&app->recognizer);
    fid_model_close(&app->detector_model);
    fid_runtime_close(&app->runtime);
}
