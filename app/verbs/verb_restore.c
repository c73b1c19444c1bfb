/* verb_restore.c - faceid restore: puts a copy in the gallery's place. */
#include "app/app.h"
#include "app/secret.h"
#include "app/output/text.h"

/* The secret of the copy if that is sealed, otherwise the gallery's. */
static enum app_exit read_secret(struct app *app, const char *copy)
{
    enum fid_secret_kind kind = FID_SECRET_NONE;
    fid_gallery_secret_kind(copy, &kind, NULL); /* a damaged one: none */
    return app_read_secret_of(app, kind != FID_SECRET_NONE ? copy : app->gallery_path);
}

static void tell(const struct app *app, const char *copy, const struct fid_restored *restored)
{
    app_say(app, "the gallery %s is now what %s was: %zu %s", app->gallery_path, copy,
            restored->people, app_plural(restored->people, "person", "people"));
    const bool has_file = restored->aside[0] != '\0',
               has_journal = restored->aside_journal[0] != '\0';
    if (has_file && restored->searchable)
        app_say(app, "the old gallery is in %s; forget reaches it there, too", restored->aside);
    else if (has_file && has_journal)
        app_say(app,
                "the old gallery, in %s with its journal %s, does not open: remove both "
                "when you no longer need them, because forget cannot look into them",
                restored->aside, restored->aside_journal);
    else if (has_file || has_journal)
        app_say(app,
                "%s in %s, which does not open: remove it when you no longer need it, "
                "because forget cannot look into it",
                has_file ? "the old gallery is" : "the rest of it is",
                has_file ? restored->aside : restored->aside_journal);
    if (!restored->searchable)
        app_say(app,
                "copies made after %s may be unknown to the gallery now, and forget "
                "would not reach them",
                copy);
    app_say(app, "%s now counts as a copy of the gallery: forget reaches it, too", copy);
    if (restored->other_model)
        app_warn("the people of %s are now of the model %s, not of %s as before: choose that model "
                 "(--model FILE), or move to another (faceid reembed)",
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
        app_warn("the old gallery, in %s, is not sealed: remove it, or seal it with the same "
                 "secret (faceid protect --gallery %s)",
                 restored.aside, restored.aside);
    else if (before == FID_SECRET_NONE && after != FID_SECRET_NONE &&
             restored.aside_journal[0] != '\0')
        app_warn("the rest of the gallery, in %s, is not sealed", restored.aside_journal);
    if (before != FID_SECRET_NONE && after == FID_SECRET_NONE)
        app_warn("the gallery %s is not sealed any more, since the copy was not: faceid protect "
                 "seals it",
                 app->gallery_path);
    return APP_OK;
}

const struct app_verb app_verb_restore = {
    .name = "restore",
    .arguments = "FILE",
    .summary = "put a copy in the gallery's place",
    .details =
        "The gallery may be damaged or missing. Do not copy the file over it in other ways: the\n"
        "journal of a killed process would be applied to the copy. The copy is checked first\n"
        "(exit code 5 if it is damaged) and stays; the old gallery is put aside with the time in\n"
        "its name. A damaged one may not be open elsewhere. From then on forget reaches FILE, as\n"
        "it reaches copies of faceid backup. If the copy is sealed, its key or passphrase is\n"
        "needed, and is the gallery's from then on.\n",
    .examples = "faceid restore monday.db\tgo back to monday's gallery\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .run = run,
};
