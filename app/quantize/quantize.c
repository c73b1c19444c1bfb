/* quantize.c - faceid model quantize: feeds pictures, writes the model, judges it, and reports the
 * result. */
#include "app/quantize/quantize.h"
#include "app/output/model_info.h"
#include "app/output/text.h"
#include "app/quantize/judge.h"
#include "app/quantize/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_NAMED = 12, NAMES_MOST = 64 };

/* ---- the command line ---- */

/* FILLS *to; false for an unknown word. */
static bool read_weights(const struct app *app, enum fid_quantize_to *to)
{
    const char *word = app_option_text(app, "weights", NULL);
    *to = word == NULL               ? FID_QUANTIZE_BYTES
          : strcmp(word, "f16") == 0 ? FID_QUANTIZE_WEIGHTS_F16
                                     : FID_QUANTIZE_WEIGHTS_S8;
    return word == NULL || strcmp(word, "f16") == 0 || strcmp(word, "s8") == 0;
}

enum app_exit app_quantize_check(const struct app *app)
{
    enum fid_quantize_to to;
    const int words = app->arguments.count - 2;
    const char *kept = app_option_text(app, "keep-f32", NULL);
    const char *only = app_option_text(app, "only", NULL);
    if (!read_weights(app, &to))
        return app_usage(app, "--weights is f16 or s8, not '%s'",
                         app_option_text(app, "weights", NULL));
    if (to == FID_QUANTIZE_BYTES && app_option_text(app, "pictures", NULL) == NULL)
        return app_usage(app, "quantize needs --pictures DIR (or --weights f16 or s8, for the "
                              "weights alone)");
    if (kept != NULL && only != NULL)
        return app_usage(app, "--keep-f32 names the steps that stay, --only those that change: "
                              "one of them");
    if (words < 0 || (words > 0 && kept == NULL && only == NULL))
        return app_usage(app, "quantize needs one FILE");
    if (words >= NAMES_MOST)
        return app_usage(app, "--%s takes at most %d steps", kept != NULL ? "keep-f32" : "only",
                         NAMES_MOST);
    return APP_OK;
}

/* The steps of --keep-f32 or --only: its own word, and those behind FILE; none without it. */
static size_t read_steps(const struct app *app, const char *option, const char *steps[NAMES_MOST])
{
    const char *first = app_option_text(app, option, NULL);
    size_t count = 0;
    if (first == NULL)
        return 0;
    steps[count++] = first;
    for (int i = 2; i < app->arguments.count; i++)
        steps[count++] = app->arguments.words[i];
    return count;
}

/* ---- metadata ---- */

struct names { /* what the new model says about itself */
    char name[256], measured_on[1024];
};

/* Limits stay as they were, and are marked as another model's until they are measured again. */
static size_t make_entries(const struct fid_model *model, enum fid_quantize_to to,
                           struct names *names, struct fid_model_entry entries[2])
{
    static const char *const kinds[] = {[FID_QUANTIZE_BYTES] = "int8",
                                        [FID_QUANTIZE_WEIGHTS_S8] = "int8 weights",
                                        [FID_QUANTIZE_WEIGHTS_F16] = "f16 weights"};
    struct fid_model_info info;
    const char *measured = fid_model_text(model, "decision.measured_on");
    size_t count = 0;
    fid_model_info(model, &info);
    snprintf(names->name, sizeof names->name, "%.*s, %s", (int)app_utf8_cut(info.name, 200),
             info.name, kinds[to]);
    entries[count++] = (struct fid_model_entry){.key = "info.name", .text = names->name};
    if (measured == NULL)
        return count;
    snprintf(names->measured_on, sizeof names->measured_on,
             APP_LIMITS_NOT_MEASURED " with %s; these are those of its f32 model (id %s): %.*s",
             kinds[to], info.id, (int)app_utf8_cut(measured, 600), measured);
    entries[count++] =
        (struct fid_model_entry){.key = "decision.measured_on", .text = names->measured_on};
    return count;
}

/* ---- telling ---- */

struct steps {
    size_t count, changed;
    char others[512]; /* the names of the first steps that stay f32 */
};

static void count_steps(const struct fid_quantizer *quantizer, struct steps *steps)
{
    struct fid_quantizer_step step;
    size_t named = 0, length = 0;
    *steps = (struct steps){.count = 0};
    for (; fid_quantizer_step(quantizer, steps->count, &step); steps->count++) {
        steps->changed += step.changed;
        if (step.changed || named++ >= STEPS_NAMED || length >= sizeof steps->others)
            continue;
        const int more = snprintf(steps->others + length, sizeof steps->others - length,
                                  "%s%s (%s)", length > 0 ? ", " : "", step.name, step.op);
        length += more > 0 ? (size_t)more : 0;
    }
}

