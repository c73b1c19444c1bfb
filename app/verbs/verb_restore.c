#include "app/app.h"
#include "app/secret.h"
#include "app/output/text.h"

/* What opens the copy, where that is sealed; else what opens the gallery. */
static enum app_exit read_secret(struct app *app, const char *copy)
{
    enum fid_secret_kind kind = FID_SECRET_NONE;
    fid_gallery_secret_kind(copy, &kind, NULL); /* a damaged one: none */
    return app_read_secret_of(app, kind != FID_SECRET_NONE ? copy : app->gallery_path);
}

static void tell(const struct app *app, const char *copy, const struct fid_restored *restored)
{
    app_say(app, "the gallery %s is as %s has it: %zu %s", app->gallery_path, copy,
            restored->people, app_plural(restored->people, "person", "people"));
    const bool has_file = restored->aside[0] != '\0',
               has_journal = restored->aside_journal[0] != '\0';
    if (has_file && restored->searchable)
        app_say(app, "as it was before, it is in %s; forget reaches it there too", restored->aside);
    else if (has_file && has_journal)
        app_say(app,
                "as it was before, it is in %s and its journal %s, and does not open: remove both "
                "when nothing in them is wanted any more, as forget cannot look into them",
                restored->aside, restored->aside_journal);
    else if (has_file || has_journal)
        app_say(app,
                "%s in %s, which does not open: remove it when nothing in it is wanted any more, "
                "as forget cannot look into it",
                has_file ? "as it was before, it is" : "what was left of it is",
                has_file ? restored->aside : restored->aside_journal);
    if (!restored->searchable)
        app_say(app,
                "copies that were made after %s may be unknown to the gallery now, and forget "
                "would not reach them",
                copy);
    app_say(app, "%s counts as a copy of the gallery now: forget reaches it too", copy);
    if (restored->other_model)
        app_warn("the people of %s are of the model %s now, not of %s as before: choose that model "
                 "(--model FILE), or go over to another (faceid reembed)",
                 app->gallery_path, restored->model, restored->model_before);
}

static enum app_exit run(struct app *app)
{
    const char *copy = app->arguments.words[0];
    struct fid_restored restored;
    enum fid_secret_kind before = FID_SECRET_NONE, after = FID_SECRET_NONE;
    struct fid_error error;
    enum app_exit code = app_find_gallery(app);
    if (code == APP_OK)
        code = read_secret(app, copy);
    if (code != APP_OK)
        return code;
    fid_gallery_secret_kind(app->gallery_path, &before, NULL); /* a damaged one: none */
    if (fid_gallery_restore(app->gallery_path, app->secret, copy, &restored, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    tell(app, copy, &restored);
    if (fid_gallery_secret_kind(app->gallery_path, &after, NULL) != FID_OK)
        return APP_OK;
    if (before == FID_SECRET_NONE && after != FID_SECRET_NONE && restored.aside[0] != '\0')
        app_warn("the gallery as it was, in %s, is not sealed: remove it, or seal it with the same "
                 "secret (faceid protect --gallery %s)",
                 restored.aside, restored.aside);
    else if (before == FID_SECRET_NONE && after != FID_SECRET_NONE &&
             restored.aside_journal[0] != '\0')
        app_warn("what was left of the gallery, in %s, is not sealed", restored.aside_journal);
    if (before != FID_SECRET_NONE && after == FID_SECRET_NONE)
        app_warn(
            "the gallery %s is not sealed any more, as the copy was not: faceid protect seals it",
            app->gallery_path);
    return APP_OK;
}

const struct app_verb app_verb_restore = {
    .name = "restore",
    .arguments = "FILE",
    .summary = "put a copy in the gallery's place",
    .details =
        "The gallery may be damaged, or gone. Copying the file over it by other means is no way:\n"
        "changes that a killed process left in its journal would be played into the copy. The\n"
        "copy is looked through before (exit code 5 if it is damaged) and stays; the gallery that\n"
        "was there is put aside, with the time in its name. Nobody may have it open meanwhile.\n"
        "Forget reaches FILE from then on, as it reaches what faceid backup makes.\n"
        "Where the copy is sealed, its key or passphrase is wanted, and the gallery's from then "
        "on.\n",
    .examples = "faceid restore monday.db\twho was there on monday is there again\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .run = run,
};
