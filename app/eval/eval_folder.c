/* eval_folder.c - the folder of --plots and the files in it. */
#include "app/eval/eval.h"
#include "app/eval/eval_curves.h"
#include "app/output/output_file.h"

#include <stdlib.h>

/* Would the file of that name replace what must not be? */
static enum app_exit check_name(const struct app *app, const char *folder, const char *name)
{
    char path[4096];
    struct fid_error error;
    const char *table = app->arguments.words[1];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (app_is_same_file(path, table))
        return app_usage(app, "%s would be replaced: choose another folder for --plots", table);
    return fid_output_check(path, &error) == FID_OK ? APP_OK : app_fail(APP_AREA_OUTPUT, &error);
}

enum app_exit app_eval_curves_open(const struct app *app, const struct app_eval_words *words,
                                   struct app_eval_curves *curves)
{
    static const char *const names[] = {"curve.csv", "scores.csv",           "faces.csv", "roc.svg",
                                        "det.svg",   "precision_recall.svg", "scores.svg"};
    struct fid_error error;
    enum app_exit code = APP_OK;
    *curves =
        (struct app_eval_curves){.folder = app_option_text(app, "plots", NULL), .words = words};
    if (curves->folder == NULL)
        return APP_OK;
    if (app_make_folder(curves->folder, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    for (size_t i = 0; i < sizeof names / sizeof *names && code == APP_OK; i++)
        code = check_name(app, curves->folder, names[i]);
    return code;
}

void app_eval_curves_title(const struct app *app, struct app_eval_curves *curves)
{
    struct fid_model_info detector, recognizer;
    fid_model_info(app->detector_model, &detector);
    if (app->recognizer == NULL) {
        snprintf(curves->title, sizeof curves->title, "%s", detector.name);
        return;
    }
    fid_model_info(app->recognizer, &recognizer);
    snprintf(curves->title, sizeof curves->title, "%s; faces by %s", recognizer.name,
             detector.name);
}

enum app_exit app_eval_create(const struct app_eval_curves *curves, const char *name,
                              struct fid_output **output)
{
    char *path;
    struct fid_error error;
    *output = NULL;
    if (asprintf(&path, "%s/%s", curves->folder, name) < 0)
        return app_eval_no_memory();
    enum fid_status status = fid_output_open(path, FID_OUTPUT_OWNERS, output, &error);
    free(path);
    return status == FID_OK ? APP_OK : app_fail(APP_AREA_OUTPUT, &error);
}

enum app_exit app_eval_finish(struct fid_output **output)
{
    struct fid_error error;
    return fid_output_finish(output, &error) == FID_OK ? APP_OK : app_fail(APP_AREA_OUTPUT, &error);
}

enum app_exit app_eval_create_table(const struct app_eval_curves *curves, const char *name,
                                    const char *columns, struct fid_output **output, FILE **file)
{
    enum app_exit code = app_eval_create(curves, name, output);
    if (code == APP_OK) {
        *file = fid_output_stream(*output);
        fprintf(*file, "%s\n", columns);
    }
    return code;
}
