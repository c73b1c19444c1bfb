/* verb_export.c - faceid export: writes people to a file. */
#include "app/app.h"
#include "app/output/text.h"

static const struct app_option export_options[] = {
    {"force", 0, APP_FLAG_IN_FULL, NULL, "replace the file that is there", 0, 0},
    {0},
};

static enum app_exit run(struct app *app)
{
    char **words = app->arguments.words, checked[FID_NAME_BYTES];
    size_t names = (size_t)app->arguments.count - 1, people = 0;
    struct fid_error error;
    enum app_exit code = APP_OK;
    for (size_t i = 1; code == APP_OK && i <= names; i++)
        code = app_check_name(words[i], checked);
    if (code == APP_OK)
        code = app_open_gallery(app, FID_GALLERY_READ_ONLY, false);
    if (code != APP_OK)
        return code;
    if (fid_gallery_export(app->gallery, words[0], app_option_flag(app, "force"), words + 1, names,
                           &people, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "%zu %s written to %s", people, app_plural(people, "person", "people"), words[0]);
    return APP_OK;
}

const struct app_verb app_verb_export = {
    .name = "export",
    .arguments = "FILE [NAME...]",
    .summary = "write people to a file for another gallery",
    .details =
        "Writes vectors with their sources, consents, last days and kept crops (which are\n"
        "pictures), each with a checksum. engine/face/keeping/PEOPLE_FILE.md describes the file.\n"
        "It is as private as the gallery (0600). Without names everyone is written.\n",
    .examples = "faceid export all.people\teveryone\n"
                "faceid export ana.people ana\tana's data\n",
    .min_arguments = 1,
    .max_arguments = -1,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .options = export_options,
    .run = run,
};
