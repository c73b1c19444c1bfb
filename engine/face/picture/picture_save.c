#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "engine/base/temporary_file.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct {
    const char *ending;
    fid_encode_fn encode;
} encoders[] = {
    {".jpg", fid_jpeg_encode},
    {".jpeg", fid_jpeg_encode},
    {".png", fid_png_encode},
};

static fid_encode_fn encoder_for(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *ending = strrchr(slash != NULL ? slash : path, '.');
    for (size_t i = 0; ending != NULL && i < sizeof encoders / sizeof encoders[0]; i++)
        if (strcasecmp(ending, encoders[i].ending) == 0)
            return encoders[i].encode;
    return NULL;
}

static enum fid_status write_and_rename(const struct fid_picture *picture, fid_encode_fn encode,
                                        const char *path, char *temporary, size_t bytes,
                                        struct fid_error *error)
{
    FILE *stream = fid_temporary_open(path, temporary, bytes);
    if (stream == NULL)
        return fid_fail(error, FID_IO, "%s: %s", path, strerror(errno));
    errno = 0;
    enum fid_status status = encode(picture, stream, path, error);
    bool written = fflush(stream) == 0 && !ferror(stream);
    int reason = errno;
    written = fclose(stream) == 0 && written;
    if (!written && status != FID_NO_MEMORY)
        status = fid_fail(error, FID_IO, "%s: %s", path, strerror(reason != 0 ? reason : EIO));
    if (status == FID_OK && rename(temporary, path) != 0)
        status = fid_fail(error, FID_IO, "%s: %s", path, strerror(errno));
    if (status != FID_OK)
        unlink(temporary);
    return status;
}

enum fid_status fid_picture_save(const struct fid_picture *picture, const char *path,
                                 struct fid_error *error)
{
    if (picture->width < 1 || picture->height < 1)
        return fid_fail(error, FID_INVALID, "%s: there is no picture to write", path);
    fid_encode_fn encode = encoder_for(path);
    if (encode == NULL)
        return fid_fail(error, FID_UNSUPPORTED,
                        "%s: pictures are written as .jpg, .jpeg or .png only", path);
    size_t bytes;
    char *temporary =
        fid_size_add(strlen(path), FID_TEMPORARY_BYTES, &bytes) ? fid_calloc(bytes, 1) : NULL;
    if (temporary == NULL)
        return fid_fail(error, FID_NO_MEMORY, "%s: no memory for a file name", path);
    enum fid_status status = write_and_rename(picture, encode, path, temporary, bytes, error);
    fid_free(temporary);
    return status;
}
