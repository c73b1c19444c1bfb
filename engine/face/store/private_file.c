#include "engine/face/store/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum fid_status failed(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_IO, "%s cannot be written: %s", path, strerror(errno));
}

static enum fid_status exists(const char *path, struct fid_error *error)
{
    return fid_fail(error, FID_EXISTS, "%s is there already, and is not replaced unasked", path);
}

enum fid_status fid_private_create(const char *path, bool replace, struct fid_private_file *file,
                                   int *descriptor, struct fid_error *error)
{
    int length = snprintf(file->path, sizeof file->path, "%s", path);
    int whole = snprintf(file->temporary, sizeof file->temporary, "%s.part", path);
    *descriptor = -1;
    file->replace = replace;
    if (length < 1 || (size_t)whole >= sizeof file->temporary || path[length - 1] == '/') {
        file->temporary[0] = '\0';
        return fid_fail(error, FID_INVALID, "'%.200s' cannot be the path of a file", path);
    }
    if (!replace && access(path, F_OK) == 0) {
        file->temporary[0] = '\0';
        return exists(path, error);
    }
    unlink(file->temporary);
    *descriptor = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*descriptor >= 0)
        return FID_OK;
    file->temporary[0] = '\0';
    return failed(path, error);
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

enum fid_status fid_private_publish(struct fid_private_file *file, struct fid_error *error)
{
    int descriptor = open(file->temporary, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    bool synced = descriptor >= 0 && fsync(descriptor) == 0;
    enum fid_status status = synced ? FID_OK : failed(file->path, error);
    if (descriptor >= 0)
        close(descriptor);
    if (status == FID_OK && file->replace && rename(file->temporary, file->path) != 0)
        status = failed(file->path, error);
    else if (status == FID_OK && !file->replace && link(file->temporary, file->path) != 0)
        status = errno == EEXIST ? exists(file->path, error) : failed(file->path, error);
    if (status == FID_OK && !file->replace)
        unlink(file->temporary);
    if (status == FID_OK)
        file->temporary[0] = '\0';
    if (status == FID_OK && !sync_folder(file->path))
        status = failed(file->path, error);
    return status;
}

void fid_private_discard(struct fid_private_file *file)
{
    if (file->temporary[0] != '\0')
        unlink(file->temporary);
    file->temporary[0] = '\0';
}
