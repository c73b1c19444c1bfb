/* verb_forget.c - faceid forget: removes a person from the gallery and its copies. */
#include "app/advice.h"
#include "app/app.h"
#include "app/output/text.h"

#include <stdio.h>

static enum app_exit run(struct app *app)
{
    char *name = app->arguments.words[0], checked[FID_NAME_BYTES];
    struct fid_forgotten forgotten;
    struct fid_error error;
    enum app_exit code = app_open_gallery_for(app, 0, 1, checked);
    if (code != APP_OK)
        return code;
    app_advise_for("forget a person"); /* from here on a copy may be what fails */
    if (fid_gallery_forget(app->gallery, name, &forgotten, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    char shared[100] = "", copies[64] = "";
    if (forgotten.bytes_shared > 0)
        snprintf(shared, sizeof shared, " but %zu that other people share", forgotten.bytes_shared);
    if (forgotten.backups > 0)
        snprintf(copies, sizeof copies, " and in %zu %s of it", forgotten.backups,
                 app_plural(forgotten.backups, "copy", "copies"));
    if (forgotten.proven)
        app_say(app,
                "%s is forgotten: of %zu bytes nothing is left in the gallery%s%s (%.1f MB "
                "searched)",
                checked, forgotten.bytes_sought, copies, shared,
                (double)forgotten.bytes_searched / 1e6);
    if (!forgotten.proven)
        app_warn("%s is deleted from %s, but a server may keep the bytes in its log and backups",
                 checked, app->gallery_path);
    if (forgotten.absent > 0) /* also with --quiet */
        app_warn(forgotten.absent == 1
                     ? "%zu copy of faceid backup is not where it was made: if it still exists "
                       "elsewhere, %s may be in it"
                     : "%zu copies of faceid backup are not where they were made: if they still "
                       "exist elsewhere, %s may be in them",
                 forgotten.absent, checked);
    return APP_OK;
}

const struct app_verb app_verb_forget = {
    .name = "forget",
    .arguments = "NAME",
    .summary = "remove a person and everything known about them",
    .details =
        "This is final: faceid undo does not bring the person back. No byte of their vectors,\n"
        "consents and name stays in the gallery's file, its journal and its history, in copies of\n"
        "faceid backup that are still where they were made, in galleries that faceid restore put\n"
        "aside, or in leftovers of a killed backup. All of these are then searched for remains.\n"
        "Exit code 8: the person is deleted, but another process still reads an older state; the\n"
        "bytes go when it is done, and faceid check says so. Or the gallery or a copy is in use:\n"
        "then the person is not forgotten yet, and the message says so, as when a copy cannot be\n"
        "searched. Other people stay in the copies, and keep the faces they share. Exports are\n"
        "yours to remove, and so are copies taken elsewhere or saved by faceid check --salvage.\n"
        "A calibration's strangers that are the person's faces go too; faceid calibrate --reset\n"
        "removes them all.\n",
    .examples = "faceid forget ana\tana is a stranger again\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .run = run,
};
