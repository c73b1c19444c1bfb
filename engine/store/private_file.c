/* New private files: made under a temporary name, locked, published when they are whole. */
#include "engine/store/private_file.h"

#include "engine/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was changed last in a gallery that is gone, or moved away. */
static enum fid_status no_lost_journal(const char *path, struct fid_error *error)
{
    struct stat info;
    char journal[PATH_MAX + 16];
    if (lstat(path, &info) == 0 || !fid_file_find_journal(path, journal, sizeof journal))
        return FID_OK;
    return fid_fail(error, FID_EXISTS,
                    "%s is not written, since the journal %s of a gallery that was there is not "
                    "replaced unasked",
                    path, journal);
}

/* A file system that is only read refuses to remove even what is not there. */
static bool remove_if_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) != 0 || unlink(path) == 0 || errno == ENOENT;
}

enum fid_status fid_private_clear(const char *path, struct fid_error *error)
{
    static const char *const endings[] = {"", FID_FILE_BESIDE};
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

/* The file, locked where the file system has locks. Before it was, it may have been taken for what
 * a killed process left; nobody makes another one afterwards. */
static enum fid_status hold(struct fid_private_file *file, const char *path, int *descriptor,
                            struct fid_error *error)
{
    struct flock unused;
    struct fid_new_file *new = &file->new;
    enum fid_status status = fid_new_file_make(new, path, FID_PRIVATE_ENDING, 0600, error);
    if (status != FID_OK)
        return status == FID_EXISTS ? being_written(path, error) : status;
    lock(new->held, F_OFD_SETLK, &unused);
    if (!fid_new_file_is_own(new))
        status = fid_new_file_not_own(new, error);
    else if (descriptor != NULL &&
             (*descriptor = fcntl(new->held, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) < 0)
        status = fid_new_file_failed(path, error);
    if (status != FID_OK)
        fid_new_file_discard(new);
    return status;
}

static enum fid_status may_be_made(const char *path, bool replace, struct fid_error *error)
{
    struct stat info;
    enum fid_status status = fid_output_check(path, error);
    return status == FID_OK && !replace && lstat(path, &info) == 0
               ? fid_new_file_exists(path, error)
               : status;
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
    if (descriptor != NULL)
        *descriptor = -1;
    file->new.temporary[0] = '\0';
    file->replace = replace;
    enum fid_status status = may_be_made(path, replace, error);
    if (status == FID_OK && fid_private_is_written(path))
        status = being_written(path, error);
    if (status == FID_OK)
        status = fid_private_clear(path, error);
    return status == FID_OK ? hold(file, path, descriptor, error) : status;
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
    static const char *const endings[] = {FID_FILE_BESIDE};
    char journal[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(journal, sizeof journal, "%s%s", path, endings[i]);
        if (!remove_if_there(journal))
            return false;
    }
    return true;
}

enum fid_status fid_private_publish(struct fid_private_file *file, struct fid_error *error)
{
    const char *path = file->new.path;
    enum fid_status status = fid_new_file_sync(&file->new, error);
    if (status == FID_OK && !file->replace && access(path, F_OK) == 0)
        status = fid_new_file_exists(path, error); /* and its journals are its own */
    if (status == FID_OK && !file->replace && file->database)
        status = no_lost_journal(path, error);
    if (status == FID_OK && file->database && !remove_journals(path))
        status = fid_new_file_failed(path, error);
    if (status == FID_OK)
        status = fid_new_file_put(&file->new, file->replace, error);
    if (status == FID_OK && !sync_folder(path))
        status = fid_new_file_failed(path, error);
    return status;
}

void fid_private_discard(struct fid_private_file *file)
{
    if (file->database && file->new.temporary[0] != '\0' && fid_new_file_is_own(&file->new))
        remove_journals(
            file->new.temporary); /* of a writing that failed; nobody else has it open */
    fid_new_file_discard(&file->new);
}
