/* Changes of the gallery: each is one transaction of the store, and then the same change of the
 * mirror. */
#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "engine/face/embed/face_crop.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/gallery/prototypes.h"

#include <string.h>

#define SAMPLES_MAX 100000u /* of one person */

enum fid_status fid_gallery_writable(const struct fid_gallery *gallery, struct fid_error *error)
{
    if ((gallery->flags & FID_GALLERY_READ_ONLY) != 0 || gallery->store == NULL)
        return fid_fail(error, FID_INVALID, "the gallery %s was opened for reading", gallery->path);
    return FID_OK;
}

/* ---- the vectors that stand for a person ---- */

struct summary {     /* of `count` samples */
    float *samples;  /* [count][size], as the network gave them, then of length 1 */
    float *raw_mean; /* [size] */
    float *vectors;  /* [1 + FID_PROTOTYPES_MAX][size], the mean first */
    unsigned char *group;
    size_t count, vector_count;
};

static void free_summary(struct summary *summary)
{
    fid_free(summary->samples);
    fid_free(summary->raw_mean);
    fid_free(summary->vectors);
    fid_free(summary->group);
}

static enum fid_status read_samples(struct fid_store *store, int64_t id, size_t size,
                                    struct summary *summary, struct fid_error *error)
{
    size_t numbers, count;
    enum fid_status status =
        fid_store_read_samples(store, id, NULL, 0, size, &summary->count, error);
    if (status != FID_OK)
        return status;
    if (summary->count > SAMPLES_MAX)
        return fid_fail(error, FID_INVALID, "a person can have %u faces, and this would be %zu",
                        SAMPLES_MAX, summary->count);
    if (fid_size_mul(summary->count, size, &numbers)) {
        summary->samples = fid_calloc(numbers, sizeof(float));
        summary->raw_mean = fid_calloc(size, sizeof(float));
        summary->vectors = fid_calloc((1 + FID_PROTOTYPES_MAX) * size, sizeof(float));
        summary->group = fid_calloc(summary->count, 1);
    }
    if (summary->samples == NULL || summary->raw_mean == NULL || summary->vectors == NULL ||
        summary->group == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for %zu faces", summary->count);
    return fid_store_read_samples(store, id, summary->samples, summary->count, size, &count, error);
}

static enum fid_status summarise(struct summary *summary, size_t size, struct fid_error *error)
{
    fid_mean(summary->samples, summary->count, size, summary->raw_mean);
    for (size_t i = 0; i < summary->count; i++)
        if (!fid_normalise(summary->samples + i * size, size))
            return fid_fail(error, FID_INVALID, "face %zu has no direction", i + 1);
    summary->vector_count = fid_person_vectors(summary->samples, summary->count, size,
                                               summary->group, summary->vectors);
    if (summary->vector_count == 0)
        return fid_fail(error, FID_QUALITY, "the faces have nothing in common: not one person");
    return FID_OK;
}

static enum fid_status write_vectors(struct fid_store *store, int64_t id, size_t size,
                                     const struct summary *summary, struct fid_error *error)
{
    enum fid_status status = fid_store_delete_vectors(store, id, error);
    if (status == FID_OK)
        status = fid_store_add_vector(store, id, FID_VECTOR_MEAN, 0, summary->vectors, size, error);
    for (size_t i = 1; status == FID_OK && i < summary->vector_count; i++)
        status = fid_store_add_vector(store, id, FID_VECTOR_PROTOTYPE, i - 1,
                                      summary->vectors + i * size, size, error);
    if (status == FID_OK)
        status =
            fid_store_add_vector(store, id, FID_VECTOR_RAW_MEAN, 0, summary->raw_mean, size, error);
    return status;
}

enum fid_status fid_gallery_update_vectors(struct fid_store *store, int64_t id,
                                           struct fid_error *error)
{
    struct summary summary = {0};
    struct fid_store_model model;
    enum fid_status status = fid_store_read_model(store, &model, error);
    if (status == FID_OK)
        status = read_samples(store, id, model.size, &summary, error);
    if (status == FID_OK)
        status = summarise(&summary, model.size, error);
    if (status == FID_OK)
        status = write_vectors(store, id, model.size, &summary, error);
    free_summary(&summary);
    return status;
}

/* ---- enrolment ---- */

static enum fid_status check_samples(const struct fid_gallery *gallery,
                                     const struct fid_sample *samples, size_t count,
                                     struct fid_error *error)
{
    size_t size = gallery->model.size;
    if (gallery->model.id[0] == '\0')
        return fid_fail(error, FID_INVALID, "the gallery %s was opened without a model",
                        gallery->path);
    if (count == 0 || count > SAMPLES_MAX)
        return fid_fail(error, FID_INVALID, "%zu faces are no number to enrol", count);
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

/* The person of the name, made if there is none; without samples when they are to be replaced. */
static enum fid_status open_person(struct fid_gallery *gallery, const char *name, const char *key,
                                   bool replace, int64_t *id, struct fid_error *error)
{
    struct fid_store *store = gallery->store;
    enum fid_status status = fid_store_find(store, key, id, error);
    bool is_new = status == FID_OK && *id == 0;
    if (is_new)
        status = fid_store_add_person(store, name, key, id, error);
    if (status == FID_OK)
        status = fid_store_keep_person(store, *id, is_new, error);
    return status == FID_OK && replace ? fid_store_delete_samples(store, *id, error) : status;
}

enum fid_status fid_gallery_write_terms(struct fid_gallery *gallery, int64_t id,
                                        const struct fid_terms *terms, struct fid_error *error)
{
    enum fid_status status = FID_OK;
    if (terms != NULL && terms->consent != NULL)
        status = fid_store_add_consent(gallery->store, id, terms->consent, NULL, error);
    if (status == FID_OK && terms != NULL && terms->expires != NULL)
        status = fid_store_set_expires(gallery->store, id, terms->expires, error);
    return status;
}

/* The work of one enrolment, inside its transaction. */
static enum fid_status enroll(struct fid_gallery *gallery, const char *name, const char *key,
                              const struct fid_sample *samples, size_t count, bool replace,
                              const struct fid_terms *terms, int64_t *id, struct fid_error *error)
{
    enum fid_status status = fid_gallery_check_model(gallery, error);
    if (status == FID_OK)
        status = fid_store_write_model(gallery->store, &gallery->model, error);
    if (status == FID_OK)
        status = fid_store_begin_change(gallery->store, "enroll", error);
    if (status == FID_OK)
        status = open_person(gallery, name, key, replace, id, error);
    for (size_t i = 0; status == FID_OK && i < count; i++) {
        status = fid_store_add_sample(gallery->store, *id, samples[i].embedding,
                                      gallery->model.size, samples[i].source, NULL, error);
        if (status == FID_OK && samples[i].crop != NULL)
            status =
                fid_store_add_crop(gallery->store, samples[i].crop, samples[i].crop_size, error);
    }
    if (status == FID_OK)
        status = fid_gallery_write_terms(gallery, *id, terms, error);
    return status == FID_OK ? fid_gallery_update_vectors(gallery->store, *id, error) : status;
}

static enum fid_status name_and_key(const char *name, char checked[FID_NAME_BYTES],
                                    char key[FID_NAME_KEY_BYTES], struct fid_error *error)
{
    enum fid_status status = fid_name_check(name, checked, error);
    return status == FID_OK ? fid_name_key(checked, key, error) : status;
}

enum fid_status fid_gallery_enroll(struct fid_gallery *gallery, const char *name,
                                   const struct fid_sample *samples, size_t count, bool replace,
                                   struct fid_person *person, struct fid_error *error)
{
    return fid_gallery_enroll_with(gallery, name, samples, count, replace, NULL, person, error);
}

enum fid_status fid_gallery_enroll_with(struct fid_gallery *gallery, const char *name,
                                        const struct fid_sample *samples, size_t count,
                                        bool replace, const struct fid_terms *terms,
                                        struct fid_person *person, struct fid_error *error)
{
    char checked[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    int64_t id = 0;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = name_and_key(name, checked, key, error);
    if (status == FID_OK)
        status = check_samples(gallery, samples, count, error);
    if (status == FID_OK && terms != NULL)
        status = fid_terms_check(terms, error);
    if (status == FID_OK)
        status = fid_store_begin(gallery->store, true, error);
    if (status != FID_OK)
        return status;
    status = enroll(gallery, checked, key, samples, count, replace, terms, &id, error);
    status = fid_gallery_end_change(gallery, status, &id, 1, error);
    for (size_t i = 0; status == FID_OK && person != NULL && i < gallery->count; i++)
        if (gallery->people[i].info.id == id)
            *person = gallery->people[i].info;
    return status;
}

/* ---- ending a change, rename ---- */

enum fid_status fid_gallery_end_change(struct fid_gallery *gallery, enum fid_status status,
                                       const int64_t *ids, size_t count, struct fid_error *error)
{
    if (status == FID_OK)
        status = fid_store_commit(gallery->store, error);
    if (status != FID_OK)
        fid_store_rollback(gallery->store);
    for (size_t i = 0; status == FID_OK && i < count; i++)
        status = fid_gallery_reread(gallery, ids[i], error);
    return status;
}

enum fid_status fid_gallery_find(struct fid_gallery *gallery, const char *name, int64_t *id,
                                 struct fid_error *error)
{
    char checked[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    enum fid_status status = name_and_key(name, checked, key, error);
    *id = 0;
    if (status == FID_OK && gallery->store != NULL)
        status = fid_store_find(gallery->store, key, id, error);
    if (status == FID_OK && *id == 0)
        return fid_fail(error, FID_NOT_FOUND, "there is nobody called '%s' in the gallery %s",
                        checked, gallery->path);
    return status;
}

static enum fid_status rename_in_store(struct fid_gallery *gallery, const char *name,
                                       const char *new_name, int64_t *id, struct fid_error *error)
{
    char checked[FID_NAME_BYTES], key[FID_NAME_KEY_BYTES];
    int64_t other = 0;
    enum fid_status status = name_and_key(new_name, checked, key, error);
    if (status == FID_OK)
        status = fid_gallery_find(gallery, name, id, error);
    if (status == FID_OK)
        status = fid_store_find(gallery->store, key, &other, error);
    if (status != FID_OK)
        return status;
    if (other != 0 && other != *id)
        return fid_fail(error, FID_EXISTS, "there is somebody called '%s' already", checked);
    struct fid_store_person person;
    status = fid_store_read_person(gallery->store, *id, &person, error);
    if (status != FID_OK || strcmp(person.name, checked) == 0)
        return status; /* no change, which undo would take for the last one */
    status = fid_store_begin_change(gallery->store, "rename", error);
    if (status == FID_OK)
        status = fid_store_keep_person(gallery->store, *id, false, error);
    return status == FID_OK ? fid_store_rename_person(gallery->store, *id, checked, key, error)
                            : status;
}

enum fid_status fid_gallery_rename(struct fid_gallery *gallery, const char *name,
                                   const char *new_name, struct fid_error *error)
{
    int64_t id = 0;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_store_begin(gallery->store, true, error);
    if (status != FID_OK)
        return status;
    status = rename_in_store(gallery, name, new_name, &id, error);
    return fid_gallery_end_change(gallery, status, &id, 1, error);
}
