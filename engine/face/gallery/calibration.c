/* A gallery's own limit: how it is kept and used. */
#include "engine/face/gallery/gallery.h"

#include <math.h>
#include <string.h>

#define CALIBRATION_ROW FID_FIRST_ID(FID_KIND_CALIBRATION)

bool fid_gallery_calibration(const struct fid_gallery *gallery, struct fid_calibration *calibration)
{
    *calibration = gallery->calibration.numbers;
    return gallery->calibration.model[0] != '\0';
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

/* ---- changes: each is one transaction; undo stays as it is ---- */

enum fid_status fid_edit_delete_calibration(struct fid_edit *edit, bool *was,
                                            struct fid_error *error)
{
    size_t count = 0;
    enum fid_status status = fid_ledger_delete_range(
        edit->ledger, CALIBRATION_ROW, FID_FIRST_ID(FID_KIND_CALIBRATION + 1), &count, error);
    if (was != NULL)
        *was = count > 0;
    return status == FID_OK
               ? fid_ledger_delete_range(edit->ledger, FID_FIRST_ID(FID_KIND_STRANGER),
                                         FID_FIRST_ID(FID_KIND_STRANGER + 1), NULL, error)
               : status;
}

static enum fid_status add_stranger(struct fid_edit *edit, const struct fid_gallery_model *model,
                                    const struct fid_sample *stranger, uint32_t order,
                                    struct fid_error *error)
{
    struct fid_sample_record record = {.order = order,
                                       .source = stranger->source,
                                       .source_size = strlen(stranger->source),
                                       .numbers = (const uint8_t *)stranger->embedding,
                                       .size = model->size};
    int64_t id;
    memcpy(record.model, model->id, sizeof record.model);
    fid_now(record.created);
    fid_record_write_sample(&edit->writer, &record);
    if (edit->writer.failed)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a stranger");
    enum fid_status status = fid_ledger_draw(edit->ledger, FID_KIND_STRANGER, 0, &id, error);
    return status == FID_OK ? fid_ledger_put(edit->ledger, id, 0, NULL, edit->writer.bytes,
                                             edit->writer.size, error)
                            : status;
}

static enum fid_status write_calibration(struct fid_edit *edit, const struct fid_gallery *gallery,
                                         const struct fid_calibration *calibration,
                                         const struct fid_sample *strangers, size_t count,
                                         bool *was, struct fid_error *error)
{
    struct fid_calibration_record record = {.numbers = *calibration};
    memcpy(record.model, gallery->model.id, sizeof record.model);
    memcpy(record.model_name, gallery->model.name, sizeof record.model_name);
    fid_now(record.numbers.created);
    enum fid_status status = fid_gallery_check_model(gallery, error);
    if (status == FID_OK)
        status = fid_edit_delete_calibration(edit, was, error);
    if (status != FID_OK)
        return status;
    fid_record_write_calibration(&edit->writer, &record);
    if (edit->writer.failed)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the calibration");
    status = fid_ledger_put(edit->ledger, CALIBRATION_ROW, 0, NULL, edit->writer.bytes,
                            edit->writer.size, error);
    for (size_t i = 0; status == FID_OK && i < count; i++)
        status = add_stranger(edit, &gallery->model, &strangers[i], (uint32_t)i, error);
    return status;
}

static enum fid_status check_calibration(const struct fid_gallery *gallery,
                                         const struct fid_calibration *calibration,
                                         const struct fid_sample *strangers, size_t count,
                                         struct fid_error *error)
{
    if (gallery->model.id[0] == '\0')
        return fid_fail(error, FID_INVALID, "the gallery %s was opened without a model",
                        gallery->path);
    if (!(calibration->accept >= -1 && calibration->accept <= 1))
        return fid_fail(error, FID_INVALID, "%g is no limit for a cosine",
                        (double)calibration->accept);
    for (size_t i = 0; i < count; i++)
        if (strangers[i].source == NULL)
            return fid_fail(error, FID_INVALID, "stranger %zu does not say where it came from",
                            i + 1);
    return FID_OK;
}

enum fid_status fid_gallery_calibrate(struct fid_gallery *gallery,
                                      const struct fid_calibration *calibration,
                                      const struct fid_sample *strangers, size_t count,
                                      struct fid_error *error)
{
    struct fid_edit edit;
    bool was = false;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = check_calibration(gallery, calibration, strangers, count, error);
    if (status == FID_OK)
        status = fid_edit_begin(&edit, gallery, NULL, error);
    if (status != FID_OK)
        return status;
    edit.reads_all = true;
    status = write_calibration(&edit, gallery, calibration, strangers, count, &was, error);
    status = fid_edit_end(&edit, gallery, status, error);
    struct fid_ledger *ledger = gallery->ledger;
    if (status == FID_OK && was && fid_store_purge(ledger->store, false, NULL) != FID_OK &&
        fid_ledger_begin(ledger, true, NULL) == FID_OK) { /* the limit holds; a check finishes it */
        ledger->manifest.flags |= FID_ROOT_UNPURGED;
        fid_ledger_commit(ledger, NULL);
    }
    return status;
}
