/* verb_check.c - faceid check: checks the gallery, and saves what damage has not hit. */
#include "app/advice.h"
#include "app/app.h"
#include "app/secret.h"
#include "app/output/text.h"

static const struct app_option check_options[] = {
    {"salvage", 0, APP_FILE, "FILE", "save the undamaged part as a new gallery", 0, 0},
    {0},
};

static void tell(void *ctx, const char *sentence)
{
    (void)ctx;
    app_warn("%s", sentence);
}

static enum app_exit salvage(struct app *app, const char *target)
{
    size_t people = 0;
    struct fid_error error;
    enum app_exit code = APP_OK;
    if (app_option_flag(app, "model")) /* a model found by default may be another one */
        code = app_open_recognizer(app);
    if (code != APP_OK)
        return code;
    app_advise_for("check --salvage");
    if (fid_gallery_salvage(app->gallery_path, app->secret, app->recognizer, target, tell, NULL,
                            &people, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "%zu %s saved to %s", people, app_plural(people, "person", "people"), target);
    return APP_OK;
}

static enum app_exit run(struct app *app)
{
    const char *target = app_option_text(app, "salvage", NULL);
    size_t faults = 0;
    struct fid_error error;
    enum app_exit code = app_find_gallery(app);
    if (code == APP_OK)
        code = app_read_secret(app);
    if (code != APP_OK)
        return code;
    if (target != NULL)
        return salvage(app, target);
    if (fid_gallery_check(app->gallery_path, app->secret, tell, NULL, &faults, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    if (faults == 0)
        app_say(app, "%s is whole", app->gallery_path);
    else if (app_on_server(app->gallery_path))
        app_warn("%s is damaged: put a copy in its place (faceid restore COPY)", app->gallery_path);
    else
        app_warn(
            "%s is damaged: put a copy in its place (faceid restore COPY --gallery %s), or save "
            "the rest (faceid check --salvage FILE --gallery %s)",
            app->gallery_path, app->gallery_path, app->gallery_path);
    return faults == 0 ? APP_OK : APP_GALLERY;
}

const struct app_verb app_verb_check = {
    .name = "check",
    .arguments = "",
    .summary = "is the gallery whole?",
    .details =
        "Checks every row and last day, and that no row is missing. Exit code 5, and one line per\n"
        "fault, if something is damaged. Completes a forgetting that another process had delayed.\n"
        "Every verb refuses a file with a table, index, trigger or view that faceid did not make,\n"
        "by name and before any of it runs.\n"
        "--salvage saves every face whose checksum is right, wherever in the file it is. If its\n"
        "name is lost, the person is called 'recovered N'; if the model is lost, --model names\n"
        "it. Losses are reported; a calibrated limit is not saved.\n"
        "The damaged gallery and its journal stay as they are. faceid restore puts the new one in\n"
        "its place; until then forget does not know of it.\n",
    .examples = "faceid check\tis it intact?\n"
                "faceid check --salvage saved.db\tall undamaged faces in a new gallery\n",
    .groups = APP_USES_MODEL | APP_USES_GALLERY,
    .options = check_options,
    .run = run,
};
