/* transfer.c - people out of a gallery into a file, and back. */
#include "engine/base/memory.h"
#include "engine/face/keeping/people_file.h"

#include <stdlib.h>
#include <string.h>

/* ---- export ---- */

struct exported {
    int64_t id; /* of a row of the person */
    uint32_t order;
};
struct exporter {
    struct fid_ledger *ledger;
    struct fid_people_file *file;
    struct exported *rows; /* of the person, but crops; owned */
    size_t count, room;
    struct fid_writer writer;
    size_t people;
};

static enum fid_status take_exported(void *ctx, const struct fid_entry *entry,
                                     struct fid_error *error)
{
    struct exporter *exporter = ctx;
    struct fid_sample_record sample = {.order = 0};
    struct fid_consent_record consent = {.order = 0};
    const unsigned kind = FID_ROW_KIND(entry->id);
    if (kind > FID_KIND_CONSENT) /* crops go with their samples, all else follows from these */
        return FID_OK;
    if ((kind == FID_KIND_SAMPLE && !fid_record_read_sample(entry, &sample)) ||
        (kind == FID_KIND_CONSENT && !fid_record_read_consent(entry, &consent)))
        return fid_fail(error, FID_CORRUPT, "a face or consent in the gallery is damaged");
    struct exported *rows =
        fid_grow(exporter->rows, exporter->count, &exporter->room, sizeof *rows);
    if (rows == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the data of a person");
    exporter->rows = rows;
    rows[exporter->count++] = (struct exported){entry->id, sample.order + consent.order};
    return FID_OK;
}

static int compare(const void *a, const void *b)
{
    const struct exported *x = a, *y = b;
    if (FID_ROW_KIND(x->id) != FID_ROW_KIND(y->id) || x->order == y->order)
        return x->id < y->id ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Rows have numbers of their own in the file, so that the same people give the same file. */
static enum fid_status write_row(struct exporter *exporter, int64_t id, size_t number,
                                 struct fid_error *error)
{
    const int64_t person = FID_FIRST_ID(FID_KIND_PERSON) + ((int64_t)exporter->people << 32);
    struct fid_person_record record;
    struct fid_entry entry = {0};
    const enum fid_kind kind = (enum fid_kind)FID_ROW_KIND(id);
    enum fid_status status = fid_ledger_read(exporter->ledger, id, &entry, error);
    if (status == FID_OK && kind == FID_KIND_PERSON) {
        if (!fid_record_read_person(&entry, &record))
            return fid_fail(error, FID_CORRUPT, "the row of a person is damaged");
        record.was_count = 0; /* means something here alone */
        fid_record_write_person(&exporter->writer, &record);
        if (exporter->writer.failed)
            return fid_fail(error, FID_NO_MEMORY, "no memory for the data of a person");
        entry.content = exporter->writer.bytes;
        entry.size = exporter->writer.size;
    }
    return status == FID_OK
               ? fid_people_write(exporter->file, FID_SIBLING_ID(kind, person) + (int64_t)number,
                                  person, entry.content, entry.size, error)
               : status;
}

/* The person, samples, consents, crops. People who were removed meanwhile are left out. */
static enum fid_status export_person(struct exporter *exporter, int64_t id, struct fid_error *error)
{
    size_t samples = 0;
    exporter->count = 0;
    enum fid_status status =
        fid_ledger_scan_person(exporter->ledger, id, take_exported, exporter, error);
    if (status != FID_OK || exporter->count == 0)
        return status;
    qsort(exporter->rows, exporter->count, sizeof *exporter->rows, compare);
    if (FID_ROW_KIND(exporter->rows[0].id) != FID_KIND_PERSON)
        return fid_fail(error, FID_CORRUPT, "the row of a person is lost");
    exporter->people++;
    for (size_t i = 0; status == FID_OK && i < exporter->count; i++) {
        samples += FID_ROW_KIND(exporter->rows[i].id) == FID_KIND_SAMPLE;
        status = write_row(exporter, exporter->rows[i].id, i, error);
    }
    for (size_t i = 1; status == FID_OK && i <= samples; i++) {
        const int64_t crop = FID_SIBLING_ID(FID_KIND_CROP, exporter->rows[i].id);
        struct fid_entry entry = {0};
        if (fid_ledger_read(exporter->ledger, crop, &entry, NULL) != FID_NOT_FOUND)
            status = write_row(exporter, crop, i, error);
    }
    return status;
}

static bool has(const struct fid_ids *ids, int64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->ids[i] == id)
            return true;
    return false;
}

/* Those of the names, or all. */
static enum fid_status list_people(const struct fid_gallery *gallery, char *const *names,
                                   size_t count, struct fid_ids *ids, struct fid_error *error)
{
    for (size_t i = 0; i < (count > 0 ? count : gallery->count); i++) {
        int64_t id = FID_PERSON_ROW(gallery->people[count > 0 ? 0 : i].info.id);
        const enum fid_status status =
            count > 0 ? fid_gallery_find(gallery, names[i], &id, error) : FID_OK;
        if (status != FID_OK)
            return status;
        if ((count == 0 || !has(ids, id)) && !fid_ids_add(ids, id)) /* each once */
            return fid_fail(error, FID_NO_MEMORY, "no memory for a list of people");
    }
    return FID_OK;
}

enum fid_status fid_gallery_export(struct fid_gallery *gallery, const char *path, bool replace,
                                   char *const *names, size_t count, size_t *people,
                                   struct fid_error *error)
{
    struct exporter exporter = {0};
    struct fid_ids ids = {0};
    *people = 0;
    enum fid_status status = fid_gallery_refresh(gallery, NULL, error);
    if (status == FID_OK && gallery->count == 0)
        status =
            fid_fail(error, FID_NOT_FOUND, "nobody is enrolled in the gallery %s", gallery->path);
    if (status != FID_OK)
        return status;
    exporter.ledger = gallery->ledger;
    status = fid_store_not_own(gallery->ledger->store, path, error);
    if (status == FID_OK)
        status = list_people(gallery, names, count, &ids, error);
    if (status == FID_OK)
        status = fid_ledger_begin(gallery->ledger, false, error);
    if (status == FID_OK)
        status =
            fid_people_create(path, replace, &gallery->ledger->manifest, &exporter.file, error);
    for (size_t i = 0; status == FID_OK && i < ids.count; i++)
        status = export_person(&exporter, ids.ids[i], error);
    fid_ledger_rollback(gallery->ledger); /* nothing was written */
    *people = exporter.people;
    fid_free(ids.ids);
    fid_free(exporter.rows);
    fid_free(exporter.writer.bytes);
    if (status == FID_OK)
        return fid_people_publish(&exporter.file, error);
    fid_people_close(&exporter.file);
    return status;
}

/* ---- import ---- */

struct importer {
    struct fid_edit edit;
    bool replace;
    int64_t person;         /* that comes in; 0: none yet */
    struct fid_ids samples; /* of the person, in the file's order */
    size_t people;
};

enum fid_status fid_people_check(const char *path, size_t *people, struct fid_error *error)
{
    struct fid_people_file *file;
    struct fid_people_item item = {.kind = FID_KIND_PERSON};
    *people = 0;
    enum fid_status status = fid_people_open(path, &file, error);
    while (status == FID_OK && item.kind != FID_KIND_ROOT) {
        status = fid_people_next(file, &item, error);
        *people += status == FID_OK && item.kind == FID_KIND_PERSON;
    }
    fid_people_close(&file);
    return status;
}

static enum fid_status end_person(struct importer *importer, struct fid_error *error)
{
    if (importer->person == 0)
        return FID_OK;
    importer->people++;
    importer->samples.count = 0;
    return fid_edit_update_template(&importer->edit, importer->person, error);
}

/* The row of who comes in, or of who is there already and is to have what the file has. */
static enum fid_status begin_person(struct importer *importer, struct fid_person_record *record,
                                    struct fid_error *error)
{
    enum { KINDS = 1 << FID_KIND_SAMPLE | 1 << FID_KIND_CROP | 1 << FID_KIND_CONSENT };
    struct fid_edit *edit = &importer->edit;
    struct fid_person_record there;
    char key[FID_NAME_KEY_BYTES], own[FID_NAME_KEY_BYTES];
    int64_t id = 0;
    enum fid_status status = fid_name_key(record->name, key, error);
    if (status == FID_OK)
        status = fid_ledger_find(edit->ledger, key, &id, error);
    if (status == FID_OK && id != 0 && !importer->replace)
        return fid_fail(error, FID_EXISTS, "there is somebody called '%s' already", record->name);
    if (status == FID_OK && id == 0) {
        status = fid_edit_new_person(edit, &importer->person, error);
        return status == FID_OK ? fid_edit_put_person(edit, importer->person, record, error)
                                : status;
    }
    importer->person = id;
    if (status == FID_OK)
        status = fid_edit_delete_kinds(edit, id, KINDS, error);
    if (status == FID_OK)
        status = fid_edit_read_person(edit, id, &there, error);
    if (status == FID_OK) /* the column that a name is found by may be anybody's */
        status = fid_name_key(there.name, own, error);
    if (status != FID_OK)
        return status;
    if (strcmp(own, key) != 0)
        return fid_fail(error, FID_CORRUPT, "'%s' is found by another name", there.name);
    memcpy(there.created, record->created, sizeof there.created);
    memcpy(there.expires, record->expires, sizeof there.expires);
    return fid_edit_put_person(edit, id, &there, error);
}

static enum fid_status take_row(struct importer *importer, const struct fid_people_item *item,
                                struct fid_error *error)
{
    struct fid_edit *edit = &importer->edit;
    int64_t id;
    enum fid_status status = FID_OK;
    if (item->kind == FID_KIND_CROP)
        id = FID_SIBLING_ID(FID_KIND_CROP, importer->samples.ids[item->sample]);
    else
        status = fid_ledger_draw(edit->ledger, item->kind, importer->person, &id, error);
    if (status == FID_OK && item->kind == FID_KIND_SAMPLE && !fid_ids_add(&importer->samples, id))
        status = fid_fail(error, FID_NO_MEMORY, "no memory for the data of a person");
    return status == FID_OK
               ? fid_edit_put(edit, id, importer->person, NULL, item->content, item->size, error)
               : status;
}

static enum fid_status import_rows(struct importer *importer, struct fid_people_file *file,
                                   struct fid_error *error)
{
    struct fid_people_item item = {.kind = FID_KIND_PERSON};
    enum fid_status status = FID_OK;
    while (status == FID_OK && item.kind != FID_KIND_ROOT) {
        status = fid_people_next(file, &item, error);
        if (status == FID_OK && (item.kind == FID_KIND_PERSON || item.kind == FID_KIND_ROOT))
            status = end_person(importer, error);
        if (status == FID_OK && item.kind == FID_KIND_PERSON)
            status = begin_person(importer, &item.person, error);
        else if (status == FID_OK && item.kind != FID_KIND_ROOT)
            status = take_row(importer, &item, error);
    }
    return status;
}

/* The people of the gallery, if there are any, have to be of the file's model. */
static enum fid_status take_model(const struct fid_gallery *gallery, const char *path,
                                  const struct fid_manifest *of, struct fid_error *error)
{
    struct fid_manifest *to = &gallery->ledger->manifest;
    if (to->tallies[FID_KIND_PERSON].count == 0) {
        memcpy(to->model, of->model, sizeof of->model);
        memcpy(to->model_name, of->model_name, sizeof of->model_name);
        to->vector_size = of->vector_size;
        return FID_OK;
    }
    if (strcmp(to->model, of->model) == 0 && to->vector_size == of->vector_size)
        return FID_OK;
    return fid_fail(error, FID_MISMATCH,
                    "the people of %s were enrolled with the model %s (%.8s), those of %s with %s "
                    "(%.8s)",
                    path, of->model_name, of->model, gallery->path, to->model_name, to->model);
}

enum fid_status fid_gallery_import(struct fid_gallery *gallery, const char *path, bool replace,
                                   size_t *people, struct fid_error *error)
{
    struct importer importer = {.replace = replace};
    struct fid_people_file *file;
    *people = 0;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_people_open(path, &file, error);
    if (status != FID_OK)
        return status;
    status = fid_edit_begin(&importer.edit, gallery, "import", error);
    if (status == FID_OK) {
        status = take_model(gallery, path, fid_people_model(file), error);
        if (status == FID_OK)
            status = import_rows(&importer, file, error);
        status = fid_edit_end(&importer.edit, gallery, status, error);
    }
    *people = importer.people;
    fid_people_close(&file);
    fid_free(importer.samples.ids);
    return status;
}
