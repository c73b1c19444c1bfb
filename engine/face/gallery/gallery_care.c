/* Copies of a gallery, whether it is whole, and a new one of what is undamaged. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/private_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- copies ---- */

static enum fid_status note_copy(struct fid_gallery *gallery, const char *path,
                                 struct fid_error *error)
{
    enum fid_status status = fid_store_begin(gallery->store, true, error);
    if (status == FID_OK)
        status = fid_store_note_backup(gallery->store, path, error);
    return fid_gallery_end_change(gallery, status, NULL, 0, error);
}

enum fid_status fid_gallery_backup(struct fid_gallery *gallery, const char *path, bool replace,
                                   struct fid_error *error)
{
    struct fid_private_file file = {.replace = replace};
    char full[PATH_MAX];
    int descriptor = -1;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_private_create(path, replace, &file, &descriptor, error);
    if (descriptor >= 0)
        close(descriptor); /* SQLite opens it itself; nobody holds a lock yet */
    if (status == FID_OK && realpath(file.temporary, full) == NULL)
        status = fid_fail(error, FID_IO, "%s cannot be written", path);
    if (status == FID_OK)
        full[strlen(full) - strlen(".part")] = '\0';
    if (status == FID_OK)
        status = fid_store_copy(gallery->store, file.temporary, error);
    if (status == FID_OK) /* first: a copy that is not known would keep people who are forgotten */
        status = note_copy(gallery, full, error);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    fid_private_discard(&file);
    return status;
}

/* ---- whole or not ---- */

struct counter {
    fid_tell_fn tell;
    void *ctx;
    size_t count;
};

static void count_fault(void *ctx, const char *sentence)
{
    struct counter *counter = ctx;
    counter->tell(counter->ctx, sentence);
    counter->count++;
}

static void tell_expired(const struct fid_gallery *gallery, fid_tell_fn tell, void *ctx)
{
    char text[FID_NAME_BYTES + 100];
    for (size_t i = 0; i < gallery->count; i++) {
        const struct fid_person *person = &gallery->people[i].info;
        if (!person->expired)
            continue;
        snprintf(text, sizeof text, "%s is not named any more: the last day was %s", person->name,
                 person->expires);
        tell(ctx, text);
    }
}

/* Reads people as any other verb would, which finds what is left to find. */
static enum fid_status open_as_usual(const char *path, struct fid_secret *secret,
                                     struct counter *counter, struct fid_error *error)
{
    const struct fid_store_model none = {.id = ""};
    struct fid_store_model model = none;
    struct fid_gallery *gallery;
    struct fid_error fault = {0};
    enum fid_status status =
        fid_gallery_open_for(path, &none, secret, FID_GALLERY_READ_ONLY, &gallery, &fault);
    if (status == FID_OK && gallery->store != NULL)
        status = fid_store_read_model(gallery->store, &model, &fault);
    if (status == FID_OK)
        tell_expired(gallery, counter->tell, counter->ctx);
    fid_gallery_close(&gallery);
    if (status == FID_OK && model.id[0] != '\0') /* and their vectors */
        status =
            fid_gallery_open_for(path, &model, secret, FID_GALLERY_READ_ONLY, &gallery, &fault);
    if (status == FID_CORRUPT || status == FID_MISMATCH) {
        count_fault(counter, fault.text);
        status = FID_OK;
    }
    fid_gallery_close(&gallery);
    return status == FID_OK ? FID_OK : fid_fail(error, status, "%s", fault.text);
}

/* What was deleted by the last forgetting, when somebody else's reading kept it in the file. */
static enum fid_status finish_forgetting(const char *path, struct fid_secret *secret,
                                         struct fid_error *error)
{
    struct fid_store *store;
    enum fid_status status = fid_store_open(path, 0, secret, &store, error);
    if (status == FID_OK)
        status = fid_store_purge(store, error);
    fid_store_close(&store);
    return status;
}

static bool is_forgetting_held_up(struct fid_store *store)
{
    struct fid_change change;
    uint64_t journal = 0;
    return fid_store_read_change(store, &change, NULL) == FID_OK &&
           strcmp(change.verb, "forget") == 0 &&
           fid_store_file_size(store, true, &journal, NULL) == FID_OK && journal > 0;
}

