/* picture_cut.c - cuts a box out of a picture, and encodes pictures in memory. */
#include "engine/face/box.h"
#include "engine/face/picture/picture_codec.h"
#include "engine/face/picture/resample.h"

#include "engine/base/memory.h"

#include <stdio.h>

enum fid_status fid_picture_cut(const struct fid_picture *picture, const struct fid_box *box,
                                int width, int height, struct fid_picture *cut,
                                struct fid_error *error)
{
    const struct fid_rect rect = {box->x, box->y, box->w, box->h};
    if (picture->width < 1 || picture->height < 1) {
        fid_picture_clear(cut);
        return fid_fail(error, FID_INVALID, "there is no picture to cut a part from");
    }
    if (!fid_box_is_one(box)) {
        fid_picture_clear(cut);
        return fid_fail(error, FID_INVALID, "the box %g x %g at %g %g cannot be cut out",
                        (double)box->w, (double)box->h, (double)box->x, (double)box->y);
    }
    enum fid_status status = fid_picture_resize(cut, width, height, error);
    return status == FID_OK ? fid_resample(picture, rect, FID_EDGE_REPLICATE, cut, error) : status;
}

void fid_bytes_free(struct fid_bytes *bytes)
{
    if (bytes == NULL)
        return;
    fid_free(bytes->data);
    *bytes = (struct fid_bytes){0};
}

/* A JPEG is smaller than its pixels and what stands before them. */
static bool reserve(struct fid_bytes *bytes, const struct fid_picture *picture)
{
    size_t needed = 3 * (size_t)picture->width * (size_t)picture->height + 65536;
    bytes->size = 0;
    if (needed <= bytes->capacity_bytes)
        return true;
    fid_bytes_free(bytes);
    bytes->data = fid_calloc(needed, 1);
    bytes->capacity_bytes = bytes->data != NULL ? needed : 0;
    return bytes->data != NULL;
}

enum fid_status fid_picture_encode(const struct fid_picture *picture, int quality,
                                   struct fid_bytes *bytes, struct fid_error *error)
{
    if (picture->width < 1 || picture->height < 1 || quality < 1 || quality > 100)
        return fid_fail(error, FID_INVALID, "a picture of %d x %d cannot be a JPEG of quality %d",
                        picture->width, picture->height, quality);
    FILE *stream =
        reserve(bytes, picture) ? fmemopen(bytes->data, bytes->capacity_bytes, "wb") : NULL;
    if (stream == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a JPEG");
    enum fid_status status = fid_jpeg_encode_as(picture, quality, stream, "a JPEG", error);
    bool written = fflush(stream) == 0 && !ferror(stream);
    long size = ftell(stream);
    fclose(stream);
    if (status == FID_OK && (!written || size < 0))
        status = fid_fail(error, FID_NO_MEMORY, "no memory for a JPEG");
    bytes->size = status == FID_OK ? (size_t)size : 0;
    return status;
}
