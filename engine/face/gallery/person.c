/* What is kept of a person: samples in the order of enrollment, and consents. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"

#include <stdlib.h>
#include <string.h>

/* Users know a sample by the lower half of its number, which is unique among the person's. */
#define SHOWN UINT32_MAX

static enum fid_status no_memory(struct fid_error *error)
{
    return fid_fail(error, FID_NO_MEMORY, "no memory for what is kept of a person");
}

static void free_list(struct fid_kept_sample *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fid_free(list[i].source);
        fid_free(list[i].numbers);
    }
    fid_free(list);
}

void fid_kept_free(struct fid_kept *kept)
{
    free_list(kept->samples, kept->count);
    free_list(kept->consents, kept->consent_count);
    fid_free(kept->crops.ids);
    *kept = (struct fid_kept){0};
}

/* FILLS *row with a new one of the list, and its text. False: no memory. */
static bool add_row(struct fid_kept_sample **list, size_t *count, size_t *room, int64_t id,
                    const char *text, size_t size, struct fid_kept_sample **row)
{
    struct fid_kept_sample *larger = fid_grow(*list, *count, room, sizeof **list);
    if (larger == NULL)
        return false;
    *list = larger;
    *row = &larger[(*count)++];
    **row = (struct fid_kept_sample){.id = id, .source = fid_calloc(size + 1, 1)};
    if ((*row)->source == NULL)
        return false;
    memcpy((*row)->source, text, size);
    return true;
}

static enum fid_status take_sample(struct fid_kept *kept, const struct fid_entry *entry,
                                   struct fid_error *error)
{
    struct fid_sample_record record;
    struct fid_kept_sample *row;
    if (!fid_record_read_sample(entry, &record))
        return fid_fail(error, FID_CORRUPT, "a face in the gallery is damaged");
    if (!add_row(&kept->samples, &kept->count, &kept->room, entry->id, record.source,
                 record.source_size, &row))
        return no_memory(error);
    row->order = record.order;
    row->size = record.size;
    memcpy(row->created, record.created, sizeof record.created);
    memcpy(row->model, record.model, sizeof record.model);
    if (!kept->with_numbers)
        return FID_OK;
    row->numbers = fid_calloc(record.size, sizeof *row->numbers);
    if (row->numbers == NULL)
        return no_memory(error);
    fid_record_numbers(record.numbers, record.size, row->numbers);
    return FID_OK;
}

static enum fid_status take_consent(struct fid_kept *kept, const struct fid_entry *entry,
                                    struct fid_error *error)
{
    struct fid_consent_record record;
    struct fid_kept_sample *row;
    if (!fid_record_read_consent(entry, &record))
        return fid_fail(error, FID_CORRUPT, "a consent in the gallery is damaged");
    if (!add_row(&kept->consents, &kept->consent_count, &kept->consent_room, entry->id, record.text,
                 record.text_size, &row))
        return no_memory(error);
    row->order = record.order;
    memcpy(row->created, record.created, sizeof record.created);
    return FID_OK;
}

static enum fid_status take_entry(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct fid_kept *kept = ctx;
    switch (FID_ROW_KIND(entry->id)) {
    case FID_KIND_SAMPLE:
    case FID_KIND_STRANGER:
        return take_sample(kept, entry, error);
    case FID_KIND_CONSENT:
        return take_consent(kept, entry, error);
    case FID_KIND_CROP:
        return fid_ids_add(&kept->crops, entry->id & FID_LOW_ID) ? FID_OK : no_memory(error);
    default:
        return FID_OK;
    }
}

