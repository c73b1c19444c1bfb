/* verb_enroll.c - faceid enroll: learns people from pictures, clips and cameras. */
#include "app/app.h"
#include "app/enrollment/enrollment_gather.h"
#include "app/identify/faces.h"
#include "app/live/enrollment_camera.h"
#include "app/output/model_info.h"
#include "app/output/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct app_option enroll_options[] = {
    {"from", 'f', APP_FILE, "DIR",
     "enroll everyone: DIR/NAME/* shows NAME (names with _ or . in front are skipped)", 0, 0},
    {"camera", 'c', APP_TEXT, "CAMERA",
     "from a camera instead of SOURCEs: index, path, part of the name or rtsp:// URL", 0, 0},
    {"seconds", 0, APP_NUMBER, "N", "longest time to look for good frames (default 20)", 1, 3600},
    {"replace", 'r', APP_FLAG_IN_FULL, NULL,
     "replace the person's old faces instead of adding to them", 0, 0},
    {"force", 0, APP_FLAG_IN_FULL, NULL,
     "save even what is refused: bad frames, another person's face", 0, 0},
    {"limits", 0, APP_FLAG, NULL, "print the quality limits, as for the settings file", 0, 0},
    {"compat", 0, APP_TEXT, "RULE",
     "demo: crop of the Keras demo, for identify --compat demo (VGGFace2 only)", 0, 0},
    {"strict", 's', APP_FLAG, NULL,
     "exit with 3 if any file could not be used; the others are enrolled", 0, 0},
    {"consent", 0, APP_TEXT, "TEXT", "the words of their consent, kept with the time", 0, 0},
    {"expires", 0, APP_ANY_TEXT, "DATE",
     "last day (UTC) to name them, such as 2027-01-31; \"\": no end", 0, 0},
    {"keep-crops", 0, APP_FLAG, NULL,
     "keep a crop of each face, for moving to another model (faceid reembed)", 0, 0},
    {"every", 'e', APP_WHOLE, "N",
     "clips: every N-th frame (default about 10 per second, 200 in all)", 1, 1e6},
    {"frames", 0, APP_TEXT, "A:B", "clips: the frames A to B, counted from 0", 0, 0},
    {0},
};

struct enroll {
    struct app *app;
    struct app_gatherer gatherer;
    struct fid_rule rule;
    struct fid_terms terms;
    bool had_bad;    /* a file could not be used */
    bool nobody_yet; /* the gallery was empty */
};

static enum app_exit refused(const char *name, const struct app_enrollment *enrollment,
                             enum fid_status status, const struct fid_error *error)
{
    char summary[400];
    if (status == FID_QUALITY)
        app_warn("%s is not enrolled: %s; --force saves it anyway", name, error->text);
    else if (status == FID_NO_FACE) {
        app_enrollment_summary(enrollment, summary, sizeof summary);
        app_warn("%s is not enrolled: %s", name, summary);
    } else
        return app_fail(APP_AREA_GALLERY, error);
    return app_exit_code(APP_AREA_GALLERY, status);
}

/* Saves the faces of one person, unless they look like another person's. */
static enum app_exit save(struct enroll *enroll, const char *name,
                          struct app_enrollment *enrollment)
{
    struct app *app = enroll->app;
    struct fid_person person;
    struct fid_error error;
    char text[400];
    enum fid_status status = app_enrollment_save(
        enrollment, app->gallery, &enroll->gatherer.gate, &enroll->rule, name,
        app_option_flag(app, "replace"), app_option_flag(app, "force"), &person, &error);
    if (app_enrollment_tell(app, enrollment) > 0 || enrollment->bad_files > 0)
        enroll->had_bad = true;
    if (status != FID_OK)
        return refused(name, enrollment, status, &error);
    if (enrollment->doubt[0] != '\0')
        app_warn("%s, and is saved anyway", enrollment->doubt);
    app_enrollment_summary(enrollment, text, sizeof text);
    const size_t faces = person.sample_count, vectors = person.prototype_count;
    app_say(app, "%s: %s. %zu %s and %zu %s in all", person.name, text, faces,
            app_plural(faces, "face", "faces"), vectors, app_plural(vectors, "vector", "vectors"));
    if (enroll->nobody_yet)
        app_tell_given_limits(app, app->recognizer);
    enroll->nobody_yet = false;
    return APP_OK;
}

