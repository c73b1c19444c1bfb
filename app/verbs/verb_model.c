/* verb_model.c - faceid model: fetches, describes, verifies, packs and quantizes models, and sets
 * their limits. */
#include "app/app.h"
#include "app/get_model.h"
#include "app/eval/eval_limits.h"
#include "app/output/model_info.h"
#include "app/output/output_file.h"
#include "app/output/text.h"
#include "app/quantize/quantize.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct app_option own_options[] = {
    {"json", 'j', APP_FLAG, NULL, "info: one JSON object", 0, 0},
    {"layers", 'l', APP_FLAG, NULL, "info: also the layers of each graph", 0, 0},
    {"output", 'o', APP_FILE, "FILE", "pack, quantize: where to write", 0, 0},
    {"force", 'f', APP_FLAG_IN_FULL, NULL, "pack, quantize: replace the file that is there", 0, 0},
    {"pictures", 0, APP_FILE, "DIR", "quantize: pictures with faces, 60 or more", 0, 0},
    {"weights", 0, APP_TEXT, "TYPE", "quantize: only the weights, as f16 or s8", 0, 0},
    {"keep-f32", 0, APP_TEXT, "STEP", "quantize: keep this step in f32 (and the words after it)", 0,
     0},
    {"only", 0, APP_TEXT, "STEP", "quantize: change only this step (and the words after it)", 0, 0},
    {"from", 0, APP_FILE, "FILE", "limits: what faceid eval --json wrote", 0, 0},
    {"file", 0, APP_FILE, "FILE", "get: convert this instead of fetching", 0, 0},
    {"to", 0, APP_FILE, "DIR", "get: folder of the model (default: where faceid looks first)", 0,
     0},
    {"again", 0, APP_FLAG, NULL, "get: even if the model is already there", 0, 0},
    {0},
};

static enum app_exit info(struct app *app, const struct fid_model *model)
{
    return app_model_info_print(app, model);
}

static enum app_exit verify(struct app *app, const struct fid_model *model)
{
    struct fid_model_info info;
    (void)app;
    fid_model_info(model, &info);
    app_put_visible(stdout, info.path);
    printf(": ok\n");
    return APP_OK;
}

static enum app_exit pack(struct app *app, const struct fid_model *model)
{
    struct fid_error error;
    const char *path = app_option_text(app, "output", NULL);
    if (fid_model_pack(app->runtime, model, NULL, 0, 0, path, &error) != FID_OK)
        return app_fail(error.status == FID_IO || error.status == FID_INVALID ? APP_AREA_OUTPUT
                                                                              : APP_AREA_MODEL,
                        &error);
    app_say(app, "%s: packed for %s", path, fid_runtime_isa(app->runtime));
    return APP_OK;
}

/* A model without limits has no keys for them, and gets the measured ones. */
static size_t limit_entries(const struct app_limits *limits, struct fid_model_entry entries[4])
{
    static const char *const keys[] = {"decision.accept", "decision.maybe", "decision.margin"};
    const double numbers[] = {limits->accept, limits->maybe, limits->margin};
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (!isnan(numbers[i]))
            entries[count++] = (struct fid_model_entry){.key = keys[i], .number = numbers[i]};
    entries[count++] =
        (struct fid_model_entry){.key = "decision.measured_on", .text = limits->measured_on};
    return count;
}

static enum app_exit limits(struct app *app, const struct fid_model *model)
{
    struct fid_error error;
    struct fid_model_info info;
    struct app_limits limits;
    struct fid_model_entry entries[4];
    fid_model_info(model, &info);
    if (strcmp(info.kind, "detector") == 0) {
        app_warn("%s is a detector: only recognizers have limits", info.path);
        return APP_MODEL;
    }
    enum app_exit code = app_limits_read(model, app_option_text(app, "from", NULL), &limits);
    if (code != APP_OK)
        return code;
    if (fid_model_write_limits(app->runtime, model, entries, limit_entries(&limits, entries),
                               info.path, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    app_say(app, "%s: accept %.3f, maybe %.3f, margin %.3f; %s", info.path, limits.accept,
            limits.maybe, limits.margin, limits.measured_on);
    return APP_OK;
}

/* The actions except `get`, which has no file yet: each takes one checked model and may need one
 * option. */
static const struct action {
    const char *name;
    enum app_exit (*run)(struct app *app, const struct fid_model *model);
    const char *option, *wanted; /* NULL: none; and its text for the message if it is missing */
} actions[] = {
    {"info", info, NULL, NULL},
    {"verify", verify, NULL, NULL},
    {"pack", pack, "output", "-o FILE, where to write"},
    {"quantize", app_quantize, "output", "-o FILE, where to write"},
    {"limits", limits, "from", "--from FILE, which faceid eval --json wrote"},
    {"get", NULL, NULL, NULL},
};

enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

/* The options that only some actions take, and which. */
static const struct taker {
    const char *option, *who;
} takers[] = {
    {"output", "pack and quantize take"},
    {"pictures", "quantize takes"},
    {"weights", "quantize takes"},
    {"keep-f32", "quantize takes"},
    {"only", "quantize takes"},
    {"from", "limits takes"},
    {"file", "get takes"},
};

static enum app_exit check_options(const struct app *app, const struct action *action)
{
    if (action->wanted != NULL && app_option_text(app, action->option, NULL) == NULL)
        return app_usage(app, "%s needs %s", action->name, action->wanted);
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++)
        if (app_option_text(app, takers[i].option, NULL) != NULL &&
            strstr(takers[i].who, action->name) == NULL)
            return app_usage(app, "only %s --%s", takers[i].who, takers[i].option);
    if (action->run == app_quantize)
        return app_quantize_check(app);
    if (action->run != NULL && app->arguments.count != 2)
        return app_usage(app, "%s needs one FILE", action->name);
    return APP_OK;
}

/* Quantizing takes time, so an unwritable folder is reported before. */
static enum app_exit check_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    if (folder == NULL) {
        app_warn("no memory for the name of a folder");
        return APP_INTERNAL;
    }
    const bool good = access(folder, W_OK | X_OK) == 0;
    if (!good)
        app_warn("%s cannot be written: %s", path, strerror(errno));
    free(folder);
    return good ? APP_OK : APP_INTERNAL;
}

