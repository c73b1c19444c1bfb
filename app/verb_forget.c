#include "app/app.h"

static enum app_exit run(struct app *app)
{
    char *name = app->arguments.words[0], checked[FID_NAME_BYTES];
    struct fid_error error;
    if (fid_name_check(name, checked, &error) != FID_OK)
        return app_usage(app, "%s", error.text);
    enum app_exit code = app_open_gallery(app, 0, false);
    if (code != APP_OK)
        return code;
    if (fid_gallery_forget(app->gallery, name, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "%s is forgotten", checked);
    return APP_OK;
}

const struct app_verb app_verb_forget = {
    .name = "forget",
    .arguments = "NAME",
    .summary = "remove a person and everything known of them",
    .details = "No byte of the person's vectors stays in the gallery's files.\n",
    .examples = "faceid forget ana\tana is a stranger again\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .run = run,
};