static enum app_exit enroll_person(struct enroll *enroll, const char *name, char *const *paths,
                                   size_t count)
{
    const struct app_gate *gate = &enroll->gatherer.gate;
    struct app_enrollment enrollment = {.terms = enroll->terms,
                                        .keep_crops = app_gate_keeps_crops(gate, enroll->app)};
    enum app_exit code = app_gather(&enroll->gatherer, paths, count, &enrollment);
    if (code == APP_OK)
        code = save(enroll, name, &enrollment);
    app_enrollment_clear(&enrollment);
    return code;
}

/* ---- all people of a folder ---- */

/* Is the entry a person's? A leading '_' or '.' excludes it. */
static int is_person(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_name[0] != '_';
}

/* One person of --from: a folder with the person's name. */
static enum app_exit enroll_folder(struct enroll *enroll, const char *folder, const char *name)
{
    char path[4200], checked[FID_NAME_BYTES], *paths[] = {path};
    struct fid_error error;
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        app_say(enroll->app, "%s is not a folder, and is skipped", path);
        enroll->had_bad = true;
        return APP_INPUT;
    }
    if (fid_name_check(name, checked, &error) != FID_OK) {
        app_warn("%s: %s", path, error.text);
        return APP_USAGE;
    }
    return enroll_person(enroll, checked, paths, 1);
}

/* Counts the files of all people, for the progress bar. */
static size_t count_files(const char *folder, struct dirent *const *entries, int count)
{
    char path[4200], *paths[] = {path};
    size_t files = 0;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        files += app_source_count(paths, 1);
    }
    return files;
}

/* Does this end the run for all people: interrupted, or an error of the gallery? */
static bool is_fatal(enum app_exit code)
{
    return code == APP_GALLERY || code == APP_LOCKED || code >= APP_INTERNAL;
}

/* If one person cannot be enrolled, the others still are. */
static enum app_exit enroll_from(struct enroll *enroll, const char *folder)
{
    struct dirent **entries;
    enum app_exit code = APP_OK, first = APP_OK;
    int done = 0, count = scandir(folder, &entries, is_person, alphasort);
    if (count < 0) {
        app_warn("the folder %s cannot be read: %s", folder, strerror(errno));
        return APP_INPUT;
    }
    app_progress_open(&enroll->gatherer.progress, enroll->app, "enrolling",
                      count_files(folder, entries, count));
    for (int i = 0; i < count; i++) {
        if (!is_fatal(code)) {
            code = enroll_folder(enroll, folder, entries[i]->d_name);
            done += code == APP_OK;
            enroll->had_bad = enroll->had_bad || code != APP_OK;
            first = first == APP_OK ? code : first;
        }
        free(entries[i]);
    }
    free(entries);
    app_progress_close(&enroll->gatherer.progress);
    if (is_fatal(code) && done > 0)
        app_say(enroll->app, "%d of %d people enrolled before that", done, count);
    if (is_fatal(code))
        return code;
    app_say(enroll->app, "%d %s enrolled, %d skipped", done,
            app_plural((size_t)done, "person", "people"), count - done);
    if (done > 0)
        return APP_OK;
    if (count == 0)
        app_warn("the folder %s has no folders of people in it", folder);
    return first == APP_OK ? APP_INPUT : first;
}

static enum app_exit enroll_sources(struct enroll *enroll)
{
    const struct app *app = enroll->app;
    const char *from = app_option_text(app, "from", NULL);
    char **words = app->arguments.words;
    size_t count = (size_t)app->arguments.count;
    if (from != NULL)
        return enroll_from(enroll, from);
    app_progress_open(&enroll->gatherer.progress, app, "enrolling",
                      app_source_count(words + 1, count - 1));
    enum app_exit code = enroll_person(enroll, words[0], words + 1, count - 1);
    app_progress_close(&enroll->gatherer.progress);
    return code;
}

