#include "engine/face/store/gallery_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
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

bool fid_gallery_find_journal(const char *path, char *journal, size_t bytes)
{
    static const char *const endings[] = {FID_GALLERY_JOURNALS};
    struct stat info;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const int written = snprintf(journal, bytes, "%s%s", path, endings[i]);
        if (written > 0 && (size_t)written < bytes && lstat(journal, &info) == 0 &&
            info.st_size > 0)
            return true;
    }
    return false;
}

const char *fid_gallery_fixed_part(const char *path)
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

bool fid_gallery_is_fixed(const char *path)
{
    return fid_gallery_fixed_part(path) != NULL;
}

void fid_gallery_aside(const char *path, char *aside, size_t bytes)
{
    time_t now = time(NULL);
    struct tm utc;
    char text[32];
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    const int most = (int)(bytes - sizeof text - 8);
    snprintf(aside, bytes, "%.*s.%s", most, path, text);
    char unused[PATH_MAX + 16];
    for (int i = 2; i < 1000 && (access(aside, F_OK) == 0 ||
                                 fid_gallery_find_journal(aside, unused, sizeof unused));
         i++) /* within one second */
        snprintf(aside, bytes, "%.*s.%s-%d", most, path, text, i);
}

size_t fid_gallery_aside_length(const char *gallery, const char *name)
{
    static const char shape[] = ".00000000T000000Z";
    const size_t length = strlen(gallery);
    if (strncmp(name, gallery, length) != 0)
        return 0;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        const char c = name[length + i];
        if (shape[i] == '0' ? c < '0' || c > '9' : c != shape[i])
            return 0;
    }
    const char *rest = name + length + sizeof shape - 1;
    if (rest[0] == '-' && rest[1] >= '0' && rest[1] <= '9') /* of several within one second */
        rest += 1 + strspn(rest + 1, "0123456789");
    static const char *const endings[] = {"", FID_GALLERY_BESIDE};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcmp(rest, endings[i]) == 0)
            return (size_t)(rest - name);
    return 0;
}

/* Also what lies beside it: of a file that others might read SQLite makes these so too. */
static bool close_to_others(const char *path)
{
    static const char *const endings[] = {FID_GALLERY_BESIDE, ""};
    char name[PATH_MAX + 16];
    bool closed = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        closed = chmod(name, 0600) == 0;
    }
    return closed;
}

enum fid_status fid_gallery_file(const char *path, enum fid_file_make make, char *real,
                                 size_t bytes, struct fid_error *error)
{
    struct stat info;
    char journal[PATH_MAX + 16];
    enum fid_status status = resolve(path, make > FID_FILE_FIND, real, bytes, error);
    if (status != FID_OK)
        return status;
    const bool absent = lstat(real, &info) != 0 && errno == ENOENT;
    if (absent && fid_gallery_find_journal(real, journal, sizeof journal) &&
        lstat(real, &info) != 0) /* nobody is making one just now */
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is gone, but not its journal %s: put the gallery back "
                        "beside it, or a copy in its place (faceid restore), or remove the journal",
                        path, journal);
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
        !fid_gallery_is_fixed(real))
        return fid_fail(error, FID_IO, "%s can be read by others, and that cannot be changed: %s",
                        path, strerror(errno));
    return FID_OK;
}
