/* picture_size.c - which sizes a picture may have, and the memory of its pixels. */
#include "engine/face/picture/picture_codec.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"

enum fid_status fid_picture_check_size(uint64_t width, uint64_t height, const char *what,
                                       struct fid_error *error)
{
    if (width == 0 || height == 0)
        return fid_fail(error, FID_INVALID, "%s: a picture of %llu x %llu pixels has no content",
                        what, (unsigned long long)width, (unsigned long long)height);
    if (width > FID_PICTURE_MAX_SIDE || height > FID_PICTURE_MAX_SIDE ||
        width * height > FID_PICTURE_MAX_PIXELS)
        return fid_fail(error, FID_UNSUPPORTED,
                        "%s: %llu x %llu pixels are too many (at most %d to a side and %u million)",
                        what, (unsigned long long)width, (unsigned long long)height,
                        FID_PICTURE_MAX_SIDE, FID_PICTURE_MAX_PIXELS / 1000000u);
    return FID_OK;
}

void fid_picture_clear(struct fid_picture *picture)
{
    picture->width = 0;
    picture->height = 0;
    picture->stride_bytes = 0;
}

enum fid_status fid_picture_resize(struct fid_picture *picture, int width, int height,
                                   struct fid_error *error)
{
    fid_picture_clear(picture);
    if (width < 1 || height < 1)
        return fid_fail(error, FID_INVALID, "a picture of %d x %d pixels has no content", width,
                        height);
    enum fid_status status =
        fid_picture_check_size((uint64_t)width, (uint64_t)height, "picture", error);
    if (status != FID_OK)
        return status;
    size_t bytes;
    if (!fid_size_mul((size_t)width * 3, (size_t)height, &bytes))
        return fid_fail(error, FID_NO_MEMORY, "no memory for a picture of %d x %d pixels", width,
                        height);
    if (bytes > picture->capacity_bytes) {
        uint8_t *pixels = fid_calloc(bytes, 1);
        if (pixels == NULL)
            return fid_fail(error, FID_NO_MEMORY, "no memory for a picture of %d x %d pixels",
                            width, height);
        fid_free(picture->pixels);
        picture->pixels = pixels;
        picture->capacity_bytes = bytes;
    }
    picture->width = width;
    picture->height = height;
    picture->stride_bytes = (size_t)width * 3;
    return FID_OK;
}

void fid_picture_free(struct fid_picture *picture)
{
    if (picture == NULL)
        return;
    fid_free(picture->pixels);
    *picture = (struct fid_picture){0};
}
