/* verb_backup.c - faceid backup: copies the gallery. */
#include "app/app.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct app_option backup_options[] = {
    {"force", 0, APP_FLAG_IN_FULL, NULL, "replace the file that is there", 0, 0},
    {0},
};

/* The gallery records where its copies are. If that cannot be written, the reason is not obvious
 * to a user who wants a copy elsewhere. */
static enum app_exit check_writable(struct app *app)
{
    enum app_exit code = app_find_gallery(app);
    if (code != APP_OK || access(app->gallery_path, R_OK) != 0)
        return code;
    if (app_may_be_changed(app->gallery_path))
        return APP_OK;
    app_warn("%s is not copied: the gallery notes where its copies are, so that forget reaches "
             "them, but it or its folder is not writable (%s): let its owner do it",
             app->gallery_path, strerror(errno));
    return APP_GALLERY;
}

static enum app_exit run(struct app *app)
{
    const char *file = app->arguments.words[0];
    struct fid_error error;
    enum app_exit code = check_writable(app);
    if (code == APP_OK)
        code = app_open_gallery(app, 0, false);
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
        "The copy (0600) can be read with --gallery and restored, but not changed. The gallery\n"
        "remembers where the copy is, so it must be writable. faceid forget reaches the copy as\n"
        "long as it stays there; it does not know of copies made in other ways.\n",
    .examples = "faceid backup monday.db\ta copy\n"
                "faceid list --gallery monday.db\tlist that copy\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .options = backup_options,
    .run = run,
};