/* ---- the command line ---- */

/* New terms for a known person, without a picture? */
static bool is_terms(const struct enroll *enroll)
{
    const struct app *app = enroll->app;
    return app->arguments.count == 1 && app_option_text(app, "from", NULL) == NULL &&
           app_option_text(app, "camera", NULL) == NULL && !app_option_flag(app, "replace") &&
           (enroll->terms.consent != NULL || enroll->terms.expires != NULL);
}

/* A day in the past is probably a typing error. */
static enum app_exit check_terms(const struct enroll *enroll)
{
    const struct app *app = enroll->app;
    struct fid_error error;
    if (fid_terms_check(&enroll->terms, &error) != FID_OK)
        return app_usage(app, "%s", error.text);
    if (!fid_terms_over(&enroll->terms) || app_option_flag(app, "force"))
        return APP_OK;
    return app_usage(
        app, "--expires %s has passed already, and no one would be named; --force takes it anyway",
        enroll->terms.expires);
}

/* Checks the command line before anything is opened. */
static enum app_exit check_words(struct enroll *enroll)
{
    const struct app *app = enroll->app;
    const struct app_arguments *arguments = &app->arguments;
    const char *frames = app_option_text(app, "frames", NULL);
    char checked[FID_NAME_BYTES];
    bool from = app_option_text(app, "from", NULL) != NULL;
    bool camera = app_option_text(app, "camera", NULL) != NULL;
    enroll->gatherer.clip = (struct app_clip_options){
        .last = -1, .every = app_option_whole(app, "every", 0), .rate = 10, .limit = 200};
    enroll->terms = (struct fid_terms){app_option_text(app, "consent", NULL),
                                       app_option_text(app, "expires", NULL)};
    enum app_exit code = check_terms(enroll);
    if (code != APP_OK)
        return code;
    if (frames != NULL && !app_frames_parse(frames, &enroll->gatherer.clip))
        return app_usage(app, "--frames takes A:B, two frame numbers, not '%s'", frames);
    if (from && camera)
        return app_usage(app, "--from and --camera exclude each other");
    if (from)
        return arguments->count == 0 ? APP_OK
                                     : app_usage(app, "--from takes no NAME and no SOURCE");
    if (camera && arguments->count != 1)
        return app_usage(app, "--camera takes a NAME and no SOURCE");
    if (camera && app_option_text(app, "compat", NULL) != NULL)
        return app_usage(app, "--compat is for pictures and clips, not for cameras");
    if (!camera && arguments->count < 2 && !is_terms(enroll))
        return app_usage(app, "enroll needs NAME SOURCE..., NAME --camera CAMERA, or --from DIR");
    return app_check_name(arguments->words[0], checked);
}

/* Opens the gallery, and reads the rule for bystanders and doubles, with the gallery's own limit.
 * With --compat demo the model must have the demo's rule, too. */
