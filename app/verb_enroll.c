#include "app/app.h"
#include "app/enrolment.h"
#include "app/source.h"
#include "app/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct app_option enroll_options[] = {
    {"from", 'f', APP_FILE, "DIR",
     "enrol everybody: DIR/NAME/* are of NAME (not where NAME starts with _ or .)", 0, 0},
    {"replace", 'r', APP_FLAG, NULL, "instead of what is known of the person, not in addition", 0,
     0},
    {"force", 0, APP_FLAG, NULL, "save even faces that look like somebody else's", 0, 0},
    {"compat", 0, APP_TEXT, "RULE",
     "demo: crop of the Keras demo, for identify --compat demo (VGGFace2 only)", 0, 0},
    {"strict", 's', APP_FLAG, NULL,
     "exit with 3 if a single file could not be used; the others are enrolled", 0, 0},
    {"consent", 0, APP_TEXT, "TEXT", "the words in which they agreed, kept with the time", 0, 0},
    {"expires", 0, APP_TEXT, "DATE", "last day on which they are named, 2027-01-31; \"\": no end",
     0, 0},
    {"every", 'e', APP_WHOLE, "N",
     "of clips each N-th frame (default about 10 a second, 200 in all)", 1, 1e6},
    {"frames", 0, APP_TEXT, "A:B", "of clips the frames A to B, counted from 0", 0, 0},
    {0},
};

struct enroll {
    struct app *app;
    struct app_clip_options clip;
    struct app_faces faces;
    struct fid_rule rule;
    enum fid_crop crop;
    struct fid_terms terms;
    bool had_bad; /* a file could not be used */
};

