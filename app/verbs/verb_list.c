/* verb_list.c - faceid list: lists the people of the gallery. */
#include "app/app.h"
#include "app/output/csv.h"
#include "app/output/json.h"
#include "app/output/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct app_option list_options[] = {
    {"json", 'j', APP_FLAG, NULL, "one JSON object per person", 0, 0},
    {"csv", 0, APP_FLAG, NULL, "comma-separated values, with a header", 0, 0},
    {0},
};

static void print_json(const struct fid_person *person)
{
    struct app_json json = app_json_begin(stdout);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_whole(&json, "id", person->id);
    app_json_text(&json, "name", person->name);
    app_json_whole(&json, "samples", (int64_t)person->sample_count);
    app_json_whole(&json, "prototypes", (int64_t)person->prototype_count);
    app_json_text(&json, "created", person->created);
    app_json_text(&json, "expires", person->expires[0] != '\0' ? person->expires : NULL);
    app_json_bool(&json, "expired", person->expired);
    app_json_close(&json, '}');
    app_json_line(&json);
}

static void print_csv(const struct fid_person *person)
{
    struct app_csv csv = app_csv_begin(stdout);
    app_csv_text(&csv, person->name);
    app_csv_whole(&csv, (int64_t)person->sample_count);
    app_csv_whole(&csv, (int64_t)person->prototype_count);
    app_csv_text(&csv, person->created);
    app_csv_text(&csv, person->expires);
    app_csv_line(&csv);
}

static int characters(const char *text)
{
    int count = 0;
    uint32_t code;
    for (size_t bytes; (bytes = app_utf8_next(text, &code)) != 0; text += bytes)
        count++;
    return count;
}

/* For a terminal: columns under a header. */
static void print_table(const struct fid_gallery *gallery)
{
    struct fid_person person;
    int widest = (int)strlen("NAME");
    const size_t count = fid_gallery_count(gallery);
    for (size_t i = 0; i < count; i++) {
        fid_gallery_person(gallery, i, &person);
        const int width = characters(person.name);
        widest = width > widest ? width : widest;
    }
    if (count > 0)
        printf("%-*s  FACES  VECTORS  %-20s  LAST DAY\n", widest, "NAME", "ENROLLED");
    for (size_t i = 0; i < count; i++) {
        fid_gallery_person(gallery, i, &person);
        app_put_visible(stdout, person.name);
        printf("%*s  %5zu  %7zu  ", widest - characters(person.name), "", person.sample_count,
               person.prototype_count);
        app_put_visible(stdout, person.created);
        fputs(person.expires[0] != '\0' ? "  " : "", stdout);
        app_put_visible(stdout, person.expires);
        putchar('\n');
    }
}

/* name<TAB>faces<TAB>prototypes<TAB>date, and <TAB>last day where there is one */
static void print_text(const struct fid_person *person)
{
    app_put_visible(stdout, person->name);
    printf("\t%zu\t%zu\t", person->sample_count, person->prototype_count);
    app_put_visible(stdout, person->created);
    if (person->expires[0] != '\0')
        putchar('\t');
    app_put_visible(stdout, person->expires);
    putchar('\n');
}

static enum app_exit run(struct app *app)
{
    const bool json = app_option_flag(app, "json"), csv = app_option_flag(app, "csv");
    if (json && csv)
        return app_usage(app, "--json and --csv exclude each other");
    enum app_exit code = app_open_gallery(app, FID_GALLERY_READ_ONLY, false);
    if (code != APP_OK)
        return code;
    size_t count = fid_gallery_count(app->gallery);
    if (csv)
        puts("name,faces,vectors,enrolled,last_day");
    if (!json && !csv && isatty(STDOUT_FILENO))
        print_table(app->gallery);
    else
        for (size_t i = 0; i < count; i++) {
            struct fid_person person;
            fid_gallery_person(app->gallery, i, &person);
            (json ? print_json : csv ? print_csv : print_text)(&person);
        }
    app_tell_expired(app);
    if (count == 0)
        app_say(app, "no one is enrolled in %s yet (faceid enroll NAME SOURCE...)",
                app->gallery_path);
    return APP_OK;
}

const struct app_verb app_verb_list = {
    .name = "list",
    .arguments = "",
    .summary = "the people of the gallery",
    .details =
        "Prints one line per person: name, faces enrolled, vectors compared with, date, and the\n"
        "last day (UTC) if one was agreed. People past it are reported and no longer named.\n"
        "On a terminal the lines are columns under a header.\n",
    .examples = "faceid list\teveryone\n"
                "faceid list --csv >people.csv\tthe same for a spreadsheet\n"
                "faceid list --json\tthe same for programs\n",
    .groups = APP_USES_GALLERY,
    .options = list_options,
    .run = run,
};
