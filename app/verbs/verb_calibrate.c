/* verb_calibrate.c - faceid calibrate: measures how often a gallery errs, and sets its own limit.
 */
#include "app/eval/calibration_print.h"
#include "app/output/text.h"

#include <stdio.h>
#include <stdlib.h>

static const struct app_option calibrate_options[] = {
    {"cohort", 'c', APP_FILE, "SOURCE", "strangers: a folder of pictures, or a table (TSV)", 0, 0},
    {"images", 0, APP_FILE, "DIR", "folder of a table's pictures (default: images beside it)", 0,
     0},
    {"fpir", 'F', APP_NUMBER, "P", "share of strangers who may get a name (default 0.01)", 1e-5,
     0.5},
    {"apply", 'a', APP_FLAG, NULL, "store the limit and the strangers in the gallery", 0, 0},
    {"reset", 0, APP_FLAG, NULL, "go back to the model's limit, without strangers", 0, 0},
    {"json", 'j', APP_FLAG, NULL, "as a JSON object", 0, 0},
    {0},
};

/* ---- --reset ---- */

static enum app_exit reset(struct app *app)
{
    struct fid_error error;
    bool was;
    enum app_exit code = app_open_gallery(app, 0, false); /* made with any model */
    if (code != APP_OK)
        return code;
    if (fid_gallery_uncalibrate(app->gallery, &was, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app,
            was ? "%s is back to the model's limit, without strangers"
                : "%s has no limit of its own",
            app->gallery_path);
    return APP_OK;
}

/* ---- measuring ---- */

static enum app_exit open_all(struct app *app)
{
    bool apply = app_option_flag(app, "apply");
    enum app_exit code = app_open_gallery(app, apply ? 0 : FID_GALLERY_READ_ONLY, true);
    if (code != APP_OK)
        return code;
    if (app_people_count(app) > 0)
        return APP_OK;
    app_warn("no one is enrolled in %s, so there is nothing to calibrate", app->gallery_path);
    return APP_GALLERY;
}

static enum app_exit read_cohort(struct app *app, struct app_cohort *cohort)
{
    const char *path = app_option_text(app, "cohort", NULL);
    if (path == NULL) {
        enum app_exit code = app_cohort_of_gallery(app, cohort);
        return code != APP_OK || cohort->count > 0
                   ? code
                   : app_usage(app, "calibrate needs strangers: --cohort SOURCE");
    }
    enum app_exit code = app_cohort_read(app, path, cohort);
    if (code == APP_OK && cohort->faceless + cohort->bad_files + cohort->enrolled > 0)
        app_say(app,
                "%zu %s left out: %zu without a face, %zu not readable, %zu of enrolled people",
                cohort->faceless + cohort->bad_files + cohort->enrolled,
                app_plural(cohort->faceless + cohort->bad_files + cohort->enrolled, "picture",
                           "pictures"),
                cohort->faceless, cohort->bad_files, cohort->enrolled);
    return code;
}

static enum app_exit apply(struct app *app, const struct app_cohort *cohort,
                           const struct app_calibration *calibration)
{
    const struct app_rates *wished = &calibration->wished;
    const struct fid_calibration written = {
        .accept = wished->limit,
        .fpir = calibration->wish,
        .people = calibration->people,
        .strangers = cohort->count,
        .named = wished->named.count,
    };
    struct fid_sample *samples = calloc(cohort->count, sizeof *samples);
    struct fid_error error;
    if (samples == NULL) {
        app_warn("no memory for the strangers");
        return APP_INTERNAL;
    }
    for (size_t i = 0; i < cohort->count; i++)
        samples[i] = (struct fid_sample){.embedding = cohort->embeddings + i * cohort->size,
                                         .source = cohort->sources[i]};
    enum fid_status status =
        fid_gallery_calibrate(app->gallery, &written, samples, cohort->count, &error);
    free(samples);
    if (status != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    app_say(app, "accept is now %.3f in %s, instead of %.3f (--reset undoes it)",
            (double)wished->limit, app->gallery_path, (double)calibration->now.limit);
    return APP_OK;
}

static enum app_exit calibrate(struct app *app, struct app_cohort *cohort,
                               struct app_calibration *calibration)
{
    bool wanted = app_option_flag(app, "apply");
    enum app_exit code = open_all(app);
    if (code == APP_OK)
        code = read_cohort(app, cohort);
    if (code == APP_OK)
        code =
            app_calibration_measure(app, cohort, app_option_number(app, "fpir", 0.01), calibration);
    if (code != APP_OK)
        return code;
    if (!app_option_flag(app, "json")) /* before it is applied, to report the old state */
        app_calibration_print_text(app, calibration);
    if (wanted)
        code = apply(app, cohort, calibration);
    if (app_option_flag(app, "json"))
        app_calibration_print_json(app, cohort, calibration, wanted && code == APP_OK);
    return code;
}

static enum app_exit run(struct app *app)
{
    struct app_cohort cohort = {0};
    struct app_calibration calibration = {0};
    enum app_exit code;
    if (!app_option_flag(app, "reset"))
        code = calibrate(app, &cohort, &calibration);
    else if (app_option_flag(app, "apply") || app_option_text(app, "cohort", NULL) != NULL)
        code = app_usage(app, "--reset undoes --apply, and goes with neither --apply "
                              "nor --cohort");
    else
        code = reset(app);
    app_calibration_close(&calibration);
    app_cohort_close(&cohort);
    return code;
}

const struct app_verb app_verb_calibrate = {
    .name = "calibrate",
    .arguments = "",
    .summary = "how often this gallery errs, and a limit of its own",
    .details =
        "Compares strangers with the gallery: how many would get a name (FPIR)? Then takes out\n"
        "the faces of each enrolled person, one file at a time, and looks them up in the rest:\n"
        "how many would not get theirs (FNIR)? Both have 95 % bounds (Clopper and Pearson), at\n"
        "the limit in force and at the one for --fpir: the lowest at which no more than that\n"
        "share of further strangers is expected to get a name, if they come from the same crowd.\n"
        "That takes 1 / FPIR - 1 strangers; 300 measure 1 % to within 3 points. FPIR is for one\n"
        "picture and grows with the gallery: the second table is a forecast for similar people.\n"
        "The lists:\n"
        "  alike   two enrolled people from maybe on: score, accept or maybe, name, name\n"
        "  named   a stranger with a name at the lower of both limits: score, name, file\n"
        "  missed  an enrolled face without its name at the higher: score, person, file\n"
        "--cohort SOURCE is a folder with one picture of each stranger; or with a folder for\n"
        "each, of which the first picture is taken, unless a person of that name is enrolled; or\n"
        "a TSV table with the column file and optionally person (the first picture counts) and\n"
        "role (unknown counts). Without it the strangers of the last --apply are used again, for\n"
        "example after people were added. --apply stores them as vectors, and the limit, in the\n"
        "gallery, with the model's id; another model refuses both. A stranger's vector is as\n"
        "private as anyone's: --reset removes them to the last byte.\n",
    .examples =
        "faceid calibrate --cohort strangers\tmeasure only\n"
        "faceid calibrate --cohort strangers --apply\tstore the limit for 1 stranger in 100\n"
        "faceid calibrate --fpir 0.003 --apply\tlater, with the stored strangers\n"
        "faceid calibrate --reset\tback to the model's limit\n",
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY,
    .options = calibrate_options,
    .run = run,
};
