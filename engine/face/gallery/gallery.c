#include "engine/face/gallery/gallery.h"

#include "engine/base/memory.h"
#include "engine/base/size.h"
#include "kernels/kernels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* No version of the store: the next refresh reads everything. */
#define VERSION_UNKNOWN (-1)

/* ---- the mirror ---- */

static void free_person(struct fid_gallery_person *person)
{
    fid_free(person->key);
    fid_free(person->vectors);
    fid_free(person->codes);
    *person = (struct fid_gallery_person){0};
}

static void free_people(struct fid_gallery_person *people, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free_person(&people[i]);
    fid_free(people);
}

/* Index of the person from `at` on, count if there is none. */
static size_t find_id(const struct fid_gallery *gallery, size_t at, int64_t id)
{
    while (at < gallery->count && gallery->people[at].info.id != id)
        at++;
    return at;
}

void fid_gallery_drop(struct fid_gallery *gallery, int64_t id)
{
    size_t at = find_id(gallery, 0, id);
    if (at == gallery->count)
        return;
    free_person(&gallery->people[at]);
    gallery->count--;
    memmove(&gallery->people[at], &gallery->people[at + 1],
            (gallery->count - at) * sizeof *gallery->people);
}

static bool grow(struct fid_gallery *gallery)
{
    if (gallery->count < gallery->capacity)
        return true;
    size_t capacity = gallery->capacity == 0 ? 16 : 2 * gallery->capacity;
    struct fid_gallery_person *people = fid_calloc(capacity, sizeof *people);
    if (people == NULL)
        return false;
    if (gallery->count > 0)
        memcpy(people, gallery->people, gallery->count * sizeof *people);
    fid_free(gallery->people);
    gallery->people = people;
    gallery->capacity = capacity;
    return true;
}

struct mirror_reader {
    struct fid_gallery *gallery;
    size_t at; /* the person whose vectors are coming: they come in the order of people */
};

static enum fid_status incomplete(const struct fid_gallery *gallery, const char *name,
                                  struct fid_error *error)
{
    return fid_fail(error, FID_CORRUPT,
                    "the data of '%s' in the gallery %s are incomplete: " FID_STORE_WAY_BACK, name,
                    gallery->path);
}

/* Reader: room for a person at its place in the order of keys. */
static enum fid_status take_person(void *ctx, const struct fid_person *info, const char *key,
                                   size_t vector_count, struct fid_error *error)
{
    struct fid_gallery *gallery = ((struct mirror_reader *)ctx)->gallery;
    struct fid_gallery_person person = {.info = *info, .key = fid_strdup(key)};
    size_t size = gallery->model.size, numbers;
    bool with_vectors = gallery->model.id[0] != '\0';
    if (with_vectors && (info->prototype_count < 1 || vector_count != info->prototype_count + 1)) {
        free_person(&person);
        return incomplete(gallery, info->name, error);
    }
    if (with_vectors && fid_size_mul(vector_count, size, &numbers))
        person.vectors = fid_calloc(numbers, sizeof *person.vectors);
    if (person.key == NULL || (with_vectors && person.vectors == NULL) || !grow(gallery)) {
        free_person(&person);
        return fid_fail(error, FID_NO_MEMORY, "no memory for the people of %s", gallery->path);
    }
    if (with_vectors)
        person.raw_mean = person.vectors + info->prototype_count * size;
    size_t at = gallery->count;
    while (at > 0 && strcmp(gallery->people[at - 1].key, key) > 0)
        at--;
    memmove(&gallery->people[at + 1], &gallery->people[at], (gallery->count - at) * sizeof person);
    gallery->people[at] = person;
    gallery->count++;
    return FID_OK;
}

/* Reader: the next vector of its person; kinds come in the order of their numbers. */
static enum fid_status take_vector(void *ctx, int64_t id, enum fid_vector_kind kind,
                                   const float *vector, struct fid_error *error)
{
    struct mirror_reader *reader = ctx;
    struct fid_gallery *gallery = reader->gallery;
    size_t size = gallery->model.size;
    reader->at = find_id(gallery, reader->at, id);
    if (reader->at == gallery->count)
        return fid_fail(error, FID_CORRUPT, "the gallery %s is damaged: vectors of nobody",
                        gallery->path);
    struct fid_gallery_person *person = &gallery->people[reader->at];
    size_t at = person->vector_count++, last = person->info.prototype_count;
    enum fid_vector_kind expected = FID_VECTOR_PROTOTYPE;
    if (at == 0)
        expected = FID_VECTOR_MEAN;
    else if (at == last)
        expected = FID_VECTOR_RAW_MEAN;
    if (at > last || kind != expected)
        return incomplete(gallery, person->info.name, error);
    memcpy(person->vectors + at * size, vector, size * sizeof *vector);
    return FID_OK;
}

