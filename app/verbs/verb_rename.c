/* verb_rename.c - faceid rename: gives a person another name. */
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
    app_say(app, "%s is now called %s", words[0], checked);
    return APP_OK;
}

const struct app_verb app_verb_rename = {
    .name = "rename",
    .arguments = "OLD NEW",
    .summary = "give a person another name",
    .details =
        "A name has 1 to 128 bytes of UTF-8 and is kept in its normal form, NFC. Capitals are\n"
        "kept, but ANA and ana are the same person. A name has a visible character, no control or\n"
        "direction characters, no '/', no '-' at the beginning and no blanks at the ends, and is\n"
        "not \"?\", \".\" or \"..\".\n",
    .examples = "faceid rename ana \"Ana Maria\"\tthe faces stay\n",
    .min_arguments = 2,
    .max_arguments = 2,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .run = run,
};
