/* eval_figures.c - prints shares with their confidence intervals, as text and as JSON. */
#include "app/eval/eval.h"

#include <time.h>

enum app_exit app_eval_no_memory(void)
{
    app_warn("no memory for the evaluation");
    return APP_INTERNAL;
}

struct app_json app_eval_json_begin(const struct app *app)
{
    struct app_json json = app_json_begin(stdout);
    struct fid_model_info info;
    char day[16];
    struct tm utc;
    const time_t now = time(NULL);
    strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&now, &utc));
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_text(&json, "protocol", app->arguments.words[0]);
    app_json_text(&json, "day", day);
    if (app->recognizer != NULL) {
        fid_model_info(app->recognizer, &info);
        app_json_text(&json, "model", info.name);
        app_json_text(&json, "model_id", info.id);
    }
    fid_model_info(app->detector_model, &info);
    app_json_text(&json, "detector", info.name);
    return json;
}

void app_eval_json_end(struct app_json *json)
{
    app_json_close(json, '}');
    app_json_line(json);
}

void app_eval_json_share(struct app_json *json, const char *key, const struct fid_share *share)
{
    char bounds[64];
    snprintf(bounds, sizeof bounds, "%s_95", key);
    app_json_number(json, key, share->share, 6);
    app_json_open(json, bounds, '[');
    app_json_number(json, NULL, share->low, 6);
    app_json_number(json, NULL, share->high, 6);
    app_json_close(json, ']');
}

void app_eval_print_share(const char *title, const struct fid_share *share)
{
    printf("%s %.2f %% (95 %%: %.2f to %.2f)", title, 100.0 * share->share, 100.0 * share->low,
           100.0 * share->high);
}
