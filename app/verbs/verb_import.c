/* verb_import.c - faceid import: adds the people of an exported file. */
#include "app/app.h"
#include "app/output/text.h"

static const struct app_option import_options[] = {
    {"force", 0, APP_FLAG_IN_FULL, NULL, "replace people of the same name by those of the file", 0,
     0},
    {0},
};

static enum app_exit run(struct app *app)
{
    const char *file = app->arguments.words[0];
    size_t people = 0;
    struct fid_error error;
    if (fid_people_check(file, &people, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    enum app_exit code = app_open_gallery(app, FID_GALLERY_CREATE, false);
    if (code != APP_OK)
        return code;
    if (fid_gallery_import(app->gallery, file, app_option_flag(app, "force"), &people, &error) !=
        FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "%zu %s imported from %s", people, app_plural(people, "person", "people"), file);
    return APP_OK;
}

const struct app_verb app_verb_import = {
    .name = "import",
    .arguments = "FILE",
    .summary = "add the people of an exported file",
    .details =
        "Takes all of them or none. The file must be of the gallery's model. A person who is\n"
        "already there is replaced only with --force.\n",
    .examples = "faceid import all.people\tinto this gallery\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .options = import_options,
    .run = run,
};
