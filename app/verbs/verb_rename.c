#include "app/app.h"

static enum app_exit run(struct app *app)
{
    char **words = app->arguments.words, checked[FID_NAME_BYTES];
    struct fid_error error;
    enum app_exit code = app_open_gallery_for(app, 0, 2, checked);
    if (code != APP_OK)
        return code;
    if (fid_gallery_rename(app->gallery, words[0], words[1], &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "%s is called %s now", words[0], checked);
    return APP_OK;
}

const struct app_verb app_verb_rename = {
    .name = "rename",
    .arguments = "OLD NEW",
    .summary = "give a person another name",
    .examples = "faceid rename ana \"Ana Maria\"\tthe faces stay\n",
    .min_arguments = 2,
    .max_arguments = 2,
    .groups = APP_USES_GALLERY,
    .run = run,
};