static int compare_orders(const void *a, const void *b)
{
    const struct fid_kept_sample *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Sorts a list and returns the order of what is added next. */
static uint32_t sort(struct fid_kept_sample *list, size_t count)
{
    if (count == 0)
        return 0;
    qsort(list, count, sizeof *list, compare_orders);
    return list[count - 1].order + 1;
}

enum fid_status fid_kept_read(struct fid_ledger *ledger, int64_t person, struct fid_kept *kept,
                              struct fid_error *error)
{
    enum fid_status status =
        person != 0
            ? fid_ledger_scan_person(ledger, person, take_entry, kept, error)
            : fid_ledger_scan(ledger, FID_FIRST_ID(FID_KIND_STRANGER),
                              FID_FIRST_ID(FID_KIND_STRANGER + 1), 0, take_entry, kept, error);
    for (size_t i = 0; status == FID_OK && i < kept->count && kept->crops.count > 0; i++) {
        const int64_t low = kept->samples[i].id & FID_LOW_ID; /* they came in order of rows */
        kept->samples[i].has_crop =
            bsearch(&low, kept->crops.ids, kept->crops.count, sizeof low, compare_ids) != NULL;
    }
    kept->next_order = sort(kept->samples, kept->count);
    kept->next_consent = sort(kept->consents, kept->consent_count);
    return status;
}

enum fid_status fid_kept_find(const struct fid_kept *kept, int64_t shown, int64_t *id)
{
    *id = 0;
    for (size_t i = 0; i < kept->count; i++)
        if ((kept->samples[i].id & SHOWN) == shown)
            *id = kept->samples[i].id;
    return *id != 0 ? FID_OK : FID_NOT_FOUND;
}

/* ---- looking ---- */

/* In a transaction of its own; a gallery that is not there has nothing. */
static enum fid_status read_once(struct fid_gallery *gallery, int64_t person, struct fid_kept *kept,
                                 struct fid_error *error)
{
    if (gallery->ledger == NULL)
        return FID_OK;
    enum fid_status status = fid_ledger_begin(gallery->ledger, false, error);
    if (status == FID_OK)
        status = fid_kept_read(gallery->ledger, person, kept, error);
    fid_ledger_rollback(gallery->ledger);
    return status;
}

enum fid_status fid_gallery_samples(struct fid_gallery *gallery, int64_t person,
                                    fid_sample_info_fn take, void *ctx, struct fid_error *error)
{
    struct fid_kept kept = {0};
    enum fid_status status = read_once(gallery, FID_PERSON_ROW(person), &kept, error);
    for (size_t i = 0; status == FID_OK && i < kept.count; i++) {
        const struct fid_kept_sample *row = &kept.samples[i];
        struct fid_sample_info info = {.id = row->id & SHOWN, .source = row->source};
        memcpy(info.created, row->created, sizeof info.created);
        if (!take(ctx, &info))
            status = no_memory(error);
    }
    fid_kept_free(&kept);
    return status;
}

enum fid_status fid_gallery_consents(struct fid_gallery *gallery, int64_t person,
                                     fid_consent_fn take, void *ctx, struct fid_error *error)
{
    struct fid_kept kept = {0};
    enum fid_status status = read_once(gallery, FID_PERSON_ROW(person), &kept, error);
    for (size_t i = 0; status == FID_OK && i < kept.consent_count; i++)
        if (!take(ctx, kept.consents[i].source, kept.consents[i].created))
            status = no_memory(error);
    fid_kept_free(&kept);
    return status;
}

enum fid_status fid_gallery_strangers(struct fid_gallery *gallery, fid_face_fn take, void *ctx,
                                      struct fid_error *error)
{
    struct fid_kept kept = {.with_numbers = true};
    enum fid_status status = read_once(gallery, 0, &kept, error);
    for (size_t i = 0; status == FID_OK && i < kept.count; i++)
        if (kept.samples[i].size != gallery->model.size)
            status = fid_fail(error, FID_CORRUPT, "the strangers in the gallery %s are damaged",
                              gallery->path);
        else if (!take(ctx, kept.samples[i].numbers, kept.samples[i].source))
            status = no_memory(error);
    fid_kept_free(&kept);
    return status;
}
