/* picture.c - reading a picture: its kind by content, then its decoder. */
#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A compressed file larger than the largest picture uncompressed is nothing
 * that we want to read. */
#define MAX_FILE_BYTES ((off_t)FID_PICTURE_MAX_PIXELS * 3)

static const struct {
    const char *magic;
    size_t magic_bytes;
    fid_decode_fn decode;
} decoders[] = {
    {"\xFF\xD8\xFF", 3, fid_jpeg_decode},
    {"\x89PNG\r\n\x1A\n", 8, fid_png_decode},
};

enum fid_status fid_picture_decode(const void *bytes, size_t size, const char *what,
                                   struct fid_picture *picture, struct fid_error *error)
{
    fid_picture_clear(picture);
    if (size == 0)
        return fid_fail(error, FID_CORRUPT, "%s is empty", what);
    for (size_t i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
        size_t magic_bytes = decoders[i].magic_bytes;
        if (size < magic_bytes || memcmp(bytes, decoders[i].magic, magic_bytes) != 0)
            continue;
        int orientation = 1;
        enum fid_status status =
            decoders[i].decode(bytes, size, what, picture, &orientation, error);
        if (status == FID_OK)
            status = fid_picture_orient(picture, orientation, error);
        if (status != FID_OK)
            fid_picture_clear(picture);
        return status;
    }
    const char *kind = fid_picture_kind_name(bytes, size);
    if (kind != NULL)
        return fid_fail(error, FID_UNSUPPORTED, "%s is %s; of pictures JPEG and PNG can be read",
                        what, kind);
    return fid_fail(error, FID_UNSUPPORTED, "%s is neither a JPEG nor a PNG picture", what);
}

/* Opens a regular file and tells its size; the descriptor, or -1 with *error filled. */
static int open_regular(const char *path, size_t *size, struct fid_error *error)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0) {
        int reason = errno;
        fid_fail(error, reason == ENOENT || reason == ENOTDIR ? FID_NOT_FOUND : FID_IO, "%s: %s",
                 path, strerror(reason));
    } else if (S_ISDIR(info.st_mode)) {
        fid_fail(error, FID_INVALID, "%s is a folder, not a picture", path);
    } else if (!S_ISREG(info.st_mode)) {
        fid_fail(error, FID_INVALID, "%s is not a regular file", path);
    } else if (info.st_size > MAX_FILE_BYTES) {
        fid_fail(error, FID_UNSUPPORTED, "%s is too large for a picture (%lld bytes)", path,
                 (long long)info.st_size);
    } else {
        *size = (size_t)info.st_size;
        return file;
    }
    if (file >= 0)
        close(file);
    return -1;
}

/* Reads up to *size bytes; a file that shrank meanwhile gives fewer. */
static bool read_all(int file, uint8_t *bytes, size_t *size)
{
    size_t done = 0;
    while (done < *size) {
        ssize_t part = read(file, bytes + done, *size - done);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return false;
        if (part == 0)
            break;
        done += (size_t)part;
    }
    *size = done;
    return true;
}

enum fid_status fid_picture_load(const char *path, struct fid_picture *picture,
                                 struct fid_error *error)
{
    struct fid_error local = {0};
    error = error != NULL ? error : &local;
    fid_picture_clear(picture);
    size_t size = 0;
    int file = open_regular(path, &size, error);
    if (file < 0)
        return error->status;
    enum fid_status status;
    uint8_t *bytes = fid_calloc(size, 1);
    if (bytes == NULL)
        status = fid_fail(error, FID_NO_MEMORY, "%s: no memory for %zu bytes", path, size);
    else if (!read_all(file, bytes, &size))
        status = fid_fail(error, FID_IO, "%s: %s", path, strerror(errno));
    else
        status = fid_picture_decode(bytes, size, path, picture, error);
    fid_free(bytes);
    close(file);
    return status;
}
