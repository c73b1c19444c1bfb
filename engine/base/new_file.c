/* Makes a file under a temporary name and gives it its own name when it is whole. */
#include "engine/base/new_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

enum { NAME_TRIES = 100 };

enum fid_status fid_new_file_failed(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_IO, "%.300s cannot be written: %s", path, strerror(errno));
}

enum fid_status fid_new_file_exists(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_EXISTS, "%.300s is there already, and is not replaced unasked",
                    path);
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode)    ? "folder"
           : S_ISLNK(mode)  ? "symbolic link"
           : S_ISFIFO(mode) ? "named pipe"
           : S_ISSOCK(mode) ? "socket"
                            : "device";
}

enum fid_status fid_output_check(const char *path, struct fid_error *error)
{
    struct stat info;
    const size_t length = strlen(path);
    if (strcmp(path, "-") == 0) /* to other programs a pipe, which has no place to be put in */
        return fid_fail(error, FID_INVALID,
                        "'-' is no file, and this is not written to standard output: name a file, "
                        "or ./- for one that is called so");
    if (length == 0 || length >= PATH_MAX)
        return fid_fail(error, FID_INVALID, "'%.200s' cannot be the path of a file", path);
    /* Anything else wrong with the path shows when the file is made. */
    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return fid_fail(error, FID_INVALID,
                        "%.300s is a %s, and is not replaced by a file: name another one", path,
                        kind_of(info.st_mode));
    if (path[length - 1] == '/')
        return fid_fail(error, FID_INVALID, "'%.200s' cannot be the path of a file", path);
    return FID_OK;
}

/* ---- making ---- */

/* A descriptor that somebody closed is not given away: what is said on stderr
 * would be in the file. */
static int make(const char *path, mode_t mode)
{
    int made = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (made < 0 || made > STDERR_FILENO)
        return made;
    const int higher = fcntl(made, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int reason = errno;
    if (higher < 0)
        unlink(path);
    close(made);
    errno = reason;
    return higher;
}

/* While it is held, no process takes it for a leftover of a killed one. False if one has done
 * so before. */
static bool hold(const struct fid_new_file *file)
{
    if (flock(file->held, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return false;
    return fid_new_file_is_own(file);
}

/* The name that the file has until it is put in place. */
static bool name_temporary(struct fid_new_file *file, const char *ending, int number)
{
    const size_t bytes = sizeof file->temporary;
    const int length = ending != NULL ? snprintf(file->temporary, bytes, "%s%s", file->path, ending)
                                      : snprintf(file->temporary, bytes, "%s.%ld-%d.tmp",
                                                 file->path, (long)getpid(), number);
    return length > 0 && (size_t)length < bytes;
}

enum fid_status fid_new_file_make(struct fid_new_file *file, const char *path, const char *ending,
                                  mode_t mode, struct fid_error *error)
{
    enum fid_status status = fid_output_check(path, error);
    file->temporary[0] = '\0';
    if (status != FID_OK)
        return status;
    snprintf(file->path, sizeof file->path, "%s", path);
    errno = EEXIST;
    file->held = -1;
    for (int i = 0; i < NAME_TRIES && file->held < 0 && errno == EEXIST; i++) {
        if (ending != NULL && i > 0)
            break;
        if (!name_temporary(file, ending, i))
            errno = ENAMETOOLONG;
        else
            file->held = make(file->temporary, mode);
        if (file->held >= 0 && ending == NULL && !hold(file)) {
            close(file->held);
            file->held = -1;
            errno = EEXIST;
        }
    }
    if (file->held >= 0)
        return FID_OK;
    status = errno == EEXIST ? fid_new_file_exists(file->temporary, error)
                             : fid_new_file_failed(path, error);
    file->temporary[0] = '\0';
    return status;
}

/* ---- what a killed process left ---- */

static bool is_temporary_of(const char *name, const char *of)
{
    const size_t length = strlen(of);
    int end = 0;
    if (strncmp(name, of, length) != 0)
        return false;
    name += length;
    (void)sscanf(name, ".%*[0-9]-%*[0-9].tmp%n", &end);
    return end > 0 && name[end] == '\0';
}

static bool is_name_of(int held, int folder, const char *name)
{
    struct stat own, found;
    return fstat(held, &own) == 0 && fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_dev == found.st_dev && own.st_ino == found.st_ino;
}

static void remove_left(int folder, const char *name)
{
    struct stat own;
    const int left = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (left < 0)
        return;
    if (fstat(left, &own) == 0 && S_ISREG(own.st_mode) && own.st_uid == geteuid() &&
        flock(left, LOCK_EX | LOCK_NB) == 0 && is_name_of(left, folder, name))
        unlinkat(folder, name, 0);
    close(left);
}

void fid_new_file_sweep(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const int length = snprintf(folder, sizeof folder, "%.*s",
                                slash != NULL ? (int)(name - path) : 1, slash != NULL ? path : ".");
    DIR *opened = length > 0 && (size_t)length < sizeof folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (opened != NULL && (entry = readdir(opened)) != NULL)
        if (is_temporary_of(entry->d_name, name))
            remove_left(dirfd(opened), entry->d_name);
    if (opened != NULL)
        closedir(opened);
}

/* ---- the end ---- */

bool fid_new_file_is_own(const struct fid_new_file *file)
{
    return is_name_of(file->held, AT_FDCWD, file->temporary);
}

enum fid_status fid_new_file_not_own(const struct fid_new_file *file, struct fid_error *error)
{
    return fid_fail(error, FID_BUSY,
                    "%.300s is not written, since another process removed what was to become it: "
                    "try again",
                    file->path);
}

enum fid_status fid_new_file_sync(const struct fid_new_file *file, struct fid_error *error)
{
    if (fsync(file->held) != 0)
        return fid_new_file_failed(file->path, error);
    if (!fid_new_file_is_own(file))
        return fid_new_file_not_own(file, error);
    return fid_output_check(file->path, error); /* what stands there may have come meanwhile */
}

bool fid_link_file(const char *from, const char *to, bool *moved)
{
    *moved = false;
    if (link(from, to) == 0)
        return true;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
        return false;
    /* by its number: not every C library has it */
    *moved = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0;
    return *moved;
}

static void release(struct fid_new_file *file)
{
    close(file->held);
    file->temporary[0] = '\0';
}

enum fid_status fid_new_file_put(struct fid_new_file *file, bool replace, struct fid_error *error)
{
    bool moved = true;
    enum fid_status status = fid_new_file_sync(file, error);
    if (status != FID_OK)
        return status;
    if (replace && rename(file->temporary, file->path) != 0)
        return fid_new_file_failed(file->path, error);
    if (!replace && !fid_link_file(file->temporary, file->path, &moved))
        return errno == EEXIST ? fid_new_file_exists(file->path, error)
                               : fid_new_file_failed(file->path, error);
    if (!moved)
        unlink(file->temporary);
    release(file);
    return FID_OK;
}

void fid_new_file_discard(struct fid_new_file *file)
{
    if (file->temporary[0] == '\0')
        return;
    if (fid_new_file_is_own(file))
        unlink(file->temporary);
    release(file);
}
