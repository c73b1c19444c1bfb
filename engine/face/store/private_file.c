#include "engine/face/store/private_file.h"

#include "engine/face/store/gallery_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

static enum fid_status failed(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_IO, "%s cannot be written: %s", path, strerror(errno));
}

static enum fid_status exists(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_EXISTS, "%s is there already, and is not replaced unasked", path);
}

/* What was changed last in a gallery that is gone, or moved away. */
static enum fid_status no_lost_journal(const char *path, struct fid_error *error)
{
    struct stat info;
    char journal[PATH_MAX + 16];
    if (lstat(path, &info) == 0 || !fid_gallery_find_journal(path, journal, sizeof journal))
        return FID_OK;
    return fid_fail(error, FID_EXISTS,
                    "%s is not written, since the journal %s of a gallery that was there is not "
                    "replaced unasked: remove it, or name another file",
                    path, journal);
}

/* Who writes "-" means a pipe, which keeps nothing private and has no beginning to come back to. */
static enum fid_status no_stream(struct fid_error *error)
{
    return fid_fail(error, FID_INVALID,
                    "'-' is no file, and faces are not written to standard output: name a file, "
                    "or ./- for one that is called so");
}

/* A file system that is only read refuses to remove even what is not there. */
static bool remove_if_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) != 0 || unlink(path) == 0 || errno == ENOENT;
}

enum fid_status fid_private_clear(const char *path, struct fid_error *error)
{
    static const char *const endings[] = {"", FID_GALLERY_BESIDE};
    char left[PATH_MAX + 32];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(left, sizeof left, "%s" FID_PRIVATE_ENDING "%s", path, endings[i]);
        if (!remove_if_there(left))
            return fid_fail(error, FID_IO,
                            "%s, left by a process that was killed, cannot be removed: %s", left,
                            strerror(errno));
    }
    return FID_OK;
}

static enum fid_status being_written(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_BUSY, "another process writes %s just now", path);
}

/* One byte far behind those that SQLite locks, in a lock that belongs to the open file: it ends
 * when the process does, and closing the file elsewhere keeps it. */
static bool lock(int descriptor, int command, struct flock *byte)
{
    *byte =
        (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = INT32_MAX, .l_len = 1};
    return fcntl(descriptor, command, byte) == 0;
}

bool fid_private_is_written(const char *path)
{
    struct stat info;
    struct flock byte;
    char temporary[PATH_MAX + 32];
    snprintf(temporary, sizeof temporary, "%s" FID_PRIVATE_ENDING, path);
    const bool is_there = lstat(temporary, &info) == 0 && S_ISREG(info.st_mode);
    int opened = is_there ? open(temporary, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (opened < 0)
        return false;
    const bool locked = lock(opened, F_OFD_GETLK, &byte) && byte.l_type != F_UNLCK;
    close(opened);
    return locked;
}

/* Is what has the temporary name the file that was made there? */
static bool is_own(const struct fid_private_file *file)
{
    struct stat own, found;
    return fstat(file->held, &own) == 0 && lstat(file->temporary, &found) == 0 &&
           own.st_dev == found.st_dev && own.st_ino == found.st_ino;
}

static enum fid_status not_own(const struct fid_private_file *file, struct fid_error *error)
{
    return fid_fail(error, FID_BUSY,
                    "%s is not written, since another process removed what was to become it: try "
                    "again",
                    file->path);
}

/* The file, locked where the file system has locks. Before it was, it may have been taken for what
 * a killed process left; nobody makes another one afterwards. */
static enum fid_status hold(struct fid_private_file *file, int *descriptor, struct fid_error *error)
{
    struct flock unused;
    file->held = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file->held < 0)
        return errno == EEXIST ? being_written(file->path, error) : failed(file->path, error);
    lock(file->held, F_OFD_SETLK, &unused);
    enum fid_status status = is_own(file) ? FID_OK : not_own(file, error);
    if (status == FID_OK && descriptor != NULL &&
        (*descriptor = fcntl(file->held, F_DUPFD_CLOEXEC, 0)) < 0) {
        status = failed(file->path, error);
        unlink(file->temporary);
    }
    if (status != FID_OK)
        close(file->held);
    return status;
}

