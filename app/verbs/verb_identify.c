/* verb_identify.c - faceid identify: says who is in pictures and clips. */
#include "app/identify/identify_print.h"
#include "app/identify/page.h"
#include "app/output/draw.h"
#include "app/output/output_file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct app_option identify_options[] = {
    {"json", 'j', APP_FLAG, NULL, "one JSON object per picture or frame", 0, 0},
    {"csv", 0, APP_FLAG, NULL, "comma-separated values: a line of names, then one per face", 0, 0},
    {"explain", 'x', APP_FLAG, NULL, "also the reason, nearest and second person, limits, quality",
     0, 0},
    {"draw", 'D', APP_FILE, "OUTDIR", "write the pictures with boxes and names into this folder", 0,
     0},
    {"report", 'R', APP_FILE, "FILE", "write a page, FILE.html, with pictures, names and reasons",
     0, 0},
    {"strict", 's', APP_FLAG, NULL, "exit with 3 if any file could not be read", 0, 0},
    {0},
};

struct identify_verb {
    struct app_identify identify; /* must be first: the frame function gets a pointer to it */
    struct app_identify_form form;
    bool json, csv, draw;
    struct app_drawing drawing;
    struct app_page *page; /* of --report; otherwise NULL */
};

static enum app_exit take_frame(struct app_identify *identify, const struct app_frame *frame,
                                const char *name)
{
    struct identify_verb *verb = (struct identify_verb *)identify;
    struct fid_error error;
    if (verb->draw) { /* before the line is printed, which names the drawing's path */
        if (app_draw_frame(&verb->drawing, frame, identify->faces.faces, identify->labels,
                           identify->faces.count, &error) != FID_OK)
            return app_fail(APP_AREA_OUTPUT, &error);
        verb->form.drawn = verb->drawing.path;
    }
    if (verb->page != NULL &&
        app_page_add(verb->page, frame, identify->faces.faces, identify->labels,
                     identify->faces.count, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    if (verb->json)
        app_identify_print_json(identify, frame, &verb->form);
    else if (verb->csv)
        app_identify_print_csv(identify, frame, &verb->form);
    else
        app_identify_print_text(identify, frame, name, &verb->form);
    fflush(stdout); /* so that whole lines are out, however the run ends */
    return APP_OK;
}

/* Does the path end like a page's? A picture named by mistake would be overwritten. */
static bool is_page(const char *path)
{
    const char *ending = strrchr(path, '.');
    return ending != NULL && (strcasecmp(ending, ".html") == 0 || strcasecmp(ending, ".htm") == 0);
}

static enum app_exit open_page(struct identify_verb *verb, const struct app *app)
{
    const char *path = app_option_text(app, "report", NULL);
    struct fid_model_info recognizer, detector;
    struct fid_error error;
    if (path == NULL)
        return APP_OK;
    if (app_is_gallery_file(path, app->gallery_path))
        return app_usage(app, "--report: %s is the gallery", path);
    fid_model_info(app->recognizer, &recognizer);
    fid_model_info(app->detector_model, &detector);
    const struct app_page_facts facts = {.recognizer = recognizer.name,
                                         .detector = detector.name,
                                         .gallery = app->gallery_path,
                                         .people = fid_gallery_count(app->gallery),
                                         .rule = verb->identify.rule,
                                         .limit = app_limit_text(verb->identify.limit)};
    return app_page_open(path, &facts, &verb->page, &error) == FID_OK
               ? APP_OK
               : app_fail(APP_AREA_OUTPUT, &error);
}

/* An interrupted run writes a page of what it saw, if the current picture ends in time; a failed
 * run writes none. */
static enum app_exit finish_page(struct identify_verb *verb, enum app_exit code)
{
    struct fid_error error;
    if (code != APP_OK && code != APP_INTERRUPTED)
        app_page_close(&verb->page);
    return app_page_finish(&verb->page, verb->identify.bad_files, &error) == FID_OK
               ? code
               : app_fail(APP_AREA_OUTPUT, &error);
}

static enum app_exit read_options(struct identify_verb *verb, const struct app *app)
{
    const char *report = app_option_text(app, "report", NULL);
    if (report != NULL && !is_page(report))
        return app_usage(app, "--report takes a file that ends in .html, not '%s'", report);
    verb->json = app_option_flag(app, "json");
    verb->csv = app_option_flag(app, "csv");
    verb->form.explain = app_option_flag(app, "explain");
    return verb->json && verb->csv ? app_usage(app, "--json and --csv exclude each other") : APP_OK;
}

static enum app_exit open_all(struct identify_verb *verb, struct app *app)
{
    const char *folder = app_option_text(app, "draw", NULL);
    struct fid_error error;
    enum app_exit code = app_identify_open(app, &verb->identify);
    if (code != APP_OK)
        return code;
    verb->draw = folder != NULL;
    if (verb->draw && app_drawing_open(folder, app->arguments.words, (size_t)app->arguments.count,
                                       &verb->drawing, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    code = open_page(verb, app);
    if (code == APP_OK && verb->csv)
        app_identify_print_csv_header(&verb->form);
    return code;
}

static enum app_exit run(struct app *app)
{
    struct identify_verb verb = {0};
    const struct app_identify *identify = &verb.identify;
    enum app_exit code = read_options(&verb, app);
    if (code == APP_OK)
        code = open_all(&verb, app);
    if (code == APP_OK)
        code = app_identify_all(&verb.identify, take_frame);
    code = finish_page(&verb, code);
    app_drawing_close(&verb.drawing);
    app_identify_close(&verb.identify);
    if (code != APP_OK)
        return code;
    if (identify->face_count == 0 || (identify->bad_files > 0 && app_option_flag(app, "strict")))
        return APP_INPUT;
    return identify->known_count > 0 ? APP_OK : APP_UNKNOWN;
}

const struct app_verb app_verb_identify = {
    .name = "identify",
    .arguments = "SOURCE...",
    .summary = "who is in pictures, folders and clips",
    .details =
        "Prints one line per face: file, box x,y,w,h in pixels, name or ?, score. For a clip the\n"
        "file is FILE#FRAME. Boxes may reach over the border. A file that cannot be read is\n"
        "reported and the others are processed. Exit code 0 if someone is known, 1 if no one is,\n"
        "3 if there is no face at all. A score is the cosine to the nearest person, \"-\" (JSON:\n"
        "null) without one. The limits: a score from accept on gives a name, one from maybe on\n"
        "may be the person; margin is the least lead over the second person. They are the\n"
        "model's (faceid model info), except for accept if the gallery is calibrated (faceid\n"
        "calibrate --apply) or --threshold is given; --explain says which. The reasons:\n"
        "  known          at least accept, and no other person within margin\n"
        "  maybe          between maybe and accept\n"
        "  stranger       below maybe\n"
        "  two_alike      at least accept, but a second person is within margin\n"
        "  taken          another face of the picture has the name with a better score\n"
        "  empty_gallery  no one is enrolled, or every last day has passed\n"
        "  no_vector      the network gave no usable numbers\n"
        "--csv starts with a line of column names and is UTF-8. Text is quoted if it has a comma,\n"
        "quotation mark (doubled), line break or tab, a blank at an end, or begins with = + - or\n"
        "@; numbers never are. A picture without a face has no line.\n"
        "--draw and --report write files that only their owner can read (0600, folders 0700).\n"
        "They replace files, never a folder, link, pipe or device (exit code 2).\n"
        "--compat demo is for galleries made by enroll --compat demo.\n",
    .examples = "faceid identify party.jpg\twho is in it\n"
                "faceid identify --draw out album/\tpictures with boxes and names\n"
                "faceid identify --report party.html album/\ta page to look at\n"
                "faceid identify --explain party.jpg\tand why someone is '?'\n"
                "faceid identify --json clip.mp4\tfor programs, one line per frame\n",
    .min_arguments = 1,
    .max_arguments = -1,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY | APP_USES_IDENTIFY,
    .options = identify_options,
    .run = run,
};