/* Takes the main face of one frame. */
static enum app_exit take_frame(struct enroll *enroll, const struct app_frame *frame,
                                struct app_enrolment *enrolment)
{
    struct fid_error error;
    char name[4200];
    app_frame_name(frame, name, sizeof name);
    enrolment->frames++;
    enum fid_status status =
        app_faces_find(enroll->app, frame->picture, true, enroll->crop, &enroll->faces, &error);
    if (status != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    if (enroll->faces.count == 0) {
        enrolment->faceless++;
        if (frame->frame < 0) { /* of a clip it is no news */
            app_say(enroll->app, "no face in %s", name);
            enroll->had_bad = true;
        }
        return APP_OK;
    }
    if (app_enrolment_add(enrolment, enroll->faces.embeddings, enroll->faces.size, name))
        return APP_OK;
    app_warn("no memory for more faces");
    return APP_INTERNAL;
}

/* Takes all frames of the sources; a file that cannot be read is told and passed over. */
static enum app_exit gather(struct enroll *enroll, char *const *paths, size_t count,
                            struct app_enrolment *enrolment)
{
    struct app_source *source;
    struct app_frame frame;
    struct fid_error error;
    enum app_exit code = APP_OK;
    if (app_source_open(paths, count, &enroll->clip, &source, &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    while (code == APP_OK) {
        enum fid_status status = app_source_next(source, &frame, &error);
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (status == FID_OK && frame.picture == NULL)
            break;
        else if (status == FID_OK)
            code = take_frame(enroll, &frame, enrolment);
        else {
            app_fail(APP_AREA_INPUT, &error);
            enrolment->bad_files++;
            enroll->had_bad = true;
        }
    }
    app_source_close(&source);
    return code;
}

static void summary(const struct enroll *enroll, const struct app_enrolment *enrolment,
                    const struct fid_person *person)
{
    const size_t faces = person->sample_count, vectors = person->prototype_count;
    app_say(enroll->app,
            "%s: %zu of %zu %s used (%zu without a face, %zu of somebody else, %zu %s not "
            "readable); %zu %s and %zu %s known now",
            person->name, enrolment->count - enrolment->bystanders, enrolment->frames,
            app_plural(enrolment->frames, "frame", "frames"), enrolment->faceless,
            enrolment->bystanders, enrolment->bad_files,
            app_plural(enrolment->bad_files, "file", "files"), faces,
            app_plural(faces, "face", "faces"), vectors, app_plural(vectors, "vector", "vectors"));
}

/* Saves the faces of one person, unless they look like somebody else's. */
static enum app_exit save(struct enroll *enroll, const char *name, struct app_enrolment *enrolment)
{
    struct app *app = enroll->app;
    struct fid_person person;
    struct fid_error error;
    bool force = app_option_flag(app, "force");
    enum fid_status status =
        app_enrolment_save(enrolment, app->gallery, &enroll->rule, name,
                           app_option_flag(app, "replace"), force, &person, &error);
    if (status == FID_QUALITY && !force)
        app_warn("%s; --force saves it all the same", error.text);
    else if (status != FID_OK)
        app_fail(APP_AREA_GALLERY, &error);
    if (status != FID_OK)
        return app_exit_code(APP_AREA_GALLERY, status);
    summary(enroll, enrolment, &person);
    return APP_OK;
}

static enum app_exit enroll_person(struct enroll *enroll, const char *name, char *const *paths,
                                   size_t count)
{
    struct app_enrolment enrolment = {.terms = enroll->terms};
    enum app_exit code = gather(enroll, paths, count, &enrolment);
    if (code == APP_OK && enrolment.count == 0) {
        app_warn("%s is not enrolled: no face in %zu %s, %zu %s not readable", name,
                 enrolment.frames, app_plural(enrolment.frames, "frame", "frames"),
                 enrolment.bad_files, app_plural(enrolment.bad_files, "file", "files"));
        code = APP_INPUT;
    }
    if (code == APP_OK)
        code = save(enroll, name, &enrolment);
    app_enrolment_clear(&enrolment);
    return code;
}

/* Is the entry somebody's? A leading '_' or '.' sets it aside. */
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
        app_say(enroll->app, "%s is not a folder, so it is nobody's", path);
        enroll->had_bad = true;
        return APP_INPUT;
    }
    if (fid_name_check(name, checked, &error) != FID_OK) {
        app_warn("%s: %s", path, error.text);
        return APP_USAGE;
    }
    return enroll_person(enroll, checked, paths, 1);
}

/* Somebody who cannot be enrolled does not keep the others from it; the gallery's faults do. */
static enum app_exit enroll_from(struct enroll *enroll, const char *folder)
{
    struct dirent **entries;
    enum app_exit code = APP_OK, first = APP_OK;
    int done = 0, count = scandir(folder, &entries, is_person, alphasort);
    if (count < 0) {
        app_warn("the folder %s cannot be read: %s", folder, strerror(errno));
        return APP_INPUT;
    }
    for (int i = 0; i < count; i++) {
        if (code != APP_GALLERY && code != APP_LOCKED && code < APP_INTERNAL) {
            code = enroll_folder(enroll, folder, entries[i]->d_name);
            done += code == APP_OK;
            enroll->had_bad = enroll->had_bad || code != APP_OK;
            first = first == APP_OK ? code : first;
        }
        free(entries[i]);
    }
    free(entries);
    if (code == APP_GALLERY || code == APP_LOCKED || code >= APP_INTERNAL)
        return code;
    app_say(enroll->app, "%d %s enrolled, %d skipped", done,
            app_plural((size_t)done, "person", "people"), count - done);
    if (done > 0)
        return APP_OK;
    if (count == 0)
        app_warn("the folder %s has no folders of people in it", folder);
    return first == APP_OK ? APP_INPUT : first;
}

/* What of the command line can be wrong before anything is opened. */
static enum app_exit check_words(struct enroll *enroll)
{
    const struct app *app = enroll->app;
    const struct app_arguments *arguments = &app->arguments;
    const char *frames = app_option_text(app, "frames", NULL);
    char name[FID_NAME_BYTES];
    struct fid_error error;
    enroll->clip = (struct app_clip_options){
        .last = -1, .every = app_option_whole(app, "every", 0), .rate = 10, .limit = 200};
    enroll->terms = (struct fid_terms){app_option_text(app, "consent", NULL),
                                       app_option_text(app, "expires", NULL)};
    if (fid_terms_check(&enroll->terms, &error) != FID_OK)
        return app_usage(app, "%s", error.text);
    if (frames != NULL && !app_frames_parse(frames, &enroll->clip))
        return app_usage(app, "--frames takes A:B, two frame numbers, not '%s'", frames);
    if (app_option_text(app, "from", NULL) != NULL)
        return arguments->count == 0 ? APP_OK
                                     : app_usage(app, "with --from there is no NAME and no SOURCE");
    if (arguments->count < 2)
        return app_usage(app, "enroll needs NAME SOURCE..., or --from DIR");
    if (fid_name_check(arguments->words[0], name, &error) != FID_OK)
        return app_usage(app, "%s", error.text);
    return APP_OK;
}

/* The rule that tells bystanders; with --compat demo the model must have the demo's rule too. */
static enum app_exit read_rule(struct enroll *enroll)
{
    const struct fid_model *model = enroll->app->recognizer;
    struct fid_error error;
    if ((enroll->crop == FID_CROP_DEMO &&
         fid_rule_default(model, FID_RULE_DEMO, &enroll->rule, &error) != FID_OK) ||
        fid_rule_default(model, FID_RULE_COSINE, &enroll->rule, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    return APP_OK;
}

static enum app_exit run(struct app *app)
{
    struct enroll enroll = {.app = app};
    enum app_exit code = check_words(&enroll);
    if (code == APP_OK)
        code = app_faces_crop(app, &enroll.crop);
    if (code == APP_OK)
        code = app_faces_open(app, 1, &enroll.faces);
    if (code == APP_OK)
        code = read_rule(&enroll);
    if (code == APP_OK)
        code = app_open_gallery(app, FID_GALLERY_CREATE, true);
    const char *from = app_option_text(app, "from", NULL);
    char **words = app->arguments.words;
    if (code == APP_OK && from != NULL)
        code = enroll_from(&enroll, from);
    else if (code == APP_OK)
        code = enroll_person(&enroll, words[0], words + 1, (size_t)app->arguments.count - 1);
    app_faces_close(&enroll.faces);
    if (code == APP_OK && enroll.had_bad && app_option_flag(app, "strict"))
        return APP_INPUT;
    return code;
}

const struct app_verb app_verb_enroll = {
    .name = "enroll",
    .arguments = "NAME SOURCE... | --from DIR",
    .summary = "learn people from pictures, folders and clips",
    .details =
        "Takes the main face of each picture or frame. Frames of somebody else are left out.\n"
        "A second enrolment of a name adds to the first one. Clips need ffmpeg. Exit code 7, and\n"
        "nothing saved, if the faces are not like those known by this name, like those of another\n"
        "person, or of two files not like each other (below the model's decision.maybe, from\n"
        "decision.accept on); --from goes on with the others.\n",
    .examples = "faceid enroll ana ana.mp4 photos/ana\tfrom a clip and a folder\n"
                "faceid enroll --replace ana new.jpg\tinstead of the old faces of ana\n"
                "faceid enroll --consent \"signed today\" --expires 2027-01-31 ana a.jpg\tkept "
                "with ana\n"
                "faceid enroll --from people\teverybody, from people/NAME/*\n",
    .max_arguments = -1,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY,
    .options = enroll_options,
    .run = run,
};
