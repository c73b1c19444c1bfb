#include "app/app.h"

static enum app_exit run(struct app *app)
{
    char **words = app->arguments.words, checked[FID_NAME_BYTES];
    struct fid_error error;
    enum app_exit code = app_open_gallery_for(app, 0, 2, checked);
    if (code != APP_OK)
        return code;
    if (fid_gallery_merge(app->gallery, words[0], words[1], &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "%s is part of %s now", words[0], checked);
    return APP_OK;
}

const struct app_verb app_verb_merge = {
    .name = "merge",
    .arguments = "NAME INTO",
    .summary = "make two enrolled people one",
    .details =
        "All faces and consents of NAME become INTO's, whose name stays; of two last days the\n"
        "earlier one counts.\n",
    .examples = "faceid merge anna ana\tanna was ana all the time\n",
    .min_arguments = 2,
    .max_arguments = 2,
    .groups = APP_USES_GALLERY,
    .run = run,
};
