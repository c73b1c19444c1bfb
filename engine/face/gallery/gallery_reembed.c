/* A gallery goes over to another model: everybody's vectors anew, from the crops that were kept. */
#include "engine/base/memory.h"
#include "engine/face/embed/face_crop.h"
#include "engine/face/gallery/gallery.h"
#include "engine/fid/keeping.h"

#include <string.h>

struct reembedding {
    struct fid_gallery *gallery;
    struct fid_embedder *embedder;
    fid_stop_fn stop; /* NULL: to the end */
    void *stop_ctx;
    struct fid_picture picture; /* of the crop */
    float *embedding;
    int64_t person;
    size_t kept, lost; /* faces of that person */
};

static enum fid_status drop(struct reembedding *work, int64_t sample, struct fid_error *error)
{
    bool deleted;
    work->lost++;
    return fid_store_delete_sample(work->gallery->store, work->person, sample, &deleted, error);
}

static enum fid_status take_crop(void *ctx, int64_t sample, const void *crop, size_t size,
                                 struct fid_error *error)
{
    struct reembedding *work = ctx;
    struct fid_face face = {0};
    enum fid_status status = FID_CORRUPT;
    if (work->stop != NULL && work->stop(work->stop_ctx))
        return fid_fail(error, FID_STOPPED, "stopped, and the gallery %s is as it was",
                        work->gallery->path);
    if (crop != NULL)
        status = fid_face_crop_decode(crop, size, &work->picture, &face, error);
    if (status == FID_OK) {
        status = fid_embed(work->embedder, &work->picture, &face, 1, FID_CROP_MODEL,
                           work->embedding, error);
        if (status == FID_CORRUPT) /* the model is, not the crop */
            return status;
    }
    if (status == FID_CORRUPT || status == FID_INVALID || status == FID_UNSUPPORTED)
        return drop(work, sample, error);
    if (status != FID_OK)
        return status;
    work->kept++;
    return fid_store_replace_sample(work->gallery->store, work->person, sample, work->embedding,
                                    fid_embedder_size(work->embedder), error);
}

/* Who cannot come along leaves, if that is wanted. */
static enum fid_status leave_out(struct reembedding *work, const char *name, bool wanted,
                                 struct fid_error *error)
{
    if (wanted)
        return fid_store_delete_person(work->gallery->store, work->person, error);
    return fid_fail(
        error, FID_NO_FACE,
        "'%s' in the gallery %s has no kept crop that can be used, and has to come back", name,
        work->gallery->path);
}

static enum fid_status somebody(struct reembedding *work, const struct fid_person *person,
                                bool wanted, struct fid_reembedded *done, struct fid_error *error)
{
    work->person = person->id;
    work->kept = work->lost = 0;
    enum fid_status status =
        fid_store_each_crop(work->gallery->store, person->id, take_crop, work, error);
    if (status != FID_OK)
        return status;
    done->faces += work->kept;
    done->faces_lost += work->lost;
    if (work->kept > 0) {
        done->people++;
        return fid_gallery_update_vectors(work->gallery->store, person->id, error);
    }
    done->people_lost++;
    return leave_out(work, person->name, wanted, error);
}

struct list {
    struct fid_person *people; /* owned */
    size_t count, capacity;
};

static enum fid_status take_person(void *ctx, const struct fid_person *person, const char *key,
                                   size_t vector_count, struct fid_error *error)
{
    struct list *list = ctx;
    (void)key, (void)vector_count, (void)error;
    if (list->count < list->capacity)
        list->people[list->count++] = *person;
    return FID_OK;
}

/* Everybody who is in the store now, whoever was when it was opened. */
static enum fid_status everybody(struct reembedding *work, bool wanted, struct fid_reembedded *done,
                                 struct fid_error *error)
{
    struct fid_store *store = work->gallery->store;
    struct list list = {0};
    const struct fid_store_reader reader = {&list, take_person, NULL};
    enum fid_status status = fid_store_count(store, &list.capacity, error);
    if (status != FID_OK || list.capacity == 0)
        return status;
    list.people = fid_calloc(list.capacity, sizeof *list.people);
    status = list.people != NULL
                 ? fid_store_read_people(store, 0, 0, &reader, error)
                 : fid_fail(error, FID_NO_MEMORY, "no memory for %zu people", list.capacity);
    for (size_t i = 0; status == FID_OK && i < list.count; i++)
        status = somebody(work, &list.people[i], wanted, done, error);
    fid_free(list.people);
    return status;
}

static enum fid_status change_model(struct reembedding *work, const struct fid_store_model *model,
                                    bool wanted, struct fid_reembedded *done,
                                    struct fid_error *error)
{
    struct fid_gallery *gallery = work->gallery;
    struct fid_store_model before;
    int64_t version = gallery->version;
    bool was = false;
    enum fid_status status = fid_store_read_model(gallery->store, &before, error);
    if (status == FID_OK)
        status = fid_store_version(gallery->store, &version, error);
    if (status == FID_OK && version != gallery->version)
        status = fid_fail(error, FID_BUSY,
                          "the gallery %s was changed by another process meanwhile: run again",
                          gallery->path);
    if (status == FID_OK && strcmp(before.id, model->id) == 0)
        status = fid_fail(error, FID_INVALID, "the gallery %s is of the model %s already",
                          gallery->path, model->name);
    if (status == FID_OK)
        status = fid_store_begin_change(gallery->store, "reembed", error);
    if (status == FID_OK)
        status = fid_store_write_model(gallery->store, model, error);
    if (status == FID_OK)
        status = fid_store_delete_calibration(gallery->store, &was, error);
    done->calibrated = status == FID_OK && was;
    return status == FID_OK ? everybody(work, wanted, done, error) : status;
}

enum fid_status fid_gallery_reembed_until(struct fid_gallery *gallery,
                                          const struct fid_model *model,
                                          struct fid_embedder *embedder, bool leave_out_others,
                                          fid_stop_fn stop, void *ctx, struct fid_reembedded *done,
                                          struct fid_error *error)
{
    struct reembedding work = {
        .gallery = gallery, .embedder = embedder, .stop = stop, .stop_ctx = ctx};
    struct fid_store_model described;
    *done = (struct fid_reembedded){0};
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK && gallery->model.id[0] != '\0') /* it could not read the new vectors */
        status = fid_fail(error, FID_INVALID,
                          "the gallery %s has to be opened without a model to go over to another",
                          gallery->path);
    if (status == FID_OK)
        status = fid_gallery_describe(model, &described, error);
    if (status != FID_OK)
        return status;
    work.embedding = fid_calloc(fid_embedder_size(embedder), sizeof *work.embedding);
    if (work.embedding == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a vector");
    status = fid_store_begin(gallery->store, true, error);
    if (status == FID_OK) {
        status = change_model(&work, &described, leave_out_others, done, error);
        status = fid_gallery_end_change(gallery, status, NULL, 0, error);
    }
    fid_picture_free(&work.picture);
    fid_free(work.embedding);
    return status == FID_OK ? fid_gallery_reread_all(gallery, error) : status;
}

enum fid_status fid_gallery_reembed(struct fid_gallery *gallery, const struct fid_model *model,
                                    struct fid_embedder *embedder, bool leave_out_others,
                                    struct fid_reembedded *done, struct fid_error *error)
{
    return fid_gallery_reembed_until(gallery, model, embedder, leave_out_others, NULL, NULL, done,
                                     error);
}
