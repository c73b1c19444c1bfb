/* faces.h - from a picture to its faces and their embeddings, for the verbs. */
#ifndef APP_FACES_H
#define APP_FACES_H

#include "app/app.h"

enum { APP_FACES_MAX = 256 }; /* of one picture: the best ones */

struct app_faces {
    struct fid_face faces[APP_FACES_MAX];
    size_t count, size; /* faces; numbers in an embedding */
    float *embeddings;  /* [APP_FACES_MAX][size]; owned */
};

/* Opens detector and embedder (batch: faces at once). Reports its errors. */
enum app_exit app_faces_open(struct app *app, int batch, struct app_faces *faces);
void app_faces_close(struct app_faces *faces);

/* FILLS the faces of a picture, best first, with embeddings; with main_only only the main one. A
 * face that cannot be cut out gets an embedding of zeros; with main_only that is FID_INVALID. */
enum fid_status app_faces_find(struct app *app, const struct fid_picture *picture, bool main_only,
                               enum fid_crop crop, struct app_faces *faces,
                               struct fid_error *error);

/* The crop that --compat asks for: FID_CROP_DEMO with "demo", FID_CROP_MODEL without the option. A
 * gallery is read with the crop it was enrolled with, so enroll and identify both have the option.
 */
enum app_exit app_faces_crop(const struct app *app, enum fid_crop *crop);

/* Why a face has its label, in words: "no enrolled person is near". */
const char *app_reason_sentence(enum fid_reason reason);

#endif