/* ---- reading ---- */

enum fid_status fid_gallery_check_people(const struct fid_gallery *gallery, struct fid_error *error)
{
    struct fid_store_model found;
    size_t people = 0, with_crops = 0;
    enum fid_status status = fid_store_read_model(gallery->store, &found, error);
    if (status == FID_OK)
        status = fid_store_count(gallery->store, &people, error);
    const bool other = status == FID_OK && strcmp(found.id, gallery->model.id) != 0;
    if (other)
        status = fid_store_count_crops(gallery->store, &with_crops, error);
    if (status != FID_OK || people == 0)
        return status;
    if (other && with_crops == 0)
        return fid_fail(error, FID_MISMATCH,
                        "the people of %s were enrolled with the model %s (%.8s), not with %s "
                        "(%.8s): choose that model, or another gallery and enrol again",
                        gallery->path, found.name, found.id, gallery->model.name,
                        gallery->model.id);
    if (other)
        return fid_fail(error, FID_MISMATCH,
                        "the people of %s were enrolled with the model %s (%.8s), not with %s "
                        "(%.8s): choose that model, or go over to this one (faceid reembed) with "
                        "the crops that %zu of %zu people have",
                        gallery->path, found.name, found.id, gallery->model.name, gallery->model.id,
                        with_crops, people);
    if (found.size != gallery->model.size)
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is damaged: vectors of %zu numbers, not %zu", gallery->path,
                        found.size, gallery->model.size);
    return FID_OK;
}

/* Scores of another model mean something else. */
static enum fid_status check_calibration(struct fid_gallery *gallery, struct fid_error *error)
{
    struct fid_store_calibration found;
    enum fid_status status = fid_store_read_calibration(gallery->store, &found, error);
    if (status != FID_OK)
        return status;
    if (found.model.id[0] != '\0' && strcmp(found.model.id, gallery->model.id) != 0)
        return fid_fail(error, FID_MISMATCH,
                        "the limit in %s was calibrated for the model %s (%.8s), not for %s "
                        "(%.8s): choose that model, or take the limit back (faceid calibrate "
                        "--reset)",
                        gallery->path, found.model.name, found.model.id, gallery->model.name,
                        gallery->model.id);
    gallery->calibration = found;
    return FID_OK;
}

enum fid_status fid_gallery_check_model(struct fid_gallery *gallery, struct fid_error *error)
{
    if (gallery->model.id[0] == '\0')
        return FID_OK;
    enum fid_status status = fid_gallery_check_people(gallery, error);
    return status == FID_OK ? check_calibration(gallery, error) : status;
}

/* Reads the person (0: all) in one snapshot into the mirror, which no longer has them. */
static enum fid_status read_snapshot(struct fid_gallery *gallery, int64_t id,
                                     struct fid_error *error)
{
    struct mirror_reader mirror = {gallery, 0};
    struct fid_store_reader reader = {&mirror, take_person, take_vector};
    if (gallery->model.id[0] == '\0')
        reader.vector = NULL;
    enum fid_status status = fid_store_begin(gallery->store, false, error);
    if (status == FID_OK && id == 0)
        status = fid_store_version(gallery->store, &gallery->version, error);
    if (status == FID_OK)
        status = fid_gallery_check_model(gallery, error);
    if (status == FID_OK)
        status = fid_store_read_people(gallery->store, id, gallery->model.size, &reader, error);
    fid_store_rollback(gallery->store); /* nothing was written */
    if (status != FID_OK)
        gallery->version = VERSION_UNKNOWN;
    fid_gallery_expire(gallery);
    fid_gallery_encode(gallery);
    return status;
}

/* Reads everybody; the old mirror stays when that fails. */
static enum fid_status read_all(struct fid_gallery *gallery, struct fid_error *error)
{
    struct fid_gallery before = *gallery;
    gallery->people = NULL;
    gallery->count = gallery->capacity = 0;
    enum fid_status status = read_snapshot(gallery, 0, error);
    if (status == FID_OK) {
        free_people(before.people, before.count);
        return FID_OK;
    }
    free_people(gallery->people, gallery->count);
    gallery->people = before.people;
    gallery->count = before.count;
    gallery->capacity = before.capacity;
    return status;
}

enum fid_status fid_gallery_reread_all(struct fid_gallery *gallery, struct fid_error *error)
{
    return read_all(gallery, error);
}

enum fid_status fid_gallery_reread(struct fid_gallery *gallery, int64_t id, struct fid_error *error)
{
    fid_gallery_drop(gallery, id);
    return read_snapshot(gallery, id, error);
}

