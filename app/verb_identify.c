#include "app/app.h"
#include "app/draw.h"
#include "app/faces.h"
#include "app/json.h"
#include "app/source.h"
#include "app/text.h"

#include <stdio.h>

static const struct app_option identify_options[] = {
    {"json", 'j', APP_FLAG, NULL, "one JSON object a picture or frame", 0, 0},
    {"explain", 'x', APP_FLAG, NULL, "also why: reason, nearest and second person", 0, 0},
    {"draw", 'D', APP_FILE, "OUTDIR", "write the pictures with boxes and names into this folder", 0,
     0},
    {"threshold", 'T', APP_NUMBER, "T", "least score for a name, -1..1 (default the model's)", -1,
     1e6},
    {"compat", 0, APP_TEXT, "RULE", "demo: crop and rule of the Keras demo (VGGFace2 only)", 0, 0},
    {"strict", 's', APP_FLAG, NULL, "exit with 3 if a single file could not be read", 0, 0},
    {"every", 'e', APP_WHOLE, "N", "of clips each N-th frame (default about 10 a second)", 1, 1e6},
    {"frames", 0, APP_TEXT, "A:B", "of clips the frames A to B, counted from 0", 0, 0},
    {0},
};

struct identify {
    struct app *app;
    struct app_clip_options clip;
    struct app_faces faces;
    struct fid_label labels[APP_FACES_MAX];
    struct fid_rule rule;
    enum fid_crop crop;
    bool json, explain;
    const char *draw;
    struct app_drawing drawing;
    size_t face_count, known_count, bad_files;
};

/* ---- printing ---- */

/* "-" when there is nobody whose score it could be. */
static void print_score(const char *name, float score)
{
    if (name[0] != '\0')
        printf("\t%.3f", (double)score);
    else
        fputs("\t-", stdout);
}

/* null when there is nobody whose score it could be. */
static void json_score(struct app_json *json, const char *key, const char *name, float score)
{
    if (name[0] != '\0')
        app_json_number(json, key, (double)score, 4);
    else
        app_json_text(json, key, NULL);
}

/* file<TAB>x,y,w,h<TAB>name or ?<TAB>score, with --explain <TAB>reason<TAB>nearest<TAB>second<TAB>
 * its score */
static void print_text(const struct identify *identify, const char *file)
{
    for (size_t i = 0; i < identify->faces.count; i++) {
        const struct fid_box *box = &identify->faces.faces[i].box;
        const struct fid_label *label = &identify->labels[i];
        app_put_visible(stdout, file);
        printf("\t%.0f,%.0f,%.0f,%.0f\t", (double)box->x, (double)box->y, (double)box->w,
               (double)box->h);
        app_put_visible(stdout, label->known ? label->name : "?");
        print_score(label->nearest, label->score);
        if (identify->explain) {
            printf("\t%s\t", fid_reason_text(label->reason));
            app_put_visible(stdout, label->nearest);
            fputc('\t', stdout);
            app_put_visible(stdout, label->second);
            print_score(label->second, label->second_score);
        }
        fputc('\n', stdout);
    }
}

static void print_face(struct app_json *json, const struct fid_face *face,
                       const struct fid_label *label, bool explain)
{
    const float box[4] = {face->box.x, face->box.y, face->box.w, face->box.h};
    app_json_open(json, NULL, '{');
    app_json_open(json, "box", '[');
    for (int i = 0; i < 4; i++)
        app_json_number(json, NULL, (double)box[i], 1);
    app_json_close(json, ']');
    app_json_number(json, "detection", (double)face->score, 4);
    app_json_open(json, "landmarks", '[');
    for (int i = 0; i < 5; i++) {
        app_json_open(json, NULL, '[');
        app_json_number(json, NULL, (double)face->landmarks[i][0], 1);
        app_json_number(json, NULL, (double)face->landmarks[i][1], 1);
        app_json_close(json, ']');
    }
    app_json_close(json, ']');
    app_json_bool(json, "known", label->known);
    app_json_text(json, "name", label->known ? label->name : NULL);
    json_score(json, "score", label->nearest, label->score);
    if (explain) {
        app_json_text(json, "reason", fid_reason_text(label->reason));
        app_json_text(json, "nearest", label->nearest[0] != '\0' ? label->nearest : NULL);
        app_json_text(json, "second", label->second[0] != '\0' ? label->second : NULL);
        json_score(json, "second_score", label->second, label->second_score);
    }
    app_json_close(json, '}');
}

