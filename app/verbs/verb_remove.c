/* verb_remove.c - faceid remove: removes one face of a person. */
#include "app/app.h"

#include <errno.h>
#include <stdlib.h>

static const struct app_option remove_options[] = {
    {"sample", 's', APP_TEXT, "ID", "the face's number in faceid show", 0, 0},
    {0},
};

static enum app_exit run(struct app *app)
{
    char *name = app->arguments.words[0], checked[FID_NAME_BYTES], *end;
    const char *text = app_option_text(app, "sample", NULL);
    struct fid_error error;
    if (text == NULL)
        return app_usage(app, "remove needs --sample ID; faceid forget removes the whole person");
    errno = 0;
    long long sample = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || sample < 1)
        return app_usage(app, "--sample takes the number of a face, not '%s'", text);
    enum app_exit code = app_open_gallery_for(app, 0, 1, checked);
    if (code != APP_OK)
        return code;
    if (fid_gallery_remove_sample(app->gallery, name, sample, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "face %lld of %s is removed", sample, checked);
    return APP_OK;
}

const struct app_verb app_verb_remove = {
    .name = "remove",
    .arguments = "NAME --sample ID",
    .summary = "remove one face of a person",
    .examples = "faceid remove ana --sample 12\tface 12, as faceid show ana numbers it\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .whole = true,
    .options = remove_options,
    .run = run,
};