enum fid_status fid_gallery_open_for(const char *path, const struct fid_store_model *model,
                                     struct fid_secret *secret, unsigned flags,
                                     struct fid_gallery **gallery, struct fid_error *error)
{
    struct fid_gallery *made = fid_calloc(1, sizeof *made);
    enum fid_status status = FID_OK;
    *gallery = NULL;
    if (made != NULL) {
        made->kernels = fid_kernels_best();
        made->path = fid_strdup(path);
    }
    if (made == NULL || made->path == NULL) {
        status = fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", path);
        goto fail;
    }
    made->flags = flags;
    made->secret = secret;
    made->model = *model;
    status = fid_store_open(path, flags, secret, &made->store, error);
    if (status == FID_OK && made->store != NULL)
        status = read_all(made, error);
    if (status != FID_OK)
        goto fail;
    *gallery = made;
    return FID_OK;
fail:
    fid_gallery_close(&made);
    return status;
}

enum fid_status fid_gallery_describe(const struct fid_model *model,
                                     struct fid_store_model *described, struct fid_error *error)
{
    struct fid_model_info info;
    struct fid_value output;
    *described = (struct fid_store_model){0};
    if (model == NULL)
        return FID_OK;
    fid_model_info(model, &info);
    if (strcmp(info.kind, "recognizer") != 0)
        return fid_fail(error, FID_INVALID, "%s is a %s, and a gallery needs a recognizer",
                        info.path, info.kind);
    enum fid_status status =
        fid_model_output(model, NULL, fid_model_text(model, "embed.output"), &output, error);
    if (status != FID_OK)
        return status;
    memcpy(described->id, info.id, sizeof described->id);
    snprintf(described->name, sizeof described->name, "%s", info.name);
    described->size = (size_t)output.h * (size_t)output.w * (size_t)output.c;
    return FID_OK;
}

enum fid_status fid_gallery_open_sealed(const char *path, const struct fid_model *model,
                                        struct fid_secret *secret, unsigned flags,
                                        struct fid_gallery **gallery, struct fid_error *error)
{
    struct fid_store_model described;
    *gallery = NULL;
    enum fid_status status = fid_gallery_describe(model, &described, error);
    return status == FID_OK ? fid_gallery_open_for(path, &described, secret, flags, gallery, error)
                            : status;
}

enum fid_status fid_gallery_open(const char *path, const struct fid_model *model, unsigned flags,
                                 struct fid_gallery **gallery, struct fid_error *error)
{
    return fid_gallery_open_sealed(path, model, NULL, flags, gallery, error);
}

void fid_gallery_close(struct fid_gallery **gallery)
{
    if (*gallery == NULL)
        return;
    fid_store_close(&(*gallery)->store);
    free_people((*gallery)->people, (*gallery)->count);
    fid_free((*gallery)->path);
    fid_free(*gallery);
    *gallery = NULL;
}

/* What was read of a file that is gone; returns whether there was anything. */
static bool drop_all(struct fid_gallery *gallery)
{
    const bool was = gallery->count > 0 || gallery->calibration.model.id[0] != '\0';
    free_people(gallery->people, gallery->count);
    gallery->people = NULL;
    gallery->count = gallery->capacity = 0;
    gallery->calibration = (struct fid_store_calibration){0};
    return was;
}

enum fid_status fid_gallery_refresh(struct fid_gallery *gallery, bool *changed,
                                    struct fid_error *error)
{
    int64_t version = 0;
    enum fid_status status = FID_OK;
    if (changed != NULL)
        *changed = false;
    if (gallery->store != NULL && (gallery->flags & FID_GALLERY_READ_ONLY) != 0 &&
        fid_store_is_moved(gallery->store)) /* sealed meanwhile, or a backup put in its place */
        fid_store_close(&gallery->store);
    if (gallery->store == NULL) { /* only reading, and there was no file: is there one now? */
        status =
            fid_store_open(gallery->path, gallery->flags, gallery->secret, &gallery->store, error);
        gallery->version = VERSION_UNKNOWN;
        const bool gone = status == FID_OK ? gallery->store == NULL
                                           : access(gallery->path, F_OK) != 0 && errno == ENOENT;
        if (gone && drop_all(gallery) && changed != NULL)
            *changed = true;
        if (status != FID_OK || gallery->store == NULL)
            return status;
    }
    status = fid_store_version(gallery->store, &version, error);
    if (status != FID_OK || version == gallery->version) {
        bool expired = fid_gallery_expire(gallery); /* as time goes by */
        if (status == FID_OK && changed != NULL)
            *changed = expired;
        return status;
    }
    status = read_all(gallery, error);
    if (status == FID_OK && changed != NULL)
        *changed = true;
    return status;
}

size_t fid_gallery_count(const struct fid_gallery *gallery)
{
    return gallery->count;
}

void fid_gallery_person(const struct fid_gallery *gallery, size_t i, struct fid_person *person)
{
    *person = gallery->people[i].info;
}
