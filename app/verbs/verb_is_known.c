/* verb_is_known.c - faceid is-known: says by its exit code whether an enrolled person is in a
 * picture. */
#include "app/identify/identify.h"
#include "app/output/text.h"

#include <stdio.h>

/* Prints who is known; with --quiet the first known face ends the search. */
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
    .summary = "is an enrolled person in it? exit codes like grep's",
    .details =
        "Exit code 0 if an enrolled person is in one of the pictures, 1 if not (also if there is\n"
        "no face), 2 and above if something went wrong, even if only one of several files could\n"
        "not be read. Prints one line per known face: file, name. With -q only errors are\n"
        "printed, and the first known face ends the search with 0, whatever failed before it.\n"
        "The decision is that of faceid identify, which says more.\n",
    .examples = "faceid is-known -q door.jpg || ring\tring for strangers\n"
                "faceid is-known album/*.jpg\tthe known ones\n",
    .min_arguments = 1,
    .max_arguments = -1,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY | APP_USES_IDENTIFY,
    .run = run,
};