static enum app_exit check_output(const struct app *app)
{
    struct fid_error error;
    const char *path = app_option_text(app, "output", NULL), *model = app->arguments.words[1];
    const char *detector = app_option_text(app, "detector", app_environment("FACEID_DETECTOR"));
    if (fid_output_check(path, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    if (!app_option_flag(app, "force") && access(path, F_OK) == 0)
        return app_usage(app, "%s exists already; --force replaces it", path);
    if (app_is_same_file(path, model))
        return app_usage(app, "%s is the model itself: name another file with -o", path);
    if (detector != NULL && app_is_same_file(path, detector))
        return app_usage(app, "%s is the detector in use: name another file with -o", path);
    return check_folder(path);
}

static enum app_exit run(struct app *app)
{
    struct fid_error error;
    struct fid_model *model;
    const char *name = app->arguments.words[0], *path = app->arguments.words[1];
    int i = 0;
    while (i < ACTION_COUNT && strcmp(actions[i].name, name) != 0)
        i++;
    if (i == ACTION_COUNT)
        return app_usage(app, "'%s' is not info, verify, pack, quantize, limits or get", name);
    enum app_exit code = check_options(app, &actions[i]);
    if (code == APP_OK && actions[i].run == NULL)
        return app_get_model(app);
    if (code == APP_OK && (actions[i].run == pack || actions[i].run == app_quantize))
        code = check_output(app);
    if (code == APP_OK)
        code = app_open_runtime(app);
    if (code != APP_OK)
        return code;
    if (fid_model_open(app->runtime, path, &model, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    code = fid_model_verify(app->runtime, model, &error) == FID_OK
               ? actions[i].run(app, model)
               : app_fail(APP_AREA_MODEL, &error);
    fid_model_close(&model);
    return code;
}

const struct app_verb app_verb_model = {
    .name = "model",
    .arguments = "info|verify|pack|quantize|limits|get FILE | get [NAME]",
    .summary = "fetch a model; describe, verify, pack or quantize it; set its limits",
    .details =
        "get fetches a network by name and converts it, and says what it takes, from where and\n"
        "under which license; without a NAME it lists them. Some are not fetched: give the file\n"
        "with --file (if there are several, the others follow as words); it says where to look.\n"
        "The model goes where faceid finds it. Needs Python 3 and NumPy, and says what is\n"
        "missing. Exit code 3: cannot be fetched; 4: refused; 5: the result cannot be written.\n"
        "info prints name, kind, id, source, license, sizes, graphs and metadata.\n"
        "verify checks the file (sizes, checksums, structure, finite numbers, graphs that fit\n"
        "together, the id) and prints \"FILE: ok\", or the reason with exit code 4.\n"
        "limits writes into FILE what faceid eval identify --json (accept, margin) and faceid\n"
        "eval lfw --json (maybe) measured with it, in one file or two, and on what data. The\n"
        "model's id stays the same, and so does the gallery.\n"
        "pack writes the model again, with the weights of its first graph as the kernels of this\n"
        "CPU (or of --isa) read them: it starts sooner and takes about twice the room. On other\n"
        "CPUs it works as before. The id stays the same here, too.\n"
        "quantize writes a smaller and faster model: weights and values between layers are bytes,\n"
        "with scales chosen from the faces in --pictures (for a detector: from the pictures; of\n"
        "more than 300 an even choice). Inputs, outputs, layers without an int8 kernel and each\n"
        "STEP of --keep-f32 stay f32; with --only, all but its STEPs do (a last layer that reads\n"
        "most of the file waits for memory; bench layers shows its time). Every fifth picture is\n"
        "held back to judge the result. With --weights only the weights are f16 or int8: half or\n"
        "a quarter of the file, at the old speed. The id changes, since embeddings are close to\n"
        "the old ones but not equal: a gallery moves with faceid reembed. Measure the limits\n"
        "again. Exit code 3: no picture, or no face in them; 4: nothing to quantize, or no such\n"
        "STEP; 70: cannot be written.\n",
    .examples = "faceid model get\tthe networks by name\n"
                "faceid model get starter\ta detector and a recognizer to begin with\n"
                "faceid model info weights/models/yunet.fid\twhat it is\n"
                "faceid model info --json --layers FILE\twith its layers, for programs\n"
                "faceid model verify FILE\tis it intact?\n"
                "faceid model limits FILE --from eval.json\tset measured limits\n"
                "faceid model pack FILE -o PACKED.fid\tfor quick starts on this CPU\n"
                "faceid model quantize FILE --pictures DIR -o INT8.fid\tsmaller and faster\n"
                "faceid model quantize FILE --weights f16 -o HALF.fid\thalf of the file\n",
    .min_arguments = 1,
    .max_arguments = -1,
    .groups = APP_USES_RUNTIME | APP_USES_DETECTOR,
    .options = own_options,
    .run = run,
};