static void print_json(const struct identify *identify, const struct app_frame *frame)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_text(&json, "file", frame->file);
    if (frame->frame >= 0)
        app_json_whole(&json, "frame", frame->frame);
    app_json_whole(&json, "width", frame->picture->width);
    app_json_whole(&json, "height", frame->picture->height);
    app_json_open(&json, "faces", '[');
    for (size_t i = 0; i < identify->faces.count; i++)
        print_face(&json, &identify->faces.faces[i], &identify->labels[i], identify->explain);
    app_json_close(&json, ']');
    if (identify->drawing.path != NULL)
        app_json_text(&json, "drawn", identify->drawing.path);
    app_json_close(&json, '}');
    app_json_line(&json);
}

/* ---- the work ---- */

/* A drawing that cannot be written is output; one that must not be is a wrong folder. */
static enum app_exit drawing_failed(const struct fid_error *error)
{
    return app_fail(error->status == FID_IO ? APP_AREA_OUTPUT : APP_AREA_INPUT, error);
}

static enum app_exit take_frame(struct identify *identify, const struct app_frame *frame)
{
    struct fid_error error;
    char name[4200];
    app_frame_name(frame, name, sizeof name);
    enum fid_status status = app_faces_find(identify->app, frame->picture, false, identify->crop,
                                            &identify->faces, &error);
    if (status != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    fid_label_faces(identify->app->gallery, &identify->rule, identify->faces.embeddings,
                    identify->faces.count, identify->labels);
    identify->face_count += identify->faces.count;
    for (size_t i = 0; i < identify->faces.count; i++)
        identify->known_count += identify->labels[i].known;
    if (identify->draw != NULL) /* before the line is printed, which tells the drawing's path */
        status = app_draw_frame(&identify->drawing, frame, identify->faces.faces, identify->labels,
                                identify->faces.count, &error);
    if (status == FID_OK && identify->json)
        print_json(identify, frame);
    else if (status == FID_OK)
        print_text(identify, name);
    if (identify->faces.count == 0 && frame->frame < 0)
        app_say(identify->app, "no face in %s (--min-face looks for smaller ones)", name);
    return status == FID_OK ? APP_OK : drawing_failed(&error);
}

static enum app_exit take_all(struct identify *identify)
{
    const struct app_arguments *arguments = &identify->app->arguments;
    struct app_source *source;
    struct app_frame frame;
    struct fid_error error;
    enum app_exit code = APP_OK;
    if (app_source_open(arguments->words, (size_t)arguments->count, &identify->clip, &source,
                        &error) != FID_OK)
        return app_fail(APP_AREA_INPUT, &error);
    while (code == APP_OK) {
        enum fid_status status = app_source_next(source, &frame, &error);
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (status == FID_OK && frame.picture == NULL)
            break;
        else if (status == FID_OK)
            code = take_frame(identify, &frame);
        else if (app_fail(APP_AREA_INPUT, &error) >= APP_INTERNAL)
            code = APP_INTERNAL; /* the next file would not find more memory */
        else
            identify->bad_files++;
    }
    app_source_close(&source);
    return code;
}

/* ---- options ---- */

static enum app_exit read_options(struct identify *identify)
{
    const struct app *app = identify->app;
    const char *frames = app_option_text(app, "frames", NULL);
    identify->clip = (struct app_clip_options){
        .last = -1, .every = app_option_whole(app, "every", 0), .rate = 10};
    if (frames != NULL && !app_frames_parse(frames, &identify->clip))
        return app_usage(app, "--frames takes A:B, two frame numbers, not '%s'", frames);
    enum app_exit code = app_faces_crop(app, &identify->crop);
    if (code != APP_OK)
        return code;
    identify->rule.kind = identify->crop == FID_CROP_DEMO ? FID_RULE_DEMO : FID_RULE_COSINE;
    if (identify->rule.kind == FID_RULE_COSINE && app_option_number(app, "threshold", 0) > 1)
        return app_usage(app, "--threshold takes a cosine, -1..1, without --compat demo");
    identify->json = app_option_flag(app, "json");
    identify->explain = app_option_flag(app, "explain");
    identify->draw = app_option_text(app, "draw", NULL);
    return APP_OK;
}

static enum app_exit open_all(struct identify *identify)
{
    enum { BATCH = 4 }; /* faces of one picture go through the network together */
    struct app *app = identify->app;
    struct fid_error error;
    enum app_exit code = app_faces_open(app, BATCH, &identify->faces);
    if (code == APP_OK)
        code = app_open_gallery(app, FID_GALLERY_READ_ONLY, true);
    if (code != APP_OK)
        return code;
    if (fid_rule_default(app->recognizer, identify->rule.kind, &identify->rule, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    identify->rule.accept =
        (float)app_option_number(app, "threshold", (double)identify->rule.accept);
    if (identify->rule.maybe > identify->rule.accept)
        identify->rule.maybe = identify->rule.accept;
    if (fid_gallery_count(app->gallery) == 0)
        app_say(app, "nobody is enrolled yet in %s, so everybody is '?'", app->gallery_path);
    if (identify->draw != NULL &&
        app_drawing_open(identify->draw, &identify->drawing, &error) != FID_OK)
        return drawing_failed(&error);
    return APP_OK;
}

static enum app_exit run(struct app *app)
{
    struct identify identify = {.app = app};
    enum app_exit code = read_options(&identify);
    if (code == APP_OK)
        code = open_all(&identify);
    if (code == APP_OK)
        code = take_all(&identify);
    app_drawing_close(&identify.drawing);
    app_faces_close(&identify.faces);
    if (code != APP_OK)
        return code;
    if (identify.face_count == 0 || (identify.bad_files > 0 && app_option_flag(app, "strict")))
        return APP_INPUT;
    return identify.known_count > 0 ? APP_OK : APP_UNKNOWN;
}

const struct app_verb app_verb_identify = {
    .name = "identify",
    .arguments = "SOURCE...",
    .summary = "who is in pictures, folders and clips",
    .details =
        "Prints a line a face: file, box x,y,w,h in pixels, name or ?, score. Of a clip the file\n"
        "is FILE#FRAME. A file that cannot be read is told and the rest is done. Exit code 0 if\n"
        "somebody is known, 1 if nobody is, 3 if there is no face at all. Boxes may reach over "
        "the\n"
        "border. A score is the cosine to the nearest person, \"-\" (JSON: null) without one.\n"
        "The model's limits (faceid model info): from accept on a face gets a name, from maybe on\n"
        "it may be the person, margin is the least lead over the second one. The reasons:\n"
        "  known          at least accept, and nobody else as near\n"
        "  maybe          between maybe and accept\n"
        "  stranger       below maybe\n"
        "  two_alike      at least accept, but less than margin before the second person\n"
        "  taken          another face of the picture has the name with a better score\n"
        "  empty_gallery  nobody is enrolled\n"
        "  no_vector      the network gave no usable numbers\n"
        "--compat demo is for galleries that enroll --compat demo made.\n",
    .examples = "faceid identify party.jpg\twho is on it\n"
                "faceid identify --draw out album/\tpictures with boxes and names\n"
                "faceid identify --json clip.mp4\tfor programs, a line a frame\n",
    .min_arguments = 1,
    .max_arguments = -1,
    .groups = APP_USES_MODEL | APP_USES_DETECTOR | APP_USES_GALLERY,
    .options = identify_options,
    .run = run,
};
