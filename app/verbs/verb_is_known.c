#include "app/identify/identify.h"
#include "app/output/text.h"

#include <stdio.h>

/* Prints who is known; with --quiet the first one is the answer. */
static enum app_exit take_frame(struct app_identify *identify, const struct app_frame *frame,
                                const char *name)
{
    (void)frame;
    for (size_t i = 0; i < identify->faces.count; i++) {
        const struct fid_label *label = &identify->labels[i];
        if (!label->known)
            continue;
        identify->enough = identify->app->quiet;
        if (identify->app->quiet)
            break;
        app_put_visible(stdout, name);
        fputc('\t', stdout);
        app_put_visible(stdout, label->name);
        fputc('\n', stdout);
    }
    return APP_OK;
}

static enum app_exit run(struct app *app)
{
    struct app_identify identify = {0};
    enum app_exit code = app_identify_open(app, &identify);
    if (code == APP_OK)
        code = app_identify_all(&identify, take_frame);
    app_identify_close(&identify);
    if (code != APP_OK)
        return code;
    if (identify.enough)
        return APP_OK;
    if (identify.bad_files > 0)
        return APP_INPUT;
    return identify.known_count > 0 ? APP_OK : APP_UNKNOWN;
}

const struct app_verb app_verb_is_known = {
    .name = "is-known",
    .arguments = "IMAGE...",
    .summary = "is somebody known in it? exit codes as grep's",
    .details =
        "Exit code 0 if somebody enrolled is in one of the pictures, 1 if nobody is (also where\n"
        "there is no face), 2 and above if something went wrong, also if only one of several\n"
        "files could not be read. Prints a line for each known face: file, name. With -q nothing\n"
        "is printed but errors, and the first known face ends the search with 0, whatever was\n"
        "wrong before. The decision is that of faceid identify, which says more.\n",
    .examples = "faceid is-known -q door.jpg || ring\tring for strangers\n"
                "faceid is-known album/*.jpg\tthe known ones\n",
    .min_arguments = 1,
    .max_arguments = -1,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY | APP_USES_IDENTIFY,
    .run = run,
};
