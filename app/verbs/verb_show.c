/* verb_show.c - faceid show: prints everything that is kept of a person, except the vectors. */
#include "app/app.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <stdio.h>

static const struct app_option show_options[] = {
    {"json", 'j', APP_FLAG, NULL, "one JSON object", 0, 0},
    {0},
};

/* ---- text: what it is<TAB>values ---- */

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

/* The last value of a line. */
static void put_line(const char *text)
{
    app_put_visible(stdout, text);
    putchar('\n');
}

static bool put_sample(void *ctx, const struct fid_sample_info *sample)
{
    (void)ctx;
    printf("face\t%lld\t", (long long)sample->id);
    app_put_visible(stdout, or_dash(sample->created));
    putchar('\t');
    put_line(sample->source);
    return true;
}

static bool put_consent(void *ctx, const char *text, const char *time)
{
    (void)ctx;
    fputs("consent\t", stdout);
    app_put_visible(stdout, time);
    putchar('\t');
    put_line(text);
    return true;
}

static enum fid_status put_text(struct fid_gallery *gallery, const struct fid_person *person,
                                struct fid_error *error)
{
    fputs("name\t", stdout);
    put_line(person->name);
    printf("id\t%lld\nenrolled\t", (long long)person->id);
    put_line(person->created);
    fputs("expires\t", stdout);
    put_line(or_dash(person->expires));
    printf("vectors\t%zu\ncrops\t%zu\n", person->prototype_count, person->crop_count);
    enum fid_status status = fid_gallery_samples(gallery, person->id, put_sample, NULL, error);
    return status == FID_OK ? fid_gallery_consents(gallery, person->id, put_consent, NULL, error)
                            : status;
}

/* ---- JSON ---- */

static bool json_sample(void *ctx, const struct fid_sample_info *sample)
{
    struct app_json *json = ctx;
    app_json_open(json, NULL, '{');
    app_json_whole(json, "id", sample->id);
    app_json_text(json, "created", sample->created[0] != '\0' ? sample->created : NULL);
    app_json_text(json, "source", sample->source);
    app_json_close(json, '}');
    return true;
}

static bool json_consent(void *ctx, const char *text, const char *time)
{
    struct app_json *json = ctx;
    app_json_open(json, NULL, '{');
    app_json_text(json, "time", time);
    app_json_text(json, "text", text);
    app_json_close(json, '}');
    return true;
}

static enum fid_status put_json(struct fid_gallery *gallery, const struct fid_person *person,
                                struct fid_error *error)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "id", person->id);
    app_json_text(&json, "name", person->name);
    app_json_text(&json, "created", person->created);
    app_json_text(&json, "expires", person->expires[0] != '\0' ? person->expires : NULL);
    app_json_bool(&json, "expired", person->expired);
    app_json_whole(&json, "prototypes", (int64_t)person->prototype_count);
    app_json_whole(&json, "crops", (int64_t)person->crop_count);
    app_json_open(&json, "samples", '[');
    enum fid_status status = fid_gallery_samples(gallery, person->id, json_sample, &json, error);
    app_json_close(&json, ']');
    app_json_open(&json, "consents", '[');
    if (status == FID_OK)
        status = fid_gallery_consents(gallery, person->id, json_consent, &json, error);
    app_json_close(&json, ']');
    app_json_close(&json, '}');
    app_json_line(&json);
    return status;
}

static enum app_exit run(struct app *app)
{
    char *name = app->arguments.words[0], checked[FID_NAME_BYTES];
    struct fid_person person;
    struct fid_error error;
    enum app_exit code = app_open_gallery_for(app, FID_GALLERY_READ_ONLY, 1, checked);
    if (code != APP_OK)
        return code;
    enum fid_status status = fid_gallery_lookup(app->gallery, name, &person, &error);
    if (status == FID_OK)
        status = app_option_flag(app, "json") ? put_json(app->gallery, &person, &error)
                                              : put_text(app->gallery, &person, &error);
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_GALLERY, &error);
}

const struct app_verb app_verb_show = {
    .name = "show",
    .arguments = "NAME",
    .summary = "everything that is kept of a person, except the vectors",
    .details =
        "Prints lines of a field and its values: name, id, enrolled, expires, vectors, crops\n"
        "(faces that can move to another model); face, its number, date, source; consent, time,\n"
        "text.\n",
    .examples = "faceid show ana\tthe faces with their numbers, for faceid remove\n"
                "faceid show --json ana\tthe same for programs\n",
    .min_arguments = 1,
    .max_arguments = 1,
    .groups = APP_USES_GALLERY,
    .options = show_options,
    .run = run,
};
