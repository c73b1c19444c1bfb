/* detector.c - what all decodings stand on: outputs by name, and a picture at
 * the network's scale. */
#include "engine/face/detect/detector.h"
#include "engine/face/picture/resample.h"

#include <math.h>

enum fid_status fid_detector_output(const struct fid_detector *detector,
                                    const struct fid_session *session, const char *name,
                                    size_t size, struct fid_value *output, struct fid_error *error)
{
    struct fid_model_info info;
    fid_model_info(detector->model, &info);
    if (!fid_session_output(session, name, output))
        return fid_fail(error, FID_INVALID, "%s: the detector has no output '%s'", info.path, name);
    size_t found = (size_t)output->h * (size_t)output->w * (size_t)output->c;
    if (found != size)
        return fid_fail(error, FID_INVALID, "%s: output '%s' has %zu numbers instead of %zu",
                        info.path, name, found, size);
    return FID_OK;
}

/* How much the picture is scaled before the network sees it, across and down. A network of one size
 * sees the whole picture as large as its input has room for. */
static void choose_scale(const struct fid_detector *detector, const struct fid_picture *picture,
                         double scale[2])
{
    const struct fid_detect_options *options = &detector->options;
    int side = picture->width > picture->height ? picture->width : picture->height;
    scale[0] = scale[1] = 1.0;
    if (detector->fixed_w > 0) {
        scale[0] = (double)detector->fixed_w / picture->width;
        scale[1] = (double)detector->fixed_h / picture->height;
        if (detector->cells.fit != FID_FIT_SQUEEZE)
            scale[0] = scale[1] = fmin(scale[0], scale[1]);
    } else if (options->fit_side > 0)
        scale[0] = scale[1] = (double)options->fit_side / side;
    else if (options->max_side > 0 && side > options->max_side)
        scale[0] = scale[1] = (double)options->max_side / side;
}

/* The picture at the wanted scale: the picture itself at 1. A very long one keeps a pixel of its
 * short side. */
static enum fid_status scale_picture(struct fid_detector *detector,
                                     const struct fid_picture *picture, const double scale[2],
                                     const struct fid_picture **scaled, struct fid_error *error)
{
    *scaled = picture;
    if (scale[0] == 1.0 && scale[1] == 1.0)
        return FID_OK;
    *scaled = &detector->scaled;
    return fid_resample_to(picture, (int)fmax(1.0, round(picture->width * scale[0])),
                           (int)fmax(1.0, round(picture->height * scale[1])), &detector->scaled,
                           error);
}

/* From pixels of the shrunk picture to those of the picture. */
static void enlarge(struct fid_candidate *candidate, double scale_x, double scale_y)
{
    candidate->x0 = (float)(candidate->x0 * scale_x);
    candidate->x1 = (float)(candidate->x1 * scale_x);
    candidate->y0 = (float)(candidate->y0 * scale_y);
    candidate->y1 = (float)(candidate->y1 * scale_y);
    /* Landmarks are centres: the middle of the first pixel is 0, whatever its size. */
    for (int i = 0; i < 5; i++) {
        candidate->landmarks[i][0] = (float)((candidate->landmarks[i][0] + 0.5) * scale_x - 0.5);
        candidate->landmarks[i][1] = (float)((candidate->landmarks[i][1] + 0.5) * scale_y - 0.5);
    }
}

enum fid_status fid_detector_find(struct fid_detector *detector, const struct fid_picture *picture,
                                  struct fid_error *error)
{
    double scale[2];
    const struct fid_picture *scaled;
    detector->candidates.count = 0;
    choose_scale(detector, picture, scale);
    enum fid_status status = scale_picture(detector, picture, scale, &scaled, error);
    if (status == FID_OK)
        status = detector->kind->find(detector, scaled, scale, error);
    for (size_t i = 0; status == FID_OK && scaled != picture && i < detector->candidates.count; i++)
        enlarge(&detector->candidates.items[i], (double)picture->width / scaled->width,
                (double)picture->height / scaled->height);
    return status;
}
