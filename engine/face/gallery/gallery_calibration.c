/* A gallery's own limit: how it is chosen, kept and used. */
#include "engine/face/gallery/gallery.h"

#include <math.h>
#include <string.h>

bool fid_gallery_calibration(const struct fid_gallery *gallery, struct fid_calibration *calibration)
{
    *calibration = gallery->calibration.numbers;
    return gallery->calibration.model.id[0] != '\0';
}

enum fid_status fid_gallery_rule(const struct fid_gallery *gallery, const struct fid_model *model,
                                 enum fid_rule_kind kind, struct fid_rule *rule,
                                 struct fid_error *error)
{
    struct fid_calibration calibration;
    enum fid_status status = fid_rule_default(model, kind, rule, error);
    if (status != FID_OK || kind != FID_RULE_COSINE ||
        !fid_gallery_calibration(gallery, &calibration))
        return status;
    rule->accept = calibration.accept;
    rule->maybe = fminf(rule->maybe, rule->accept);
    return FID_OK;
}

/* ---- changes: each is one transaction ---- */

static enum fid_status write_calibration(struct fid_gallery *gallery,
                                         const struct fid_calibration *calibration,
                                         const struct fid_sample *strangers, size_t count,
                                         struct fid_error *error)
{
    const struct fid_store_calibration row = {gallery->model, *calibration};
    enum fid_status status = fid_gallery_check_people(gallery, error);
    if (status == FID_OK)
        status = fid_store_write_calibration(gallery->store, &row, error);
    for (size_t i = 0; status == FID_OK && i < count; i++)
        status = fid_store_add_stranger(gallery->store, i + 1, strangers[i].embedding,
                                        gallery->model.size, strangers[i].source, error);
    return status == FID_OK
               ? fid_store_read_calibration(gallery->store, &gallery->calibration, error)
               : status;
}

enum fid_status fid_gallery_calibrate(struct fid_gallery *gallery,
                                      const struct fid_calibration *calibration,
                                      const struct fid_sample *strangers, size_t count,
                                      struct fid_error *error)
{
    const struct fid_store_calibration before = gallery->calibration;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK && gallery->model.id[0] == '\0')
        return fid_fail(error, FID_INVALID, "the gallery %s was opened without a model",
                        gallery->path);
    if (status == FID_OK && !(calibration->accept >= -1 && calibration->accept <= 1))
        return fid_fail(error, FID_INVALID, "%g is no limit for a cosine",
                        (double)calibration->accept);
    for (size_t i = 0; status == FID_OK && i < count; i++)
        if (strangers[i].source == NULL)
            return fid_fail(error, FID_INVALID, "stranger %zu does not say where it came from",
                            i + 1);
    if (status == FID_OK)
        status = fid_store_begin(gallery->store, true, error);
    if (status != FID_OK)
        return status;
    status = write_calibration(gallery, calibration, strangers, count, error);
    if (status == FID_OK)
        status = fid_store_commit(gallery->store, error);
    if (status == FID_OK)
        return before.model.id[0] != '\0' ? fid_store_purge(gallery->store, error) : FID_OK;
    fid_store_rollback(gallery->store);
    gallery->calibration = before;
    return status;
}

static enum fid_status uncalibrate_copy(void *ctx, struct fid_store *copy, struct fid_error *error)
{
    bool was = false;
    (void)ctx;
    enum fid_status status = fid_store_delete_calibration(copy, &was, error);
    return status == FID_OK && was ? fid_store_purge(copy, error) : status;
}

enum fid_status fid_gallery_uncalibrate(struct fid_gallery *gallery, bool *was,
                                        struct fid_error *error)
{
    bool there;
    size_t absent;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_store_begin(gallery->store, true, error);
    if (status != FID_OK)
        return status;
    status = fid_store_delete_calibration(gallery->store, was != NULL ? was : &there, error);
    if (status == FID_OK)
        status = fid_store_commit(gallery->store, error);
    if (status != FID_OK) {
        fid_store_rollback(gallery->store);
        return status;
    }
    gallery->calibration = (struct fid_store_calibration){0};
    struct fid_error why = {0};
    status = fid_store_purge(gallery->store, &why);
    if (status == FID_OK)
        status =
            fid_gallery_each_copy(gallery, FID_COPIES_WAIT, uncalibrate_copy, NULL, &absent, &why);
    return status == FID_OK ? FID_OK
                            : fid_fail(error, status,
                                       "the limit and the strangers are removed, but bytes of them "
                                       "may be left: %s",
                                       why.text);
}

/* ---- the strangers ---- */

struct face_taker {
    fid_face_fn take;
    void *ctx;
};

static enum fid_status take_face(void *ctx, const float *embedding, const char *source,
                                 struct fid_error *error)
{
    const struct face_taker *taker = ctx;
    if (taker->take(taker->ctx, embedding, source))
        return FID_OK;
    return fid_fail(error, FID_NO_MEMORY, "no memory for the faces of the gallery");
}

enum fid_status fid_gallery_strangers(const struct fid_gallery *gallery, fid_face_fn take,
                                      void *ctx, struct fid_error *error)
{
    struct face_taker taker = {take, ctx};
    if (gallery->store == NULL)
        return FID_OK;
    return fid_store_each_stranger(gallery->store, gallery->model.size, take_face, &taker, error);
}
