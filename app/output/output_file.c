/* output_file.c - tells whether two paths name the same file, and makes private folders. */
#include "app/output/output_file.h"
#include "app/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool app_is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

bool app_is_gallery_file(const char *path, const char *gallery)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[4096];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const int length = snprintf(name, sizeof name, "%s%s", gallery, ends[i]);
        if (length < (int)sizeof name && app_is_same_file(path, name))
            return true;
    }
    return false;
}

enum fid_status app_make_folder(const char *folder, struct fid_error *error)
{
    struct stat info;
    if (mkdir(folder, 0700) == 0 || (stat(folder, &info) == 0 && S_ISDIR(info.st_mode)))
        return FID_OK;
    return app_error(error, FID_IO, "the folder %.300s cannot be made: %s", folder,
                     strerror(errno));
}
