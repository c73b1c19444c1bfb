/* People out of a gallery into a file, and back: people_file.h. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/gallery/people_file.h"
#include "engine/fid/keeping.h"

#include <string.h>

/* ---- export ---- */

struct exporter {
    struct fid_people_file *file;
    struct fid_gallery *gallery;
    struct fid_store_model model;
    enum fid_status status;
    struct fid_error *error;
};

static enum fid_status nobody(const struct fid_gallery *gallery, struct fid_error *error)
{
    return fid_fail(error, FID_NOT_FOUND, "nobody is enrolled in the gallery %s", gallery->path);
}

static enum fid_status export_sample(void *ctx, const struct fid_store_sample *sample,
                                     struct fid_error *error)
{
    struct exporter *exporter = ctx;
    const struct fid_people_item item = {
        .created = sample->created, .text = sample->source, .embedding = sample->embedding};
    const struct fid_people_item crop = {.crop = sample->crop, .crop_size = sample->crop_size};
    enum fid_status status = fid_people_write(exporter->file, FID_PEOPLE_SAMPLE, &item, error);
    return status == FID_OK && sample->crop != NULL
               ? fid_people_write(exporter->file, FID_PEOPLE_CROP, &crop, error)
               : status;
}

static bool export_consent(void *ctx, const char *text, const char *time)
{
    struct exporter *exporter = ctx;
    const struct fid_people_item item = {.created = time, .text = text};
    exporter->status = fid_people_write(exporter->file, FID_PEOPLE_CONSENT, &item, exporter->error);
    return exporter->status == FID_OK;
}

static enum fid_status export_person(struct exporter *exporter, int64_t id)
{
    struct fid_store *store = exporter->gallery->store;
    struct fid_store_person person;
    enum fid_status status = fid_store_read_person(store, id, &person, exporter->error);
    const struct fid_people_item item = {
        .created = person.created, .text = person.name, .expires = person.expires};
    if (status == FID_OK)
        status = fid_people_write(exporter->file, FID_PEOPLE_PERSON, &item, exporter->error);
    if (status == FID_OK)
        status = fid_store_each_consent(store, id, export_consent, exporter, exporter->error);
    if (exporter->status != FID_OK)
        return exporter->status;
    return status == FID_OK ? fid_store_each_whole_sample(store, id, exporter->model.size,
                                                          export_sample, exporter, exporter->error)
                            : status;
}

struct ids {
    int64_t *ids; /* owned */
    size_t count, capacity;
};

static enum fid_status take_id(void *ctx, const struct fid_person *person, const char *key,
                               size_t vector_count, struct fid_error *error)
{
    struct ids *ids = ctx;
    (void)key, (void)vector_count, (void)error;
    if (ids->count < ids->capacity)
        ids->ids[ids->count++] = person->id;
    return FID_OK;
}

/* Whoever is in the snapshot, which need not be who was there when the gallery was read. */
static enum fid_status list_everybody(struct exporter *exporter, struct ids *ids)
{
    struct fid_gallery *gallery = exporter->gallery;
    const struct fid_store_reader reader = {ids, take_id, NULL};
    enum fid_status status = fid_store_count(gallery->store, &ids->capacity, exporter->error);
    if (status == FID_OK && ids->capacity == 0)
        status = nobody(gallery, exporter->error);
    if (status != FID_OK)
        return status;
    ids->ids = fid_calloc(ids->capacity, sizeof *ids->ids);
    return ids->ids != NULL ? fid_store_read_people(gallery->store, 0, 0, &reader, exporter->error)
                            : fid_fail(exporter->error, FID_NO_MEMORY, "no memory for %zu people",
                                       ids->capacity);
}

static bool has(const struct ids *ids, int64_t id)
{
    for (size_t i = 0; i < ids->count; i++)
        if (ids->ids[i] == id)
            return true;
    return false;
}

