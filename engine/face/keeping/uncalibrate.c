/* A calibration leaves the gallery and its copies to the last byte. */
#include "engine/face/keeping/keeping.h"

static enum fid_status uncalibrate_copy(struct fid_ledger *copy, struct fid_error *error)
{
    struct fid_edit edit = {.ledger = copy};
    bool was = false;
    enum fid_status status = fid_ledger_begin_copy(copy, error);
    if (status != FID_OK)
        return status;
    status = fid_edit_delete_calibration(&edit, &was, error);
    fid_edit_free(&edit);
    was = was || (copy->manifest.flags & FID_ROOT_UNPURGED) != 0; /* of a purge that failed */
    fid_ledger_note_unpurged(copy);
    if (status == FID_OK && was)
        status = fid_ledger_commit(copy, error);
    else
        fid_ledger_rollback(copy);
    return status == FID_OK && was ? fid_ledger_purge(copy, false, error) : status;
}

static enum fid_status uncalibrate_copies(struct fid_ledger *ledger, struct fid_error *error)
{
    struct fid_copies copies = {0};
    enum fid_status status = fid_ledger_begin(ledger, false, error);
    if (status == FID_OK)
        status = fid_copies_list(ledger, &copies, error);
    fid_ledger_rollback(ledger);
    if (status == FID_OK)
        status = fid_copies_open(&copies, ledger, error);
    for (size_t i = 0; status == FID_OK && i < copies.count; i++)
        if (copies.copies[i].ledger != NULL)
            status = uncalibrate_copy(copies.copies[i].ledger, error);
    fid_copies_close(&copies);
    return status;
}

enum fid_status fid_gallery_uncalibrate(struct fid_gallery *gallery, bool *was,
                                        struct fid_error *error)
{
    struct fid_edit edit = {0};
    struct fid_error why = {0};
    bool there = false;
    enum fid_status status = fid_edit_begin(&edit, gallery, NULL, error);
    if (status != FID_OK)
        return status;
    status = fid_edit_delete_calibration(&edit, &there, error);
    fid_ledger_note_unpurged(gallery->ledger);
    status = fid_edit_end(&edit, gallery, status, error);
    if (was != NULL)
        *was = there;
    if (status != FID_OK)
        return status;
    status = fid_ledger_purge(gallery->ledger, false, &why);
    if (status == FID_OK)
        status = uncalibrate_copies(gallery->ledger, &why);
    fid_gallery_refresh(gallery, NULL, NULL);
    return status == FID_OK ? FID_OK
                            : fid_fail(error, status,
                                       "the limit and the strangers are removed, but bytes of them "
                                       "may be left: %s",
                                       why.text);
}
