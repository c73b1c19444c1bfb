/* verb_undo.c - faceid undo: takes back the last change of the gallery. */
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
    .summary = "take back the last change of the gallery",
    .details =
        "Takes back enroll, rename, merge, remove and import, also from the window; after --from\n"
        "only the last person. What was removed or replaced is kept for this until the next\n"
        "change. forget is final: neither it nor any change before it can be taken back.\n",
    .examples = "faceid undo\ttake back the last change\n",
    .groups = APP_USES_GALLERY,
    .whole = true,
    .run = run,
};