/* Those of the names, or all. */
static enum fid_status list_people(struct exporter *exporter, char *const *names, size_t count,
                                   struct ids *ids)
{
    enum fid_status status = FID_OK;
    if (count == 0)
        return list_everybody(exporter, ids);
    ids->ids = fid_calloc(count, sizeof *ids->ids);
    if (ids->ids == NULL)
        return fid_fail(exporter->error, FID_NO_MEMORY, "no memory for %zu people", count);
    for (size_t i = 0; status == FID_OK && i < count; i++) {
        int64_t id = 0;
        status = fid_gallery_find(exporter->gallery, names[i], &id, exporter->error);
        if (status == FID_OK && !has(ids, id)) /* an import takes nobody twice */
            ids->ids[ids->count++] = id;
    }
    return status;
}

/* In one snapshot, which is the caller's. */
static enum fid_status export_people(struct exporter *exporter, const char *path, bool replace,
                                     const struct ids *ids)
{
    enum fid_status status =
        fid_store_read_model(exporter->gallery->store, &exporter->model, exporter->error);
    if (status == FID_OK)
        status =
            fid_people_create(path, replace, &exporter->model, &exporter->file, exporter->error);
    for (size_t i = 0; status == FID_OK && i < ids->count; i++)
        status = export_person(exporter, ids->ids[i]);
    return status;
}

enum fid_status fid_gallery_export(struct fid_gallery *gallery, const char *path, bool replace,
                                   char *const *names, size_t count, size_t *people,
                                   struct fid_error *error)
{
    struct exporter exporter = {.gallery = gallery, .error = error};
    struct ids ids = {0};
    *people = 0;
    enum fid_status status = fid_gallery_refresh(gallery, NULL, error);
    if (status == FID_OK && gallery->count == 0)
        return nobody(gallery, error);
    if (status == FID_OK)
        status = fid_store_not_own(gallery->store, path, error);
    if (status == FID_OK)
        status = fid_store_begin(gallery->store, false, error);
    if (status != FID_OK)
        return status;
    status = list_people(&exporter, names, count, &ids);
    if (status == FID_OK)
        status = export_people(&exporter, path, replace, &ids);
    fid_store_rollback(gallery->store); /* nothing was written */
    *people = ids.count;
    fid_free(ids.ids);
    if (status == FID_OK)
        return fid_people_publish(&exporter.file, error);
    fid_people_close(&exporter.file);
    return status;
}

/* ---- import ---- */

struct importer {
    struct fid_gallery *gallery;
    bool replace;
    int64_t id; /* of the person that comes in; 0: none yet */
    size_t people;
};

enum fid_status fid_people_check(const char *path, size_t *people, struct fid_error *error)
{
    struct fid_people_file *file;
    struct fid_people_item item;
    struct fid_store_model model;
    enum fid_people_record record = FID_PEOPLE_CONSENT;
    size_t samples = 1;
    *people = 0;
    enum fid_status status = fid_people_open(path, &file, &model, error);
    while (status == FID_OK && record != FID_PEOPLE_END) {
        status = fid_people_next(file, &record, &item, error);
        bool begins = status == FID_OK && (record == FID_PEOPLE_PERSON || record == FID_PEOPLE_END);
        if (begins && samples == 0)
            status = fid_fail(error, FID_CORRUPT, "%s has a person without a face", path);
        samples = begins ? 0 : samples + (size_t)(record == FID_PEOPLE_SAMPLE);
        *people += record == FID_PEOPLE_PERSON;
    }
    fid_people_close(&file);
    return status;
}

static enum fid_status end_person(struct importer *importer, struct fid_error *error)
{
    if (importer->id == 0)
        return FID_OK;
    importer->people++;
    return fid_gallery_update_vectors(importer->gallery->store, importer->id, error);
}

