/* model_folders.c - the folders of models: the user's own, and those that came with the program. */
#include "app/model_folders.h"
#include "app/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef FID_PREFIX
#define FID_PREFIX "/usr/local"
#endif

enum { PATH_BYTES = APP_FOLDER_BYTES };

bool app_user_models(char *folder)
{
    const char *data = app_environment("XDG_DATA_HOME"), *home = app_environment("HOME");
    int written = -1;
    if (data != NULL)
        written = snprintf(folder, PATH_BYTES, "%s/faceid/models", data);
    else if (home != NULL)
        written = snprintf(folder, PATH_BYTES, "%s/.local/share/faceid/models", home);
    return written > 0 && written < PATH_BYTES;
}

bool app_own_folder(size_t i, const char *clone, const char *share, char *folder)
{
    char program[PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash != NULL)
        *slash = '\0';
    int written = -1;
    if (i == 0 && slash != NULL)
        written = snprintf(folder, PATH_BYTES, "%s/%s", program, clone);
    else if (i == 1 && slash != NULL && (slash = strrchr(program, '/')) != NULL)
        written = snprintf(folder, PATH_BYTES, "%.*s/%s", (int)(slash - program), program, share);
    else if (i == 2)
        written = snprintf(folder, PATH_BYTES, "%s/%s", FID_PREFIX, share);
    return written > 0 && written < PATH_BYTES;
}
