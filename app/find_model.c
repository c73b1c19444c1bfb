/* find_model.c - finds the recognizer's and the detector's weight file: by option, environment,
 * or in the folders where models lie. */
#include "app/find_model.h"
#include "app/get_model.h"
#include "app/model_folders.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = APP_FOLDER_BYTES, FOLDERS = 1 + APP_OWN_FOLDERS };

static const struct kind {
    const char *name; /* the file's face.kind */
    const char *option, *variable;
    unsigned group;           /* of options, with that one */
    const char *preferred[4]; /* how file names start, best first; NULL ends the list */
} kinds[] = {
    [APP_RECOGNIZER] = {"recognizer",
                        "model",
                        "FACEID_MODEL",
                        APP_USES_MODEL,
                        {"vggface2", "mobilefacenet", "starter-mobilefacenet", NULL}},
    [APP_DETECTOR] = {"detector",
                      "detector",
                      "FACEID_DETECTOR",
                      APP_USES_DETECTOR,
                      {"yunet", "starter-mtcnn", NULL}},
};

struct search {
    struct app *app;
    const struct kind *kind;
    struct fid_model **model;
};

static bool has_kind(const struct fid_model *model, const struct kind *kind)
{
    struct fid_model_info info;
    fid_model_info(model, &info);
    return strcmp(info.kind, kind->name) == 0;
}

/* The name of a missing file may tell how to get it. */
static enum app_exit open_failed(const char *path, const struct fid_error *error)
{
    char name[256], advice[PATH_BYTES];
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "."), file);
    if (error->status != FID_NOT_FOUND || !app_get_advice(name, NULL, advice, sizeof advice))
        return app_fail(APP_AREA_MODEL, error);
    app_warn("%s; %s", error->text, advice);
    return APP_MODEL;
}

/* A model of another kind: names the verb's option for that kind, if there is one. */
static void warn_kind(const struct search *search, const char *path, const char *kind)
{
    const char *option = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kind, kinds[i].name) == 0 &&
            (search->app->arguments.verb->groups & kinds[i].group) != 0)
            option = kinds[i].option;
    app_warn("%s is a %s, and a %s is needed%s%s", path, kind, search->kind->name,
             option != NULL ? ": give it as --" : "", option != NULL ? option : "");
}

/* A file that the user named. */
static enum app_exit open_named(const struct search *search, const char *path)
{
    struct fid_error error;
    if (fid_model_open(search->app->runtime, path, search->model, &error) != FID_OK)
        return open_failed(path, &error);
    if (has_kind(*search->model, search->kind))
        return APP_OK;
    struct fid_model_info info;
    fid_model_info(*search->model, &info);
    if (info.kind[0] == '\0')
        app_warn("%s does not say what it is ('face.kind' is missing); a %s is needed", path,
                 search->kind->name);
    else
        warn_kind(search, path, info.kind);
    fid_model_close(search->model);
    return APP_MODEL;
}

/* Fills folder with the i-th place to look in; false when it does not exist for this user. */
static bool place(size_t i, char *folder)
{
    return i == 0 ? app_user_models(folder)
                  : app_own_folder(i - 1, "weights/models", "share/faceid", folder);
}

/* FILLS found with the file of that name, with or without .fid, in the folders of models; for
 * a name that is neither a file nor a path. */
static bool find_by_name(const char *name, char *found, size_t bytes)
{
    char folder[PATH_BYTES];
    if (strchr(name, '/') != NULL || access(name, F_OK) == 0)
        return false;
    const char *end = strstr(name, ".fid") != NULL ? "" : ".fid";
    for (size_t i = 0; i < FOLDERS; i++) {
        if (!place(i, folder))
            continue;
        const int written = snprintf(found, bytes, "%s/%s%s", folder, name, end);
        if (written > 0 && (size_t)written < bytes && access(found, F_OK) == 0)
            return true;
    }
    return false;
}

static size_t rank(const struct kind *kind, const char *file)
{
    size_t i = 0;
    while (kind->preferred[i] != NULL &&
           strncmp(file, kind->preferred[i], strlen(kind->preferred[i])) != 0)
        i++;
    return i;
}

static int is_weight_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && strcmp(entry->d_name + length - 4, ".fid") == 0;
}

/* Opens the preferred model of the kind in the folder. *found: the search is over. */
static enum app_exit open_in_folder(const struct search *search, const char *folder, bool *found)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_weight_file, alphasort);
    enum app_exit code = APP_OK;
    char path[PATH_BYTES + 260];
    *found = false;
    if (count < 0)
        return APP_OK; /* no such folder: try the next one */
    for (size_t wanted = 0; wanted < 4 && !*found; wanted++)
        for (int i = 0; i < count && !*found; i++) {
            if (rank(search->kind, entries[i]->d_name) != wanted)
                continue;
            struct fid_error error;
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            *found = fid_model_open(search->app->runtime, path, search->model, &error) != FID_OK;
            if (*found)
                code = app_fail(APP_AREA_MODEL, &error);
            else if (has_kind(*search->model, search->kind))
                *found = true;
            else
                fid_model_close(search->model);
        }
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return code;
}

static enum app_exit missing(const struct search *search)
{
    char places[FOLDERS * PATH_BYTES] = "", folder[PATH_BYTES], before[PATH_BYTES] = "";
    for (size_t i = 0; i < FOLDERS; i++)
        if (place(i, folder) && strcmp(folder, before) != 0) { /* once where it is installed */
            size_t end = strlen(places);
            snprintf(places + end, sizeof places - end, "%s%s", end > 0 ? ", " : "", folder);
            memcpy(before, folder, sizeof before);
        }
    size_t last = 0;
    while (search->kind->preferred[last + 1] != NULL)
        last++;
    char advice[PATH_BYTES];
    if (!app_get_advice(search->kind->preferred[last], "starter", advice, sizeof advice))
        snprintf(advice, sizeof advice,
                 "`faceid model get starter` of a clone of faceid makes one");
    app_warn("no %s model: neither --%s nor %s is given and there is none in %s; %s",
             search->kind->name, search->kind->option, search->kind->variable, places, advice);
    return APP_MODEL;
}

enum app_exit app_find_model(struct app *app, enum app_model_kind kind, struct fid_model **model)
{
    struct search search = {app, &kinds[kind], model};
    const char *path =
        app_option_text(app, search.kind->option, app_environment(search.kind->variable));
    char folder[PATH_BYTES], found_path[PATH_BYTES + 260];
    *model = NULL;
    if (path != NULL)
        return open_named(&search,
                          find_by_name(path, found_path, sizeof found_path) ? found_path : path);
    for (size_t i = 0; i < FOLDERS; i++) {
        bool found;
        if (!place(i, folder))
            continue;
        enum app_exit code = open_in_folder(&search, folder, &found);
        if (found)
            return code;
    }
    return missing(&search);
}
