#include "app/find_model.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef FID_PREFIX
#define FID_PREFIX "/usr/local"
#endif

enum { PATH_BYTES = 4096, FOLDERS = 4, FILES_MAX = 256 };

static const struct kind {
    const char *name; /* the file's face.kind */
    const char *option, *variable;
    const char *preferred[4]; /* how file names begin, best first; NULL ends */
} kinds[] = {
    [APP_RECOGNIZER] = {"recognizer",
                        "model",
                        "FACEID_MODEL",
                        {"vggface2", "mobilefacenet", "starter-mobilefacenet", NULL}},
    [APP_DETECTOR] = {"detector", "detector", "FACEID_DETECTOR", {"yunet", "starter-mtcnn", NULL}},
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

/* A file that somebody asked for by name. */
static enum app_exit open_named(const struct search *search, const char *path)
{
    struct fid_error error;
    if (fid_model_open(search->app->runtime, path, search->model, &error) != FID_OK)
        return app_fail(APP_AREA_MODEL, &error);
    if (has_kind(*search->model, search->kind))
        return APP_OK;
    struct fid_model_info info;
    fid_model_info(*search->model, &info);
    if (info.kind[0] == '\0')
        app_warn("%s does not say what it is ('face.kind' is missing), and a %s is needed", path,
                 search->kind->name);
    else
        app_warn("%s is a %s, and a %s is needed", path, info.kind, search->kind->name);
    fid_model_close(search->model);
    return APP_MODEL;
}

/* Fills folder with the i-th place to look in; false when it does not exist for this user. */
static bool place(size_t i, char *folder)
{
    char program[PATH_BYTES];
    const char *data = app_environment("XDG_DATA_HOME"), *home = app_environment("HOME");
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash != NULL)
        *slash = '\0';
    int written = -1;
    if (i == 0 && data != NULL)
        written = snprintf(folder, PATH_BYTES, "%s/faceid/models", data);
    else if (i == 0 && home != NULL)
        written = snprintf(folder, PATH_BYTES, "%s/.local/share/faceid/models", home);
    else if (i == 1 && slash != NULL)
        written = snprintf(folder, PATH_BYTES, "%s/weights/models", program);
    else if (i == 2 && slash != NULL && (slash = strrchr(program, '/')) != NULL)
        written =
            snprintf(folder, PATH_BYTES, "%.*s/share/faceid", (int)(slash - program), program);
    else if (i == 3)
        written = snprintf(folder, PATH_BYTES, "%s/share/faceid", FID_PREFIX);
    return written > 0 && written < PATH_BYTES;
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

/* Opens the preferred model of the kind in the folder. *found tells whether the search is over. */
static enum app_exit open_in_folder(const struct search *search, const char *folder, bool *found)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_weight_file, alphasort);
    enum app_exit code = APP_OK;
    char path[PATH_BYTES + 260];
    *found = false;
    if (count < 0)
        return APP_OK; /* no such folder: look in the next one */
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
    app_warn("no %s model: neither --%s nor %s is given and there is none in %s; "
             "in a clone of faceid weights/get auto gets one",
             search->kind->name, search->kind->option, search->kind->variable, places);
    return APP_MODEL;
}

enum app_exit app_find_model(struct app *app, enum app_model_kind kind, struct fid_model **model)
{
    struct search search = {app, &kinds[kind], model};
    const char *path =
        app_option_text(app, search.kind->option, app_environment(search.kind->variable));
    char folder[PATH_BYTES];
    *model = NULL;
    if (path != NULL)
        return open_named(&search, path);
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
