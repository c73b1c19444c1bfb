/* Two people become one. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"

#include <string.h>

static enum fid_status move_sample(struct fid_edit *edit, const struct fid_kept_sample *from,
                                   int64_t into, uint32_t order, struct fid_error *error)
{
    struct fid_sample sample = {.embedding = from->numbers, .source = from->source};
    struct fid_entry entry = {0};
    struct fid_crop_record crop = {0};
    enum fid_status status = FID_OK;
    if (from->has_crop)
        status =
            fid_ledger_read(edit->ledger, FID_SIBLING_ID(FID_KIND_CROP, from->id), &entry, error);
    if (status == FID_OK && from->has_crop && !fid_record_read_crop(&entry, &crop))
        status = fid_fail(error, FID_CORRUPT, "a crop in the gallery is damaged");
    sample.crop = crop.bytes;
    sample.crop_size = crop.size;
    return status == FID_OK ? fid_edit_add_sample(edit, into, order, &sample, from->created, error)
                            : status;
}

/* The rows of one person become new ones of the other's. */
static enum fid_status move_rows(struct fid_edit *edit, int64_t from, int64_t into,
                                 struct fid_error *error)
{
    struct fid_kept moved = {.with_numbers = true}, kept = {0};
    enum fid_status status = fid_kept_read(edit->ledger, from, &moved, error);
    if (status == FID_OK)
        status = fid_kept_read(edit->ledger, into, &kept, error);
    for (size_t i = 0; status == FID_OK && i < moved.count; i++)
        status = move_sample(edit, &moved.samples[i], into, kept.next_order + (uint32_t)i, error);
    for (size_t i = 0; status == FID_OK && i < moved.consent_count; i++)
        status = fid_edit_add_consent(edit, into, kept.next_consent + (uint32_t)i,
                                      moved.consents[i].source, strlen(moved.consents[i].source),
                                      moved.consents[i].created, error);
    fid_kept_free(&moved);
    fid_kept_free(&kept);
    return status;
}

/* Who stays remembers who the other one was, for copies from before; and the earlier end counts. */
static enum fid_status join_people(struct fid_edit *edit, int64_t from, int64_t into,
                                   struct fid_error *error)
{
    struct fid_person_record gone, stays = {0};
    struct fid_ids was = {0};
    uint8_t *bytes = NULL;
    enum fid_status status = fid_edit_read_person(edit, from, &gone, error);
    bool good =
        status == FID_OK && fid_ids_take(&was, gone.was, gone.was_count) && fid_ids_add(&was, from);
    if (good)
        status = fid_edit_read_person(edit, into, &stays, error);
    good = good && status == FID_OK && fid_ids_take(&was, stays.was, stays.was_count) &&
           (bytes = fid_ids_bytes(&was)) != NULL;
    if (status == FID_OK && !good)
        status = fid_fail(error, FID_NO_MEMORY, "no memory for a person");
    if (status == FID_OK) {
        stays.was = bytes;
        stays.was_count = was.count;
        if (gone.expires[0] != '\0' &&
            (stays.expires[0] == '\0' || strcmp(gone.expires, stays.expires) < 0))
            memcpy(stays.expires, gone.expires, sizeof stays.expires);
        status = fid_edit_put_person(edit, into, &stays, error);
    }
    fid_free(bytes);
    fid_free(was.ids);
    return status;
}

enum fid_status fid_gallery_merge(struct fid_gallery *gallery, const char *name, const char *into,
                                  struct fid_error *error)
{
    struct fid_edit edit;
    int64_t from = 0, to = 0;
    enum fid_status status = fid_edit_begin(&edit, gallery, "merge", error);
    if (status != FID_OK)
        return status;
    status = fid_gallery_find(gallery, name, &from, error);
    if (status == FID_OK)
        status = fid_gallery_find(gallery, into, &to, error);
    if (status == FID_OK && from == to)
        status = fid_fail(error, FID_INVALID, "'%s' and '%s' are one person already", name, into);
    if (status == FID_OK)
        status = move_rows(&edit, from, to, error);
    if (status == FID_OK)
        status = join_people(&edit, from, to, error);
    if (status == FID_OK)
        status = fid_edit_delete_kinds(&edit, from, ~0u, error);
    if (status == FID_OK)
        status = fid_edit_update_template(&edit, to, error);
    return fid_edit_end(&edit, gallery, status, error);
}
