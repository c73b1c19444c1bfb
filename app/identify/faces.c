/* faces.c - detects, aligns and embeds the faces of a picture, and says in words why a face has
 * its label. */
#include "app/identify/faces.h"

#include <stdlib.h>
#include <string.h>

enum app_exit app_faces_open(struct app *app, int batch, struct app_faces *faces)
{
    faces->count = 0;
    faces->embeddings = NULL;
    enum app_exit code = app_open_embedder(app, batch);
    if (code == APP_OK)
        code = app_open_detector(app);
    if (code != APP_OK)
        return code;
    faces->size = fid_embedder_size(app->embedder);
    faces->embeddings = calloc(APP_FACES_MAX, faces->size * sizeof *faces->embeddings);
    if (faces->embeddings != NULL)
        return APP_OK;
    app_warn("no memory for the faces of a picture");
    return APP_INTERNAL;
}

void app_faces_close(struct app_faces *faces)
{
    free(faces->embeddings);
    faces->embeddings = NULL;
}

/* If the landmarks cannot be a face's, the detector is wrong: the face gets zeros, which are
 * near no one (FID_REASON_NO_VECTOR). */
static enum fid_status embed_each(struct app *app, const struct fid_picture *picture,
                                  enum fid_crop crop, struct app_faces *faces,
                                  struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (size_t i = 0; i < faces->count && status == FID_OK; i++) {
        float *embedding = faces->embeddings + i * faces->size;
        status = fid_embed(app->embedder, picture, &faces->faces[i], 1, crop, embedding, error);
        if (status == FID_INVALID) {
            memset(embedding, 0, faces->size * sizeof *embedding);
            status = FID_OK;
        }
    }
    return status;
}

enum fid_status app_faces_find(struct app *app, const struct fid_picture *picture, bool main_only,
                               enum fid_crop crop, struct app_faces *faces, struct fid_error *error)
{
    enum fid_status status =
        fid_detect(app->detector, picture, faces->faces, APP_FACES_MAX, &faces->count, error);
    if (status != FID_OK || faces->count == 0)
        return status;
    if (main_only) {
        size_t best = fid_main_face(faces->faces, faces->count, picture->width, picture->height);
        faces->faces[0] = faces->faces[best];
        faces->count = 1;
    }
    status = fid_embed(app->embedder, picture, faces->faces, faces->count, crop, faces->embeddings,
                       error);
    return status == FID_INVALID && !main_only ? embed_each(app, picture, crop, faces, error)
                                               : status;
}

enum app_exit app_faces_crop(const struct app *app, enum fid_crop *crop)
{
    const char *compat = app_option_text(app, "compat", NULL);
    if (compat != NULL && strcmp(compat, "demo") != 0)
        return app_usage(app, "--compat knows the rule demo, not '%s'", compat);
    *crop = compat != NULL ? FID_CROP_DEMO : FID_CROP_MODEL;
    return APP_OK;
}

const char *app_reason_sentence(enum fid_reason reason)
{
    static const char *const sentences[] = {
        [FID_REASON_KNOWN] = "near enough, and no one else is",
        [FID_REASON_EMPTY_GALLERY] = "no one is enrolled, or every last day has passed",
        [FID_REASON_STRANGER] = "no enrolled person is near",
        [FID_REASON_MAYBE] = "near, but not near enough for a name",
        [FID_REASON_TWO_ALIKE] = "the second person is as near",
        [FID_REASON_TAKEN] = "another face has this name with a better score",
        [FID_REASON_NO_VECTOR] = "the network gives no usable numbers for this face",
        [FID_REASON_UNDECIDED] = "not seen often enough yet",
        [FID_REASON_REJECTED] = "you said it is not this person",
    };
    return sentences[reason];
}
