/* verb_reembed.c - faceid reembed: moves the gallery to another model, using kept crops. */
#include "app/app.h"
#include "app/output/text.h"

#include <stdio.h>

#define NAMED_MOST 20 /* of people who must come back */

static const struct app_option reembed_options[] = {
    {"dry-run", 0, APP_FLAG, NULL, "only print who can move and who must come back", 0, 0},
    {"leave-out", 0, APP_FLAG_IN_FULL, NULL, "drop the people who must come back", 0, 0},
    {"copy", 0, APP_FILE, "FILE", "copy of the old gallery (default: beside it, with the time)", 0,
     0},
    {0},
};

/* name<TAB>faces<TAB>crops<TAB>outcome */
static void print_people(const struct app *app)
{
    struct fid_person person;
    for (size_t i = 0; i < fid_gallery_count(app->gallery); i++) {
        fid_gallery_person(app->gallery, i, &person);
        app_put_visible(stdout, person.name);
        printf("\t%zu\t%zu\t%s\n", person.sample_count, person.crop_count,
               person.crop_count > 0 ? "can move" : "must come back");
    }
}

/* Reports the people without a crop; returns how many there are. */
static size_t tell_absent(const struct app *app)
{
    struct fid_person person;
    size_t absent = 0;
    for (size_t i = 0; i < fid_gallery_count(app->gallery); i++) {
        fid_gallery_person(app->gallery, i, &person);
        if (person.crop_count > 0)
            continue;
        if (absent++ < NAMED_MOST)
            app_warn("%s must come back: no crop is kept", person.name);
    }
    if (absent > NAMED_MOST)
        app_warn("and %zu more must come back (--dry-run prints all)", absent - NAMED_MOST);
    return absent;
}

/* Does it open with the new model? Checked before anything is reported or copied. */
static bool is_of_that_model(const struct app *app)
{
    struct fid_gallery *gallery = NULL;
    const bool opens =
        fid_gallery_open(app->gallery_path, app->recognizer, app->secret,
                         FID_GALLERY_READ_ONLY | app_gallery_flags(app), &gallery, NULL) == FID_OK;
    fid_gallery_close(&gallery);
    return opens;
}

static enum app_exit copy(struct app *app, char *path, size_t bytes)
{
    struct fid_error error;
    const char *wanted = app_option_text(app, "copy", NULL);
    if (wanted != NULL)
        snprintf(path, bytes, "%s", wanted);
    else if (app_on_server(app->gallery_path))
        return app_usage(app,
                         "--copy FILE has to say where the copy of a gallery on a server goes");
    else
        fid_gallery_aside(app->gallery_path, path, bytes);
    return fid_gallery_backup(app->gallery, path, false, &error) == FID_OK
               ? APP_OK
               : app_fail(APP_AREA_GALLERY, &error);
}

static void tell_done(const struct app *app, const struct fid_reembedded *done, const char *path)
{
    app_say(app, "%zu %s of %zu %s are embedded again", done->faces,
            app_plural(done->faces, "face", "faces"), done->people,
            app_plural(done->people, "person", "people"));
    if (done->faces_lost > 0)
        app_say(app, "%zu %s gone", done->faces_lost,
                app_plural(done->faces_lost, "face had no usable crop and is",
                           "faces had no usable crop and are"));
    if (done->people_lost > 0)
        app_say(app, "%zu %s left out", done->people_lost,
                app_plural(done->people_lost, "person is", "people are"));
    if (done->calibrated)
        app_say(app, "the limit calibrated for the old model is taken back (calibrate "
                     "again)");
    app_say(app, "the old gallery is in %s; forget reaches it there, too", path);
}

static bool stop(void *ctx)
{
    (void)ctx;
    return app_interrupted();
}

static enum app_exit reembed(struct app *app)
{
    struct fid_reembedded done;
    struct fid_error error;
    char path[4200];
    const bool leave_out = app_option_flag(app, "leave-out");
    if (tell_absent(app) > 0 && !leave_out) {
        app_warn("nothing is changed; enroll them again with the new model in another gallery, or "
                 "continue without them (--leave-out)");
        return APP_REFUSED;
    }
    if (fid_model_confirm(app->recognizer, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    enum app_exit code = copy(app, path, sizeof path);
    if (code != APP_OK)
        return code;
    if (fid_gallery_reembed(app->gallery, app->recognizer, app->embedder, leave_out, stop, NULL,
                            &done, &error) != FID_OK) {
        app_say(app, "nothing is changed; there is a copy in %s", path);
        return app_fail(APP_AREA_GALLERY, &error);
    }
    tell_done(app, &done, path);
    return APP_OK;
}

static enum app_exit run(struct app *app)
{
    enum app_exit code = app_open_embedder(app, 1);
    const bool dry = app_option_flag(app, "dry-run");
    if (code == APP_OK)
        code = app_open_gallery(app, dry ? FID_GALLERY_READ_ONLY : 0, false);
    if (code != APP_OK)
        return code;
    if (is_of_that_model(app)) {
        app_warn("nothing is changed: the gallery %s is of that model already, or empty",
                 app->gallery_path);
        return APP_GALLERY;
    }
    if (!dry)
        return reembed(app);
    print_people(app);
    return APP_OK;
}

const struct app_verb app_verb_reembed = {
    .name = "reembed",
    .arguments = "",
    .summary = "move to another model, using the kept crops",
    .details =
        "The vectors of one model mean nothing to another. With --model NEW every face goes\n"
        "through the new network, from the crops kept by enroll --keep-crops (or keep_crops = 1\n"
        "below [enroll] in the settings). People without crops must come back: they are listed,\n"
        "and nothing is changed (exit code 7) without --leave-out. The old gallery is copied\n"
        "first; that copy is the way back, not undo. A calibrated limit is dropped.\n",
    .examples = "faceid reembed --model new.fid --dry-run\twho can move\n"
                "faceid reembed --model new.fid\tmove to it\n",
    .groups = APP_USES_MODEL | APP_USES_GALLERY,
    .whole = true,
    .options = reembed_options,
    .run = run,
};
