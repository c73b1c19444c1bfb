#include "app/app.h"

static const struct app_option backup_options[] = {
    {"force", 0, APP_FLAG, NULL, "replace the file that is there", 0, 0},
    {0},
};

static enum app_exit run(struct app *app)
{
    const char *file = app->arguments.words[0];
    struct fid_error error;
    enum app_exit code = app_open_gallery(app, 0, false);
    if (code != APP_OK)
        return code;
    if (fid_gallery_backup(app->gallery, file, app_option_flag(app, "force"), &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "a copy of the gallery is in %s", file);
    return APP_OK;
}

const struct app_verb app_verb_backup = {
    .name = "backup",
    .arguments = "FILE",
    .summary = "copy the gallery, also while it is in use",
    .details =
        "The copy is a gallery itself (0600), for --gallery or to be put in the other's place. As\n"
        "long as it stays where it is, faceid forget reaches it; copies made otherwise it does\n"
        "not know.\n",
    .examples = "faceid backup monday.db\ta copy\n"
                "faceid list --gallery monday.db\twho was there on monday\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .options = backup_options,
    .run = run,
};