enum fid_status fid_gallery_check_sealed(const char *path, struct fid_secret *secret,
                                         fid_tell_fn tell, void *ctx, size_t *faults,
                                         struct fid_error *error)
{
    struct counter counter = {tell, ctx, 0};
    struct fid_store *store;
    *faults = 0;
    enum fid_status status = fid_store_open(path, FID_GALLERY_READ_ONLY, secret, &store, error);
    if (status == FID_OK && store == NULL)
        return fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", path);
    if (status == FID_OK)
        status = fid_store_check(store, count_fault, &counter, error);
    bool held_up = status == FID_OK && counter.count == 0 && is_forgetting_held_up(store);
    fid_store_close(&store);
    if (status == FID_OK && counter.count == 0)
        status = open_as_usual(path, secret, &counter, error);
    *faults = counter.count;
    return status == FID_OK && held_up && counter.count == 0
               ? finish_forgetting(path, secret, error)
               : status;
}

enum fid_status fid_gallery_check(const char *path, fid_tell_fn tell, void *ctx, size_t *faults,
                                  struct fid_error *error)
{
    return fid_gallery_check_sealed(path, NULL, tell, ctx, faults, error);
}

/* ---- what is undamaged ---- */

struct salvage {
    struct fid_store *from;
    struct fid_gallery *into;
    fid_tell_fn tell;
    void *ctx;
    struct fid_store_model model;
    int64_t last_person, last_sample, last_consent;
    int64_t *ids;     /* [last_person + 1]: in the new gallery, 0: nobody; owned */
    float *embedding; /* [size]; owned */
    size_t faces, lost_people, lost_faces;
    size_t misses; /* numbers in a row without a row */
};

/* A file that cannot say which row is the last has none after so many that are not there. */
static bool is_over(struct salvage *salvage, enum fid_status found)
{
    enum { MISSES_MOST = 2000 };
    salvage->misses = found == FID_OK ? 0 : salvage->misses + 1;
    return salvage->misses > MISSES_MOST;
}

static enum fid_status salvage_people(struct salvage *salvage, struct fid_error *error)
{
    struct fid_store *store = salvage->into->store;
    struct fid_store_person person;
    char key[FID_NAME_KEY_BYTES];
    enum fid_status status = FID_OK;
    for (int64_t id = 1; status == FID_OK && id <= salvage->last_person; id++) {
        int64_t *made = &salvage->ids[id];
        enum fid_status found = fid_store_salvage_person(salvage->from, id, &person);
        salvage->lost_people += found == FID_CORRUPT;
        if (is_over(salvage, found))
            break;
        if (found != FID_OK || fid_name_key(person.name, key, NULL) != FID_OK)
            continue;
        status = fid_store_add_person(store, person.name, key, made, error);
        if (status == FID_OK)
            status = fid_store_set_created(store, *made, person.created, error);
        if (status == FID_OK)
            status = fid_store_set_expires(store, *made, person.expires, error);
    }
    return status;
}

/* The new id of a person, 0: lost. */
static int64_t new_id(const struct salvage *salvage, int64_t person)
{
    return person >= 1 && person <= salvage->last_person ? salvage->ids[person] : 0;
}

static enum fid_status salvage_faces(struct salvage *salvage, struct fid_error *error)
{
    struct fid_store_row row;
    enum fid_status status = FID_OK;
    salvage->misses = 0;
    for (int64_t id = 1; status == FID_OK && id <= salvage->last_sample; id++) {
        enum fid_status found = fid_store_salvage_sample(salvage->from, id, salvage->embedding,
                                                         salvage->model.size, &row);
        if (is_over(salvage, found))
            break;
        int64_t person = found == FID_OK ? new_id(salvage, row.person) : 0;
        salvage->lost_faces += found == FID_CORRUPT || (found == FID_OK && person == 0);
        salvage->faces += person != 0;
        if (person != 0)
            status = fid_store_add_sample(salvage->into->store, person, salvage->embedding,
                                          salvage->model.size, row.text, row.created, error);
        if (person != 0 && status == FID_OK && row.crop != NULL)
            status = fid_store_add_crop(salvage->into->store, row.crop, row.crop_size, error);
    }
    salvage->misses = 0;
    for (int64_t id = 1; status == FID_OK && id <= salvage->last_consent; id++) {
        enum fid_status found = fid_store_salvage_consent(salvage->from, id, &row);
        if (is_over(salvage, found))
            break;
        if (found == FID_OK && new_id(salvage, row.person) != 0)
            status = fid_store_add_consent(salvage->into->store, new_id(salvage, row.person),
                                           row.text, row.created, error);
    }
    return status;
}

