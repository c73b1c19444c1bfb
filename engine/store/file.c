/* A gallery's file: found, made 0600 in folders of 0700, and no link followed. */
#include "engine/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the folders of path (up to its last slash) that are missing. */
static enum fid_status make_folders(const char *path, struct fid_error *error)
{
    char folder[PATH_MAX];
    size_t length = strlen(path);
    for (size_t i = 1; i < length; i++) {
        if (path[i] != '/')
            continue;
        memcpy(folder, path, i);
        folder[i] = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return fid_fail(error, FID_IO, "the folder %s cannot be made: %s", folder,
                            strerror(errno));
    }
    return FID_OK;
}

/* Fills real with the folder of path, resolved, and its last part. */
static enum fid_status resolve(const char *path, bool create, char *real, size_t bytes,
                               struct fid_error *error)
{
    char folder[PATH_MAX], resolved[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (strlen(path) >= PATH_MAX || name[0] == '\0')
        return fid_fail(error, FID_INVALID, "'%.200s' cannot be the path of a gallery", path);
    memcpy(folder, slash == NULL ? "." : path, length);
    folder[length] = '\0';
    enum fid_status status = create ? make_folders(path, error) : FID_OK;
    if (status != FID_OK)
        return status;
    if (realpath(folder, resolved) == NULL && (errno == ENOENT || errno == ENOTDIR) && !create)
        return fid_fail(error, errno == ENOENT ? FID_NOT_FOUND : FID_IO,
                        "there is no gallery %s: %s", path, strerror(errno));
    if (realpath(folder, resolved) == NULL)
        return fid_fail(error, FID_IO, "the folder %s cannot be used: %s", folder, strerror(errno));
    int written = snprintf(real, bytes, "%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved, name);
    if (written < 0 || (size_t)written >= bytes)
        return fid_fail(error, FID_INVALID, "the path of the gallery is too long");
    return FID_OK;
}

/* Makes the empty file, 0600 from its first moment; somebody else making it at once is fine. */
static enum fid_status make_file(const char *path, struct fid_error *error)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0 && errno != EEXIST)
        return fid_fail(error, FID_IO, "the gallery %s cannot be made: %s", path, strerror(errno));
    if (file >= 0)
        close(file); /* nobody holds a lock on it yet, so closing drops none */
    return FID_OK;
}

bool fid_file_find_journal(const char *path, char *journal, size_t bytes)
{
    static const char *const endings[] = {FID_FILE_JOURNALS};
    struct stat info;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const int written = snprintf(journal, bytes, "%s%s", path, endings[i]);
        if (written > 0 && (size_t)written < bytes && lstat(journal, &info) == 0 &&
            info.st_size > 0)
            return true;
    }
    return false;
}

const char *fid_file_fixed_part(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash - path) >= sizeof folder)
        return NULL;
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (access(path, W_OK) != 0)
        return "file";
    return access(folder, W_OK) != 0 ? "folder" : NULL;
}

/* Also what lies beside it: of a file that others might read SQLite makes these so too. */
static bool close_to_others(const char *path)
{
    static const char *const endings[] = {FID_FILE_BESIDE, ""};
    char name[PATH_MAX + 16];
    bool closed = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        closed = chmod(name, 0600) == 0;
    }
    return closed;
}

enum fid_status fid_file_find(const char *path, enum fid_file_make make, char *real, size_t bytes,
                              struct fid_error *error)
{
    struct stat info;
    char journal[PATH_MAX + 16];
    enum fid_status status = resolve(path, make > FID_FILE_FIND, real, bytes, error);
    if (status != FID_OK)
        return status;
    const bool absent = lstat(real, &info) != 0 && errno == ENOENT;
    if (absent && fid_file_find_journal(real, journal, sizeof journal) &&
        lstat(real, &info) != 0) /* nobody is making one just now */
        return fid_fail(error, FID_CORRUPT, "the gallery %s is gone, but not its journal %s", path,
                        journal);
    if (absent && make == FID_FILE_MAKE) {
        status = make_file(real, error);
        if (status != FID_OK)
            return status;
    }
    if (lstat(real, &info) != 0)
        return fid_fail(error, errno == ENOENT ? FID_NOT_FOUND : FID_IO,
                        "the gallery %s cannot be read: %s", path, strerror(errno));
    if (S_ISLNK(info.st_mode))
        return fid_fail(error, FID_INVALID,
                        "%s is a symbolic link, and a gallery has to be the file itself", path);
    if (!S_ISREG(info.st_mode))
        return fid_fail(error, FID_INVALID, "%s is not a file, so it is no gallery", path);
    if (make != FID_FILE_READ && (info.st_mode & 0077) != 0 && !close_to_others(real) &&
        fid_file_fixed_part(real) == NULL)
        return fid_fail(error, FID_IO, "%s can be read by others, and that cannot be changed: %s",
                        path, strerror(errno));
    return FID_OK;
}