static enum fid_status begin_person(struct importer *importer, const struct fid_people_item *item,
                                    struct fid_error *error)
{
    struct fid_store *store = importer->gallery->store;
    char key[FID_NAME_KEY_BYTES];
    int64_t id = 0;
    enum fid_status status = fid_name_key(item->text, key, error);
    if (status == FID_OK)
        status = fid_store_find(store, key, &id, error);
    bool is_new = id == 0;
    if (status == FID_OK && !is_new && !importer->replace)
        return fid_fail(error, FID_EXISTS, "there is somebody called '%s' already", item->text);
    if (status == FID_OK && is_new)
        status = fid_store_add_person(store, item->text, key, &id, error);
    if (status == FID_OK)
        status = fid_store_keep_person(store, id, is_new, error);
    if (status == FID_OK && !is_new)
        status = fid_store_delete_samples(store, id, error);
    if (status == FID_OK && !is_new) /* the file has them */
        status = fid_store_delete_consents(store, id, error);
    if (status == FID_OK)
        status = fid_store_set_created(store, id, item->created, error);
    if (status == FID_OK)
        status = fid_store_set_expires(store, id, item->expires, error);
    importer->id = id;
    return status;
}

static enum fid_status take_record(struct importer *importer, enum fid_people_record record,
                                   const struct fid_people_item *item, size_t size,
                                   struct fid_error *error)
{
    struct fid_store *store = importer->gallery->store;
    enum fid_status status;
    switch (record) {
    case FID_PEOPLE_PERSON:
        status = end_person(importer, error);
        return status == FID_OK ? begin_person(importer, item, error) : status;
    case FID_PEOPLE_CONSENT:
        return fid_store_add_consent(store, importer->id, item->text, item->created, error);
    case FID_PEOPLE_SAMPLE:
        return fid_store_add_sample(store, importer->id, item->embedding, size, item->text,
                                    item->created, error);
    case FID_PEOPLE_CROP:
        return fid_store_add_crop(store, item->crop, item->crop_size, error);
    case FID_PEOPLE_END:
        return end_person(importer, error);
    }
    return fid_fail(error, FID_INTERNAL, "a record of no kind");
}

/* The people of the gallery, if there are any, must be of the file's model. */
static enum fid_status take_model(struct fid_gallery *gallery, const char *path,
                                  const struct fid_store_model *model, struct fid_error *error)
{
    struct fid_store_model found;
    size_t people = 0;
    enum fid_status status = fid_store_read_model(gallery->store, &found, error);
    if (status == FID_OK)
        status = fid_store_count(gallery->store, &people, error);
    if (status != FID_OK)
        return status;
    if (people == 0)
        return fid_store_write_model(gallery->store, model, error);
    if (strcmp(found.id, model->id) == 0 && found.size == model->size)
        return FID_OK;
    return fid_fail(error, FID_MISMATCH,
                    "the people of %s were enrolled with the model %s (%.8s), those of %s with %s "
                    "(%.8s)",
                    path, model->name, model->id, gallery->path, found.name, found.id);
}

static enum fid_status import_people(struct importer *importer, const char *path,
                                     struct fid_error *error)
{
    struct fid_people_file *file;
    struct fid_people_item item;
    struct fid_store_model model;
    enum fid_people_record record = FID_PEOPLE_CONSENT;
    enum fid_status status = fid_people_open(path, &file, &model, error);
    if (status == FID_OK)
        status = take_model(importer->gallery, path, &model, error);
    if (status == FID_OK)
        status = fid_store_begin_change(importer->gallery->store, "import", error);
    while (status == FID_OK && record != FID_PEOPLE_END) {
        status = fid_people_next(file, &record, &item, error);
        if (status == FID_OK)
            status = take_record(importer, record, &item, model.size, error);
    }
    fid_people_close(&file);
    return status;
}

enum fid_status fid_gallery_import(struct fid_gallery *gallery, const char *path, bool replace,
                                   size_t *people, struct fid_error *error)
{
    struct importer importer = {.gallery = gallery, .replace = replace};
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_store_begin(gallery->store, true, error);
    if (status != FID_OK)
        return status;
    status = import_people(&importer, path, error);
    *people = importer.people;
    status = fid_gallery_end_change(gallery, status, NULL, 0, error);
    return status == FID_OK ? fid_gallery_reread_all(gallery, error) : status;
}
