#include "app/app.h"

static enum app_exit run(struct app *app)
{
    struct fid_change undone;
    struct fid_error error;
    enum app_exit code = app_open_gallery(app, 0, false);
    if (code != APP_OK)
        return code;
    if (fid_gallery_undo(app->gallery, &undone, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "taken back: %s of %s", undone.verb, undone.time);
    return APP_OK;
}

const struct app_verb app_verb_undo = {
    .name = "undo",
    .arguments = "",
    .summary = "take the last change of the gallery back",
    .details =
        "Of enroll, rename, merge, remove and import, in the window too; with --from the last\n"
        "person's alone. What was removed or replaced is kept for this until the next change.\n"
        "forget is final: it is not taken back, and neither is what was before it.\n",
    .examples = "faceid undo\tas if the last change had not been\n",
    .groups = APP_USES_GALLERY,
    .whole = true,
    .run = run,
};
