/* pictures.c - lists the JPEG and PNG files of a folder and its subfolders by name, and chooses
 * evenly among them if there are too many. */
#include "app/quantize/pictures.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEEPEST = 16 };

static enum app_exit no_memory(void)
{
    app_warn("no memory for the pictures' paths");
    return APP_INTERNAL;
}

static bool is_picture(const char *name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png"};
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

/* Takes the path over. */
static bool add(struct app_pictures *pictures, char *path)
{
    if (pictures->count == pictures->capacity) {
        const size_t capacity = 2 * pictures->capacity + 64;
        char **paths = realloc(pictures->paths, capacity * sizeof *paths);
        if (paths == NULL) {
            free(path);
            return false;
        }
        pictures->paths = paths;
        pictures->capacity = capacity;
    }
    pictures->paths[pictures->count++] = path;
    return true;
}

static enum app_exit walk(struct app_pictures *pictures, const char *folder, int depth);

static enum app_exit take(struct app_pictures *pictures, const char *folder, const char *name,
                          int depth)
{
    char *path;
    struct stat info;
    const size_t length = strlen(folder);
    if (asprintf(&path, "%s%s%s", folder, folder[length - 1] == '/' ? "" : "/", name) < 0)
        return no_memory();
    if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        const enum app_exit code = depth < DEEPEST ? walk(pictures, path, depth + 1) : APP_OK;
        free(path);
        return code;
    }
    if (is_picture(name) && stat(path, &info) == 0 && S_ISREG(info.st_mode))
        return add(pictures, path) ? APP_OK : no_memory();
    free(path);
    return APP_OK;
}

static enum app_exit walk(struct app_pictures *pictures, const char *folder, int depth)
{
    enum app_exit code = APP_OK;
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        app_warn("%s cannot be read: %s", folder, strerror(errno));
        return depth > 0 ? APP_OK : APP_INPUT; /* one of many, so it is skipped */
    }
    for (const struct dirent *entry; code == APP_OK && (entry = readdir(stream)) != NULL;)
        if (app_interrupted())
            code = APP_INTERRUPTED;
        else if (entry->d_name[0] != '.')
            code = take(pictures, folder, entry->d_name, depth);
    closedir(stream);
    return code;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every N-th, including the first. */
static void choose(struct app_pictures *pictures, size_t most)
{
    const size_t found = pictures->count;
    pictures->found = found;
    if (found <= most)
        return;
    for (size_t i = 0, kept = 0; i < found; i++)
        if (kept < most && i == kept * found / most)
            pictures->paths[kept++] = pictures->paths[i];
        else
            free(pictures->paths[i]);
    pictures->count = most;
}

enum app_exit app_pictures_find(struct app_pictures *pictures, const char *folder, size_t most)
{
    enum app_exit code = walk(pictures, folder, 0);
    if (code != APP_OK)
        return code;
    if (pictures->count == 0) {
        app_warn("%s: no JPEG or PNG in it or in its folders", folder);
        return APP_INPUT;
    }
    qsort(pictures->paths, pictures->count, sizeof *pictures->paths, by_path);
    choose(pictures, most);
    return APP_OK;
}

void app_pictures_free(struct app_pictures *pictures)
{
    for (size_t i = 0; i < pictures->count; i++)
        free(pictures->paths[i]);
    free(pictures->paths);
    *pictures = (struct app_pictures){0};
}
