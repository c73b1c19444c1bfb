/* verb_merge.c - faceid merge: makes two enrolled people one. */
#include "app/app.h"

#include <string.h>

static enum app_exit run(struct app *app)
{
    char **words = app->arguments.words, checked[FID_NAME_BYTES];
    struct fid_person before = {.name = ""}, after = before;
    struct fid_error error;
    enum app_exit code = app_open_gallery_for(app, 0, 2, checked);
    if (code != APP_OK)
        return code;
    if (fid_gallery_lookup(app->gallery, words[1], &before, &error) != FID_OK ||
        fid_gallery_merge(app->gallery, words[0], words[1], &error) != FID_OK ||
        fid_gallery_lookup(app->gallery, words[1], &after, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    const bool own = strcmp(before.expires, after.expires) == 0;
    if (after.expires[0] == '\0')
        app_say(app, "%s is part of %s now", words[0], checked);
    else
        app_say(app, "%s is part of %s now, and the last day is that of %s, %s", words[0], checked,
                own ? checked : words[0], after.expires);
    app_tell_if_expired(app, &after);
    return APP_OK;
}

const struct app_verb app_verb_merge = {
    .name = "merge",
    .arguments = "NAME INTO",
    .summary = "make two enrolled people one",
    .details =
        "All faces and consents of NAME move to INTO, whose name stays. Of two last days the\n"
        "earlier one counts, even if it has passed (faceid enroll INTO --expires DATE sets it).\n",
    .examples = "faceid merge anna ana\tanna was ana all along\n",
    .min_arguments = 2,
    .max_arguments = 2,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .run = run,
};
