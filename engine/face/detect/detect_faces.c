#include "engine/face/box.h"
#include "engine/face/landmarks.h"
#include "engine/face/detect/detector.h"
#include "engine/face/picture/resample.h"

#include "engine/base/memory.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_MAX_SIDE = 1280 };

#define ROW(name) &fid_detect_kind_##name,
static const struct fid_detect_kind *const kinds[] = {FID_DETECT_KINDS(ROW)};
#undef ROW

static enum fid_status choose_kind(struct fid_detector *detector, struct fid_error *error)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(detector->card.kind, kinds[i]->name) == 0) {
            detector->kind = kinds[i];
            return FID_OK;
        }
    struct fid_model_info info;
    fid_model_info(detector->model, &info);
    return fid_fail(error, FID_INVALID,
                    "%s: 'detect.kind' is '%s', which this version does not know", info.path,
                    detector->card.kind);
}

static enum fid_status check_options(const struct fid_detect_options *options,
                                     struct fid_error *error)
{
    if (!(options->min_score >= 0.0f && options->min_score <= 1.0f))
        return fid_fail(error, FID_INVALID, "a face's least score is 0 to 1, not %g",
                        (double)options->min_score);
    if (options->min_face < 0 || options->fit_side < 0 || options->fit_side > 4096)
        return fid_fail(error, FID_INVALID,
                        "smallest face %d (at least 0) or fitted side %d (0 to 4096) is wrong",
                        options->min_face, options->fit_side);
    return FID_OK;
}

enum fid_status fid_detector_open(struct fid_runtime *runtime, const struct fid_model *model,
                                  const struct fid_detect_options *options,
                                  struct fid_detector **detector, struct fid_error *error)
{
    *detector = NULL;
    struct fid_detector *opened = fid_calloc(1, sizeof *opened);
    if (opened == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a detector");
    opened->model = model;
    opened->sessions.runtime = runtime;
    opened->sessions.model = model;
    if (options != NULL)
        opened->options = *options;
    enum fid_status status = check_options(&opened->options, error);
    if (status == FID_OK)
        status = fid_detector_card_read(model, &opened->card, error);
    if (status == FID_OK)
        status = choose_kind(opened, error);
    if (status == FID_OK)
        status = opened->kind->open(opened, error);
    if (opened->options.max_side == 0)
        opened->options.max_side =
            opened->cells.max_side > 0 ? opened->cells.max_side : DEFAULT_MAX_SIDE;
    if (status == FID_OK) /* its sessions come with the pictures, which damage is no matter of */
        status = fid_model_verify(runtime, model, error);
    if (status != FID_OK)
        fid_detector_close(&opened);
    *detector = opened;
    return status;
}

void fid_detector_close(struct fid_detector **detector)
{
    if (*detector == NULL)
        return;
    fid_session_cache_close(&(*detector)->sessions);
    fid_picture_free(&(*detector)->scaled);
    fid_picture_free(&(*detector)->piece);
    fid_candidates_free(&(*detector)->candidates);
    fid_candidates_free(&(*detector)->level);
    fid_candidates_free(&(*detector)->border);
    fid_candidates_free(&(*detector)->tiled);
    fid_free((*detector)->own);
    fid_free(*detector);
    *detector = NULL;
}

void fid_detector_watch(struct fid_detector *detector, fid_input_fn watch, void *ctx)
{
    detector->watch = (struct fid_input_watch){watch, ctx};
}

bool fid_detector_has_landmarks(const struct fid_detector *detector)
{
    return detector->has_landmarks;
}

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

static struct fid_face face_of(const struct fid_candidate *candidate)
{
    struct fid_face face = {.box = {candidate->x0, candidate->y0, candidate->x1 - candidate->x0,
                                    candidate->y1 - candidate->y0},
                            .score = candidate->score};
    memcpy(face.landmarks, candidate->landmarks, sizeof face.landmarks);
    return face;
}

enum fid_status fid_detect(struct fid_detector *detector, const struct fid_picture *picture,
                           struct fid_face *faces, size_t capacity, size_t *count,
                           struct fid_error *error)
{
    *count = 0;
    if (picture->width < 1 || picture->height < 1)
        return fid_fail(error, FID_INVALID, "there is no picture to look for faces in");
    const struct fid_candidates *found = &detector->candidates;
    enum fid_status status;
    if (fid_detector_wants_tiles(detector, picture)) {
        status = fid_detector_find_in_tiles(detector, picture, error);
        found = &detector->tiled;
    } else
        status = fid_detector_find(detector, picture, error);
    if (status != FID_OK)
        return status;
    for (size_t i = 0; i < found->count && *count < capacity; i++) {
        faces[*count] = face_of(&found->items[i]);
        *count += fid_box_is_one(&faces[*count].box) && fid_landmarks_are_near(&faces[*count]);
    }
    return FID_OK;
}

/* A face in a corner counts for half of what it would in the middle: enough that a larger
 * bystander at the edge does not win, and that a clearly larger face does. */
float fid_face_prominence(const struct fid_face *face, int width, int height)
{
    const struct fid_box *box = &face->box;
    if (!fid_box_is_one(box))
        return 0.0f;
    double dx = (box->x + box->w / 2.0) / width - 0.5, dy = (box->y + box->h / 2.0) / height - 0.5;
    double distance =
        fmin(1.0, hypot(dx, dy) / hypot(0.5, 0.5)); /* 0 in the middle, 1 in a corner */
    return (float)(box->w * (double)box->h * (1.0 - 0.5 * distance));
}

size_t fid_main_face(const struct fid_face *faces, size_t count, int width, int height)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (fid_face_prominence(&faces[i], width, height) >
            fid_face_prominence(&faces[best], width, height))
            best = i;
    return best;
}