/* Whoever has no face left is lost. */
static enum fid_status salvage_vectors(struct salvage *salvage, size_t *people,
                                       struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (int64_t id = 1; status == FID_OK && id <= salvage->last_person; id++) {
        size_t faces = 0;
        int64_t made = salvage->ids[id];
        if (made == 0)
            continue;
        status = fid_store_read_samples(salvage->into->store, made, NULL, 0, salvage->model.size,
                                        &faces, error);
        if (status == FID_OK && faces > 0)
            status = fid_gallery_update_vectors(salvage->into, made, error);
        else if (status == FID_OK)
            status = fid_store_delete_person(salvage->into->store, made, error);
        *people += faces > 0;
        salvage->lost_people += faces == 0;
    }
    return status;
}

static enum fid_status salvage_all(struct salvage *salvage, size_t *people, struct fid_error *error)
{
    enum fid_status status = fid_store_read_model(salvage->from, &salvage->model, error);
    if (status == FID_OK && salvage->model.id[0] == '\0')
        return fid_fail(error, FID_CORRUPT, "there is nobody, or the model is lost");
    if (status != FID_OK)
        return status;
    fid_store_last_ids(salvage->from, &salvage->last_person, &salvage->last_sample,
                       &salvage->last_consent);
    salvage->ids = fid_calloc((size_t)salvage->last_person + 1, sizeof *salvage->ids);
    salvage->embedding = fid_calloc(salvage->model.size, sizeof(float));
    if (salvage->ids == NULL || salvage->embedding == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for what can be saved");
    status = fid_store_write_model(salvage->into->store, &salvage->model, error);
    if (status == FID_OK)
        status = salvage_people(salvage, error);
    if (status == FID_OK)
        status = salvage_faces(salvage, error);
    return status == FID_OK ? salvage_vectors(salvage, people, error) : status;
}

static void tell_losses(const struct salvage *salvage)
{
    char text[120];
    if (salvage->lost_people + salvage->lost_faces == 0)
        return;
    snprintf(text, sizeof text, "lost: at most %zu people, and %zu faces", salvage->lost_people,
             salvage->lost_faces);
    salvage->tell(salvage->ctx, text);
}

enum fid_status fid_gallery_salvage_sealed(const char *path, struct fid_secret *secret,
                                           const char *target, fid_tell_fn tell, void *ctx,
                                           size_t *people, struct fid_error *error)
{
    const struct fid_store_model none = {.id = ""};
    struct salvage salvage = {.tell = tell, .ctx = ctx};
    *people = 0;
    if (access(target, F_OK) == 0)
        return fid_fail(error, FID_EXISTS, "%s is there already, and is not replaced unasked",
                        target);
    enum fid_status status =
        fid_store_open(path, FID_GALLERY_READ_ONLY, secret, &salvage.from, error);
    if (status == FID_OK && salvage.from == NULL)
        return fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", path);
    if (status == FID_OK)
        status =
            fid_gallery_open_for(target, &none, secret, FID_GALLERY_CREATE, &salvage.into, error);
    if (status == FID_OK)
        status = fid_store_begin(salvage.into->store, true, error);
    if (status == FID_OK) {
        status = salvage_all(&salvage, people, error);
        status = fid_gallery_end_change(salvage.into, status, NULL, 0, error);
    }
    if (status == FID_OK)
        tell_losses(&salvage);
    fid_gallery_close(&salvage.into);
    fid_store_close(&salvage.from);
    fid_free(salvage.ids);
    fid_free(salvage.embedding);
    return status;
}

enum fid_status fid_gallery_salvage(const char *path, const char *target, fid_tell_fn tell,
                                    void *ctx, size_t *people, struct fid_error *error)
{
    return fid_gallery_salvage_sealed(path, NULL, target, tell, ctx, people, error);
}