static void tell_steps(const struct app *app, const struct fid_quantizer *quantizer,
                       enum fid_quantize_to to, const char *path)
{
    struct steps steps;
    count_steps(quantizer, &steps);
    const size_t rest = steps.count - steps.changed;
    if (to != FID_QUANTIZE_BYTES) {
        app_say(app, "%s: the weights of %zu of %zu steps are %s", path, steps.changed, steps.count,
                to == FID_QUANTIZE_WEIGHTS_F16 ? "f16" : "int8");
        return;
    }
    app_say(app, "%s: %zu of %zu steps compute in int8, with %zu %s between the types%s%s%s", path,
            steps.changed, steps.count, fid_quantizer_converts(quantizer),
            app_plural(fid_quantizer_converts(quantizer), "convert", "converts"),
            rest > 0 ? "; f32 are " : "", steps.others, rest > STEPS_NAMED ? " and more" : "");
}

static enum app_exit check_fed(const struct app_feed *feed, const char *folder)
{
    const bool detector = app_feed_is_detector(feed->model);
    if (feed->not_finite > 0)
        app_warn("of %zu %s the network makes a number that is not finite: passed over",
                 feed->not_finite, app_plural(feed->not_finite, "face", "faces"));
    if (feed->fed + feed->held_count == 0) {
        if (feed->not_finite == 0)
            app_warn(detector ? "%s: no picture in it can be read" : "%s: no face in its pictures",
                     folder);
        return APP_INPUT;
    }
    if (feed->quantizer != NULL && feed->fed < APP_FEED_FEW)
        app_warn("%zu %s few to choose scales from: %d or more are better", feed->fed,
                 detector ? app_plural(feed->fed, "picture is", "pictures are")
                          : app_plural(feed->fed, "face is", "faces are"),
                 3 * APP_FEED_FEW);
    if (feed->skipped > 0)
        app_say(feed->app, "%zu of %zu pictures %s", feed->skipped, feed->path_count,
                detector ? "could not be read" : "had no face, or could not be read");
    return APP_OK;
}

/* ---- the work ---- */

static enum app_exit feed_folder(struct app_feed *feed, struct app_pictures *pictures)
{
    const char *folder = app_option_text(feed->app, "pictures", NULL);
    if (folder == NULL)
        return APP_OK;
    enum app_exit code = app_pictures_find(pictures, folder, APP_FEED_PICTURES);
    if (code != APP_OK)
        return code;
    if (pictures->found > pictures->count)
        app_say(feed->app, "%s: %zu of its %zu pictures are used", folder, pictures->count,
                pictures->found);
    feed->paths = pictures->paths;
    feed->path_count = pictures->count;
    code = app_feed(feed);
    return code == APP_OK ? check_fed(feed, folder) : code;
}

static enum app_exit write_model(const struct app_feed *feed, struct fid_quantizer *quantizer,
                                 enum fid_quantize_to to, const char *path)
{
    struct fid_error error;
    struct names names = {"", ""};
    struct fid_model_entry entries[2] = {{0}};
    const size_t count = make_entries(feed->model, to, &names, entries);
    if (fid_quantizer_write(quantizer, entries, count, path, &error) != FID_OK)
        return app_fail(error.status == FID_IO       ? APP_AREA_OUTPUT
                        : error.status == FID_EXISTS ? APP_AREA_USAGE /* since it began */
                                                     : APP_AREA_MODEL,
                        &error);
    tell_steps(feed->app, quantizer, to, path);
    return APP_OK;
}

static enum app_exit quantize(struct app_feed *feed, struct fid_quantizer *quantizer,
                              enum fid_quantize_to to)
{
    struct app_pictures pictures = {0};
    const char *path = app_option_text(feed->app, "output", NULL);
    feed->quantizer = to == FID_QUANTIZE_BYTES ? quantizer : NULL;
    enum app_exit code = feed_folder(feed, &pictures);
    if (code == APP_OK)
        code = write_model(feed, quantizer, to, path);
    if (code == APP_OK && feed->path_count > 0)
        code = app_judge(feed, path);
    app_pictures_free(&pictures);
    return code;
}

enum app_exit app_quantize(struct app *app, const struct fid_model *model)
{
    struct fid_error error;
    struct fid_quantizer *quantizer;
    struct fid_quantize_options options = {.keep_output = !app_option_flag(app, "force")};
    struct app_feed feed = {.app = app, .model = model};
    const char *kept[NAMES_MOST], *only[NAMES_MOST];
    read_weights(app, &options.to);
    options.keep_f32 = kept;
    options.keep_count = read_steps(app, "keep-f32", kept);
    options.only_count = read_steps(app, "only", only);
    options.only = options.only_count > 0 ? only : NULL;
    if (fid_quantizer_open(app->runtime, model, &options, &quantizer, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    const enum app_exit code = quantize(&feed, quantizer, options.to);
    app_feed_free(&feed);
    fid_quantizer_close(&quantizer);
    return code;
}
