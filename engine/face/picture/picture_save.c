/* picture_save.c - writes a picture as JPEG or PNG. */
#include "engine/face/picture/picture_codec.h"

#include <string.h>
#include <strings.h>

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

enum fid_status fid_picture_save(const struct fid_picture *picture, const char *path,
                                 struct fid_error *error)
{
    if (picture->width < 1 || picture->height < 1)
        return fid_fail(error, FID_INVALID, "%s: there is no picture to write", path);
    fid_encode_fn encode = encoder_for(path);
    if (encode == NULL)
        return fid_fail(error, FID_UNSUPPORTED,
                        "%s: pictures are written as .jpg, .jpeg or .png only", path);
    struct fid_output *output;
    enum fid_status status = fid_output_open(path, FID_OUTPUT_OWNERS, &output, error);
    if (status == FID_OK)
        status = encode(picture, fid_output_stream(output), path, error);
    if (status == FID_OK)
        return fid_output_finish(&output, error);
    fid_output_close(&output);
    return status;
}
