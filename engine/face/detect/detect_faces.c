/* detect_faces.c - opens a detector of any kind, and gives the best faces of a picture. */
#include "engine/face/box.h"
#include "engine/face/landmarks.h"
#include "engine/face/detect/detector.h"

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
