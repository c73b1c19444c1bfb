/* eval_faces.c - finds the labelled face of each picture and embeds it, on all cores. */
#include "app/eval/eval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FACES = 64 };

struct embed_job {
    const struct app_eval_pictures *pictures;
    struct app_eval_faces *faces;
};

/* In these data sets the labelled person is in the middle. */
static size_t middle_face(const struct fid_face *faces, size_t count, int width, int height)
{
    size_t best = 0;
    double best_distance = INFINITY;
    for (size_t i = 0; i < count; i++) {
        double distance = hypot(faces[i].box.x + faces[i].box.w / 2.0 - width / 2.0,
                                faces[i].box.y + faces[i].box.h / 2.0 - height / 2.0);
        if (distance < best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}

static bool embed_picture(struct app_eval_worker *worker, size_t i, void *ctx,
                          struct fid_error *error)
{
    const struct embed_job *job = ctx;
    struct fid_picture *picture = &worker->picture;
    struct fid_face faces[MAX_FACES];
    size_t count;
    if (fid_picture_load(job->pictures->paths[i], picture, error) != FID_OK ||
        fid_detect(worker->detector, picture, faces, MAX_FACES, &count, error) != FID_OK)
        return false;
    job->faces->found[i] = count > 0;
    if (count == 0)
        return true;
    size_t middle = middle_face(faces, count, picture->width, picture->height);
    return fid_embed(worker->embedder, picture, &faces[middle], 1, FID_CROP_MODEL,
                     job->faces->embeddings + i * job->faces->size, error) == FID_OK;
}

enum app_exit app_eval_embed(struct app *app, const struct app_eval_pictures *pictures,
                             struct app_eval_faces *faces)
{
    *faces = (struct app_eval_faces){0};
    enum app_exit code = app_open_detector(app);
    if (code == APP_OK)
        code = app_open_embedder(app, 1);
    if (code != APP_OK)
        return code;
    faces->size = fid_embedder_size(app->embedder);
    faces->found = calloc(pictures->count + 1, sizeof *faces->found);
    faces->embeddings = calloc((pictures->count + 1) * faces->size, sizeof *faces->embeddings);
    if (faces->found == NULL || faces->embeddings == NULL)
        return app_eval_no_memory();
    struct embed_job job = {pictures, faces};
    struct app_eval_work work = {
        .detect = {.min_score = (float)app_option_number(app, "min-score", 0),
                   .min_face = app_option_whole(app, "min-face", 0),
                   .max_side = app_option_whole(app, "max-side", 0),
                   .fit_side = app_option_whole(app, "fit-side", 0)},
        .embed = true,
        .count = pictures->count,
        .task = embed_picture,
        .ctx = &job,
    };
    code = app_eval_run(app, &work);
    for (size_t i = 0; i < pictures->count && code == APP_OK; i++)
        if (!faces->found[i]) {
            app_detail(app, "%s: no face found", pictures->paths[i]);
            faces->missed++;
        }
    return code;
}

void app_eval_faces_close(struct app_eval_faces *faces)
{
    free(faces->embeddings);
    free(faces->found);
    *faces = (struct app_eval_faces){0};
}