static enum fid_status may_be_made(const char *path, bool replace, struct fid_error *error)
{
    struct stat info;
    if (strcmp(path, "-") == 0)
        return no_stream(error);
    if (lstat(path, &info) != 0)
        return FID_OK;          /* whatever else is wrong with the path, making the file tells */
    if (!S_ISREG(info.st_mode)) /* would be replaced by a file, not written to */
        return fid_fail(error, FID_INVALID,
                        "%s is a folder, a link or a device, and is not replaced by a file", path);
    return replace ? FID_OK : exists(path, error);
}

enum fid_status fid_private_database_may_be_made(const char *path, bool replace,
                                                 struct fid_error *error)
{
    enum fid_status status = may_be_made(path, replace, error);
    return status == FID_OK && !replace ? no_lost_journal(path, error) : status;
}

enum fid_status fid_private_create(const char *path, bool replace, struct fid_private_file *file,
                                   int *descriptor, struct fid_error *error)
{
    int length = snprintf(file->path, sizeof file->path, "%s", path);
    int whole = snprintf(file->temporary, sizeof file->temporary, "%s" FID_PRIVATE_ENDING, path);
    if (descriptor != NULL)
        *descriptor = -1;
    file->replace = replace;
    if (length < 1 || (size_t)whole >= sizeof file->temporary || path[length - 1] == '/') {
        file->temporary[0] = '\0';
        return fid_fail(error, FID_INVALID, "'%.200s' cannot be the path of a file", path);
    }
    enum fid_status status = may_be_made(path, replace, error);
    if (status == FID_OK && fid_private_is_written(path))
        status = being_written(path, error);
    if (status == FID_OK)
        status = fid_private_clear(path, error);
    if (status == FID_OK)
        status = hold(file, descriptor, error);
    if (status != FID_OK)
        file->temporary[0] = '\0';
    return status;
}

/* What the folder says of its files is on the disk. */
static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(folder, sizeof folder, "%.*s", length, slash == NULL ? "." : path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    bool synced = fsync(descriptor) == 0;
    close(descriptor);
    return synced;
}

/* SQLite takes a journal that lies beside a file for that file's, and would play it back. */
static bool remove_journals(const char *path)
{
    static const char *const endings[] = {FID_GALLERY_BESIDE};
    char journal[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(journal, sizeof journal, "%s%s", path, endings[i]);
        if (!remove_if_there(journal))
            return false;
    }
    return true;
}

bool fid_private_link(const char *from, const char *to, bool *moved)
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

static void release(struct fid_private_file *file)
{
    close(file->held);
    file->temporary[0] = '\0';
}

enum fid_status fid_private_publish(struct fid_private_file *file, struct fid_error *error)
{
    enum fid_status status = fsync(file->held) == 0 ? FID_OK : failed(file->path, error);
    if (status == FID_OK && !is_own(file))
        status = not_own(file, error);
    if (status == FID_OK && !file->replace && access(file->path, F_OK) == 0)
        status = exists(file->path, error); /* and its journals are its own */
    if (status == FID_OK && !file->replace && file->database)
        status = no_lost_journal(file->path, error);
    if (status == FID_OK && file->database && !remove_journals(file->path))
        status = failed(file->path, error);
    bool moved = file->replace;
    if (status == FID_OK && file->replace && rename(file->temporary, file->path) != 0)
        status = failed(file->path, error);
    else if (status == FID_OK && !file->replace &&
             !fid_private_link(file->temporary, file->path, &moved))
        status = errno == EEXIST ? exists(file->path, error) : failed(file->path, error);
    if (status == FID_OK && !moved)
        unlink(file->temporary);
    if (status == FID_OK)
        release(file);
    if (status == FID_OK && !sync_folder(file->path))
        status = failed(file->path, error);
    return status;
}

void fid_private_discard(struct fid_private_file *file)
{
    if (file->temporary[0] == '\0')
        return;
    if (is_own(file))
        unlink(file->temporary);
    release(file);
}
