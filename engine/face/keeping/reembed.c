/* A gallery goes over to another model: everybody's vectors anew, from the crops that were kept. */
#include "engine/base/memory.h"
#include "engine/face/embed/face_crop.h"
#include "engine/face/keeping/keeping.h"

#include <string.h>

struct reembedding {
    struct fid_gallery *gallery;
    struct fid_edit edit; /* which notes nothing: undo has no use for it */
    struct fid_gallery_model model;
    struct fid_embedder *embedder;
    fid_stop_fn stop; /* NULL: to the end */
    void *stop_ctx;
    struct fid_picture picture; /* of the crop; owned */
    struct fid_face face;
    bool decoded;
    float *embedding; /* owned */
    bool leave_out;
    struct fid_reembedded *done;
};

static enum fid_status take_crop(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct reembedding *work = ctx;
    struct fid_crop_record crop;
    (void)error;
    work->decoded =
        fid_record_read_crop(entry, &crop) &&
        fid_face_crop_decode(crop.bytes, crop.size, &work->picture, &work->face, NULL) == FID_OK;
    return FID_OK;
}

/* *kept: it came along; else it has no crop that can be used. */
static enum fid_status embed(struct reembedding *work, int64_t sample, bool *kept,
                             struct fid_error *error)
{
    *kept = false;
    if (work->stop != NULL && work->stop(work->stop_ctx))
        return fid_fail(error, FID_STOPPED, "stopped, and the gallery %s is as it was",
                        work->gallery->path);
    enum fid_status status = fid_ledger_get(
        work->edit.ledger, FID_SIBLING_ID(FID_KIND_CROP, sample), take_crop, work, NULL);
    if (status == FID_NOT_FOUND || (status == FID_OK && !work->decoded))
        return FID_OK;
    if (status == FID_OK)
        status = fid_embed(work->embedder, &work->picture, &work->face, 1, FID_CROP_MODEL,
                           work->embedding, error);
    *kept = status == FID_OK;
    return status == FID_INVALID || status == FID_UNSUPPORTED ? FID_OK : status;
}

static enum fid_status put(struct reembedding *work, int64_t person,
                           const struct fid_kept_sample *kept, struct fid_error *error)
{
    struct fid_sample_record sample = {.order = kept->order,
                                       .source = kept->source,
                                       .source_size = strlen(kept->source),
                                       .numbers = (const uint8_t *)work->embedding,
                                       .size = work->model.size};
    struct fid_writer *writer = &work->edit.writer;
    memcpy(sample.model, work->model.id, sizeof sample.model);
    memcpy(sample.created, kept->created, sizeof sample.created);
    fid_record_write_sample(writer, &sample);
    return writer->failed ? fid_fail(error, FID_NO_MEMORY, "no memory for a face")
                          : fid_edit_put(&work->edit, kept->id, person, NULL, writer->bytes,
                                         writer->size, error);
}

static enum fid_status drop(struct reembedding *work, int64_t person,
                            const struct fid_kept_sample *kept, struct fid_error *error)
{
    enum fid_status status =
        kept->has_crop
            ? fid_edit_delete(&work->edit, FID_SIBLING_ID(FID_KIND_CROP, kept->id), person, error)
            : FID_OK;
    return status == FID_OK ? fid_edit_delete(&work->edit, kept->id, person, error) : status;
}

/* Who cannot come along leaves, if that is wanted. */
static enum fid_status reembed(struct reembedding *work, const struct fid_person *info,
                               struct fid_error *error)
{
    const int64_t person = FID_PERSON_ROW(info->id);
    struct fid_kept faces = {0};
    size_t kept_count = 0;
    enum fid_status status = fid_kept_read(work->edit.ledger, person, &faces, error);
    for (size_t i = 0; status == FID_OK && i < faces.count; i++) {
        bool kept;
        status = embed(work, faces.samples[i].id, &kept, error);
        if (status == FID_OK)
            status = kept ? put(work, person, &faces.samples[i], error)
                          : drop(work, person, &faces.samples[i], error);
        kept_count += kept;
    }
    work->done->faces += kept_count;
    work->done->faces_lost += faces.count - kept_count;
    work->done->people += kept_count > 0;
    work->done->people_lost += kept_count == 0;
    fid_kept_free(&faces);
    if (status != FID_OK)
        return status;
    if (kept_count > 0)
        return fid_edit_update_template(&work->edit, person, error);
    if (work->leave_out)
        return fid_edit_delete_kinds(&work->edit, person, ~0u, error);
    return fid_fail(
        error, FID_NO_FACE,
        "'%s' in the gallery %s has no kept crop that can be used, and has to come back",
        info->name, work->gallery->path);
}

static enum fid_status change_model(struct reembedding *work, uint64_t generation,
                                    struct fid_error *error)
{
    struct fid_manifest *manifest = &work->edit.ledger->manifest;
    if (manifest->generation != generation)
        return fid_fail(error, FID_BUSY, "the gallery %s was changed by another process meanwhile",
                        work->gallery->path);
    if (strcmp(manifest->model, work->model.id) == 0)
        return fid_fail(error, FID_INVALID, "the gallery %s is of the model %s already",
                        work->gallery->path, work->model.name);
    memcpy(manifest->model, work->model.id, sizeof manifest->model);
    memcpy(manifest->model_name, work->model.name, sizeof manifest->model_name);
    manifest->vector_size = (uint32_t)work->model.size;
    enum fid_status status =
        fid_edit_delete_calibration(&work->edit, &work->done->calibrated, error);
    for (size_t i = 0; status == FID_OK && i < work->gallery->count; i++)
        status = reembed(work, &work->gallery->people[i].info, error);
    return status;
}

enum fid_status fid_gallery_reembed(struct fid_gallery *gallery, const struct fid_model *model,
                                    struct fid_embedder *embedder, bool leave_out, fid_stop_fn stop,
                                    void *ctx, struct fid_reembedded *done, struct fid_error *error)
{
    struct reembedding work = {.gallery = gallery,
                               .embedder = embedder,
                               .stop = stop,
                               .stop_ctx = ctx,
                               .leave_out = leave_out,
                               .done = done};
    const uint64_t generation = gallery->generation;
    *done = (struct fid_reembedded){0};
    if (gallery->model.id[0] != '\0') /* it could not read the new vectors */
        return fid_fail(error, FID_INVALID,
                        "the gallery %s has to be opened without a model to go over to another",
                        gallery->path);
    enum fid_status status = fid_gallery_describe(model, &work.model, error);
    if (status != FID_OK)
        return status;
    work.embedding = fid_calloc(work.model.size, sizeof *work.embedding);
    if (work.embedding == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a vector");
    struct fid_edit change;
    status = fid_edit_begin(&change, gallery, "reembed", error);
    if (status == FID_OK) {
        change.reads_all = true;
        work.edit.ledger = gallery->ledger;
        status = change_model(&work, generation, error);
        status = fid_edit_end(&change, gallery, status, error);
    }
    fid_edit_free(&work.edit);
    fid_picture_free(&work.picture);
    fid_free(work.embedding);
    return status;
}
