/* camera_holder.c - finds the process that has a camera open, by the open files under /proc. Those
 * of other users are hidden unless we are root. */
#include "app/input/camera.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_device(const struct stat *a, const struct stat *b)
{
    return S_ISCHR(a->st_mode) ? S_ISCHR(b->st_mode) && a->st_rdev == b->st_rdev
                               : a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool has_open(const char *process, const struct stat *device)
{
    char folder_path[300];
    snprintf(folder_path, sizeof folder_path, "/proc/%.20s/fd", process);
    DIR *folder = opendir(folder_path);
    bool found = false;
    for (struct dirent *entry; !found && folder != NULL && (entry = readdir(folder)) != NULL;) {
        struct stat info;
        found = entry->d_name[0] != '.' && fstatat(dirfd(folder), entry->d_name, &info, 0) == 0 &&
                same_device(device, &info);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

static void describe(const char *process, char *text, size_t bytes)
{
    char path[300], name[64] = "";
    snprintf(path, sizeof path, "/proc/%.20s/comm", process);
    FILE *file = fopen(path, "re");
    if (file != NULL && fgets(name, sizeof name, file) == NULL)
        name[0] = '\0';
    if (file != NULL)
        fclose(file);
    name[strcspn(name, "\n")] = '\0';
    snprintf(text, bytes, "'%s' (process %.20s)", name, process);
}

bool app_camera_holder(const char *path, char *text, size_t bytes)
{
    struct stat device;
    DIR *folder = stat(path, &device) == 0 ? opendir("/proc") : NULL;
    bool found = false;
    for (struct dirent *entry; !found && folder != NULL && (entry = readdir(folder)) != NULL;) {
        const char *process = entry->d_name;
        found = isdigit((unsigned char)process[0]) && atol(process) != (long)getpid() &&
                has_open(process, &device);
        if (found)
            describe(process, text, bytes);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}