static enum app_exit open_gallery(struct enroll *enroll)
{
    struct app *app = enroll->app;
    struct fid_error error;
    if (enroll->gatherer.crop == FID_CROP_DEMO &&
        fid_rule_default(app->recognizer, FID_RULE_DEMO, &enroll->rule, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    enum app_exit code = app_open_gallery(app, FID_GALLERY_CREATE, true);
    if (code == APP_OK && fid_gallery_rule(app->gallery, app->recognizer, FID_RULE_COSINE,
                                           &enroll->rule, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    enroll->nobody_yet = code == APP_OK && fid_gallery_count(app->gallery) == 0;
    return code;
}

/* Gives an enrolled person another last day or one more consent. */
static enum app_exit set_terms(const struct enroll *enroll)
{
    struct app *app = enroll->app;
    const char *name = app->arguments.words[0], *day = enroll->terms.expires;
    struct fid_person person = {.name = ""};
    struct fid_error error;
    enum app_exit code = app_open_gallery(app, 0, false);
    if (code != APP_OK)
        return code;
    if (fid_gallery_set_terms(app->gallery, name, &enroll->terms, &error) != FID_OK ||
        fid_gallery_lookup(app->gallery, name, &person, &error) != FID_OK)
        return app_fail(APP_AREA_GALLERY, &error);
    if (enroll->terms.consent != NULL)
        app_say(app, "the consent of %s is saved", person.name);
    if (day != NULL)
        app_say(app,
                day[0] != '\0' ? "the last day of %s is now %s" : "%s no longer has a last day",
                person.name, day);
    app_tell_if_expired(app, &person);
    return APP_OK;
}

static enum app_exit print_limits(void)
{
    struct app_gate gate;
    enum app_exit code = app_gate_read(&gate);
    if (code == APP_OK)
        app_gate_write(stdout, &gate);
    return code;
}

static enum app_exit run(struct app *app)
{
    struct enroll enroll = {.app = app};
    if (app_option_flag(app, "limits"))
        return print_limits();
    app->keep_crops = app_option_flag(app, "keep-crops");
    enum app_exit code = check_words(&enroll);
    if (code == APP_OK && app_option_text(app, "camera", NULL) != NULL)
        return app_enroll_camera(app, app->arguments.words[0], &enroll.terms);
    if (code == APP_OK && is_terms(&enroll))
        return set_terms(&enroll);
    if (code == APP_OK)
        code = app_faces_crop(app, &enroll.gatherer.crop);
    enroll.gatherer.force = app_option_flag(app, "force");
    if (code == APP_OK)
        code = app_gatherer_open(app, &enroll.gatherer);
    if (code == APP_OK)
        code = open_gallery(&enroll);
    if (code == APP_OK)
        code = enroll_sources(&enroll);
    app_gatherer_close(&enroll.gatherer);
    if (code == APP_OK && enroll.had_bad && app_option_flag(app, "strict"))
        return APP_INPUT;
    return code;
}

const struct app_verb app_verb_enroll = {
    .name = "enroll",
    .arguments = "NAME SOURCE... | NAME --camera CAMERA | --from DIR | NAME --expires DATE",
    .summary = "learn people from pictures, folders, clips and cameras",
    .details =
        "Enrolls the person whom most of the pictures and frames show; other faces are left out.\n"
        "Frames of clips are used if the face is large, sharp, well lit and frontal enough, and\n"
        "of each clip those that differ most. A photograph is questioned only if it is bad, and\n"
        "is used even then if there is no better one. --limits prints the limits; lines of it in\n"
        "~/.config/faceid/config change them. If a picture has several faces, the large one in\n"
        "the middle is meant, or the one that the other pictures show.\n"
        "Enrolling a name again adds faces, even from the same picture (--replace starts over).\n"
        "--expires and --consent without a SOURCE change these alone. For what a name may be see\n"
        "faceid rename --help. Clips need ffmpeg. Exit code 7, and nothing is saved, if no frame\n"
        "is good enough, or if the faces are unlike those enrolled by this name, like another\n"
        "person's, or not of one person (below the model's decision.maybe, from decision.accept\n"
        "on). --from continues with the others; its exit code is 0 if anyone was enrolled.\n"
        "-v says what happened to each file.\n",
    .examples = "faceid enroll ana ana.mp4 photos/ana\tfrom a clip and a folder\n"
                "faceid enroll --replace ana new.jpg\treplace the old faces of ana\n"
                "faceid enroll --consent \"signed today\" --expires 2027-01-31 ana a.jpg\tkept "
                "with ana\n"
                "faceid enroll --expires 2028-01-31 ana\tset another last day\n"
                "faceid enroll ana --camera 0\tfrom a few seconds in front of a camera\n"
                "faceid enroll --from people\teveryone, from people/NAME/*\n",
    .max_arguments = -1,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY,
    .options = enroll_options,
    .run = run,
};
