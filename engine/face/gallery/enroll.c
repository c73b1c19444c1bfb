/* Enrolling, other terms, renaming, taking a face out: each is one change of the gallery. */
#include "engine/base/memory.h"
#include "engine/face/embed/face_crop.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/gallery/prototypes.h"

#include <string.h>

/* ---- enrollment ---- */

static enum fid_status check_samples(const struct fid_gallery *gallery,
                                     const struct fid_sample *samples, size_t count,
                                     struct fid_error *error)
{
    size_t size = gallery->model.size;
    if (gallery->model.id[0] == '\0')
        return fid_fail(error, FID_INVALID, "the gallery %s was opened without a model",
                        gallery->path);
    if (count == 0 || count > FID_SAMPLES_MOST)
        return fid_fail(error, FID_INVALID, "%zu faces are no number to enroll", count);
    for (size_t i = 0; i < count; i++) {
        if (samples[i].source == NULL)
            return fid_fail(error, FID_INVALID, "face %zu does not say where it came from", i + 1);
        if (samples[i].crop != NULL && !fid_face_crop_check(samples[i].crop, samples[i].crop_size))
            return fid_fail(error, FID_INVALID,
                            "the crop of %.200s is not one that fid_face_crop_encode made",
                            samples[i].source);
    }
    float *copy = fid_calloc(size, sizeof *copy);
    if (copy == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for a vector");
    size_t i = 0;
    for (; i < count; i++) {
        memcpy(copy, samples[i].embedding, size * sizeof *copy);
        if (!fid_normalise(copy, size))
            break;
    }
    fid_free(copy);
    if (i < count)
        return fid_fail(error, FID_INVALID, "the face of %.200s gave no usable vector",
                        samples[i].source);
    return FID_OK;
}

/* The model of the gallery is that of the first person. */
static void write_model(struct fid_gallery *gallery)
{
    struct fid_manifest *manifest = &gallery->ledger->manifest;
    memcpy(manifest->model, gallery->model.id, sizeof manifest->model);
    memcpy(manifest->model_name, gallery->model.name, sizeof manifest->model_name);
    manifest->vector_size = (uint32_t)gallery->model.size;
}

/* The person of the name, made if there is none; without samples when they are to be replaced. */
static enum fid_status open_person(struct fid_edit *edit, const struct fid_gallery *gallery,
                                   const char *name, const char *key, bool replace, int64_t *id,
                                   struct fid_error *error)
{
    bool found;
    size_t at = fid_gallery_place(gallery, key, &found);
    if (found) {
        *id = FID_PERSON_ROW(gallery->people[at].info.id);
        return replace ? fid_edit_delete_kinds(edit, *id,
                                               1u << FID_KIND_SAMPLE | 1u << FID_KIND_CROP, error)
                       : FID_OK;
    }
    struct fid_person_record record = {.was = NULL};
    memcpy(record.name, name, strlen(name));
    fid_now(record.created);
    enum fid_status status = fid_edit_new_person(edit, id, error);
    return status == FID_OK ? fid_edit_put_person(edit, *id, &record, error) : status;
}

static enum fid_status enroll(struct fid_edit *edit, int64_t person,
                              const struct fid_sample *samples, size_t count,
                              const struct fid_terms *terms, struct fid_error *error)
{
    struct fid_kept kept = {0};
    enum fid_status status = fid_kept_read(edit->ledger, person, &kept, error);
    for (size_t i = 0; status == FID_OK && i < count; i++)
        status = fid_edit_add_sample(edit, person, kept.next_order + (uint32_t)i, &samples[i], NULL,
                                     error);
    if (status == FID_OK)
        status = fid_edit_write_terms(edit, person, terms, kept.next_consent, error);
    fid_kept_free(&kept);
    return status == FID_OK ? fid_edit_update_template(edit, person, error) : status;
}

enum fid_status fid_gallery_enroll(struct fid_gallery *gallery, const char *name,
                                   const struct fid_sample *samples, size_t count, bool replace,
                                   const struct fid_terms *terms, struct fid_person *person,
                                   struct fid_error *error)
{
    char checked[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    struct fid_edit edit;
    int64_t id = 0;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_gallery_name(name, checked, key, error);
    if (status == FID_OK)
        status = check_samples(gallery, samples, count, error);
    if (status == FID_OK)
        status = fid_terms_check(terms, error);
    if (status == FID_OK)
        status = fid_edit_begin(&edit, gallery, "enroll", error);
    if (status != FID_OK)
        return status;
    status = fid_gallery_check_model(gallery, error);
    if (status == FID_OK) {
        write_model(gallery);
        status = open_person(&edit, gallery, checked, key, replace, &id, error);
    }
    if (status == FID_OK)
        status = enroll(&edit, id, samples, count, terms, error);
    status = fid_edit_end(&edit, gallery, status, error);
    if (status == FID_OK && person != NULL)
        *person = fid_gallery_by_id(gallery, id)->info;
    return status;
}

/* ---- other terms, another name ---- */

enum fid_status fid_gallery_set_terms(struct fid_gallery *gallery, const char *name,
                                      const struct fid_terms *terms, struct fid_error *error)
{
    struct fid_edit edit;
    struct fid_kept kept = {0};
    int64_t id = 0;
    enum fid_status status = fid_terms_check(terms, error);
    if (status == FID_OK)
        status = fid_edit_begin(&edit, gallery, "terms", error);
    if (status != FID_OK)
        return status;
    status = fid_gallery_find(gallery, name, &id, error);
    if (status == FID_OK)
        status = fid_kept_read(edit.ledger, id, &kept, error);
    if (status == FID_OK)
        status = fid_edit_write_terms(&edit, id, terms, kept.next_consent, error);
    fid_kept_free(&kept);
    return fid_edit_end(&edit, gallery, status, error);
}

static enum fid_status rename_person(struct fid_edit *edit, const struct fid_gallery *gallery,
                                     const char *name, const char *new_name,
                                     struct fid_error *error)
{
    char checked[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    struct fid_person_record record;
    int64_t id = 0;
    bool found;
    enum fid_status status = fid_gallery_name(new_name, checked, key, error);
    if (status == FID_OK)
        status = fid_gallery_find(gallery, name, &id, error);
    if (status != FID_OK)
        return status;
    size_t at = fid_gallery_place(gallery, key, &found);
    if (found && FID_PERSON_ROW(gallery->people[at].info.id) != id)
        return fid_fail(error, FID_EXISTS, "there is somebody called '%s' already", checked);
    status = fid_edit_read_person(edit, id, &record, error);
    if (status != FID_OK || strcmp(record.name, checked) == 0)
        return status; /* no change, which undo would take for the last one */
    memset(record.name, 0, sizeof record.name);
    memcpy(record.name, checked, strlen(checked));
    return fid_edit_put_person(edit, id, &record, error);
}

enum fid_status fid_gallery_rename(struct fid_gallery *gallery, const char *name,
                                   const char *new_name, struct fid_error *error)
{
    struct fid_edit edit;
    enum fid_status status = fid_edit_begin(&edit, gallery, "rename", error);
    if (status != FID_OK)
        return status;
    status = rename_person(&edit, gallery, name, new_name, error);
    return fid_edit_end(&edit, gallery, status, error);
}

/* ---- taking a face out ---- */

static enum fid_status remove_sample(struct fid_edit *edit, const struct fid_gallery *gallery,
                                     const char *name, int64_t sample, struct fid_error *error)
{
    struct fid_kept kept = {0};
    int64_t person, id = 0;
    enum fid_status status = fid_gallery_find(gallery, name, &person, error);
    if (status == FID_OK)
        status = fid_kept_read(edit->ledger, person, &kept, error);
    if (status == FID_OK && fid_kept_find(&kept, sample, &id) != FID_OK)
        status = fid_fail(error, FID_NOT_FOUND, "'%s' has no face %lld", name, (long long)sample);
    if (status == FID_OK && kept.count == 1)
        status = fid_fail(error, FID_INVALID, "it is the only face of '%s'", name);
    if (status == FID_OK)
        status = fid_edit_delete(edit, id, person, error);
    for (size_t i = 0; status == FID_OK && i < kept.count; i++)
        if (kept.samples[i].id == id && kept.samples[i].has_crop)
            status = fid_edit_delete(edit, FID_SIBLING_ID(FID_KIND_CROP, id), person, error);
    fid_kept_free(&kept);
    return status == FID_OK ? fid_edit_update_template(edit, person, error) : status;
}

enum fid_status fid_gallery_remove_sample(struct fid_gallery *gallery, const char *name,
                                          int64_t sample, struct fid_error *error)
{
    struct fid_edit edit;
    enum fid_status status = fid_edit_begin(&edit, gallery, "remove", error);
    if (status != FID_OK)
        return status;
    status = remove_sample(&edit, gallery, name, sample, error);
    return fid_edit_end(&edit, gallery, status, error);
}
