/* Changes of what is known already: other terms, merging people, taking a face out, undoing. Each
 * is one transaction of the store, and then the same change of the mirror. And looking at a person.
 */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"

#include <string.h>

static enum fid_status begin(struct fid_gallery *gallery, struct fid_error *error)
{
    enum fid_status status = fid_gallery_writable(gallery, error);
    return status == FID_OK ? fid_store_begin(gallery->store, true, error) : status;
}

/* ---- terms ---- */

static enum fid_status set_terms(struct fid_gallery *gallery, const char *name,
                                 const struct fid_terms *terms, int64_t *id,
                                 struct fid_error *error)
{
    enum fid_status status = fid_gallery_find(gallery, name, id, error);
    if (status == FID_OK)
        status = fid_store_begin_change(gallery->store, "terms", error);
    if (status == FID_OK)
        status = fid_store_keep_person(gallery->store, *id, false, error);
    return status == FID_OK ? fid_gallery_write_terms(gallery, *id, terms, error) : status;
}

enum fid_status fid_gallery_set_terms(struct fid_gallery *gallery, const char *name,
                                      const struct fid_terms *terms, struct fid_error *error)
{
    int64_t id = 0;
    enum fid_status status = fid_terms_check(terms, error);
    if (status == FID_OK)
        status = begin(gallery, error);
    if (status != FID_OK)
        return status;
    status = set_terms(gallery, name, terms, &id, error);
    return fid_gallery_end_change(gallery, status, &id, 1, error);
}

/* ---- merge ---- */

static enum fid_status merge_terms(struct fid_store *store, int64_t from, int64_t into,
                                   struct fid_error *error)
{
    struct fid_store_person a = {0}, b = {0};
    enum fid_status status = fid_store_read_person(store, from, &a, error);
    if (status == FID_OK)
        status = fid_store_read_person(store, into, &b, error);
    if (status == FID_OK)
        status = fid_store_move_consents(store, from, into, error);
    if (status != FID_OK || a.expires[0] == '\0' ||
        (b.expires[0] != '\0' && strcmp(b.expires, a.expires) <= 0))
        return status;
    return fid_store_set_expires(store, into, a.expires, error);
}

static enum fid_status merge(struct fid_gallery *gallery, const char *name, const char *into,
                             int64_t ids[2], struct fid_error *error)
{
    struct fid_store *store = gallery->store;
    enum fid_status status = fid_gallery_find(gallery, name, &ids[0], error);
    if (status == FID_OK)
        status = fid_gallery_find(gallery, into, &ids[1], error);
    if (status == FID_OK && ids[0] == ids[1])
        return fid_fail(error, FID_INVALID, "'%s' and '%s' are one person already", name, into);
    if (status == FID_OK)
        status = fid_store_begin_change(store, "merge", error);
    for (int i = 0; status == FID_OK && i < 2; i++)
        status = fid_store_keep_person(store, ids[i], false, error);
    if (status == FID_OK)
        status = fid_store_move_samples(store, ids[0], ids[1], error);
    if (status == FID_OK)
        status = merge_terms(store, ids[0], ids[1], error);
    if (status == FID_OK)
        status = fid_store_delete_person(store, ids[0], error);
    return status == FID_OK ? fid_gallery_update_vectors(gallery->store, ids[1], error) : status;
}

enum fid_status fid_gallery_merge(struct fid_gallery *gallery, const char *name, const char *into,
                                  struct fid_error *error)
{
    int64_t ids[2] = {0, 0};
    enum fid_status status = begin(gallery, error);
    if (status != FID_OK)
        return status;
    status = merge(gallery, name, into, ids, error);
    return fid_gallery_end_change(gallery, status, ids, 2, error);
}

/* ---- taking a face out ---- */

static enum fid_status remove_sample(struct fid_gallery *gallery, const char *name, int64_t sample,
                                     int64_t *id, struct fid_error *error)
{
    struct fid_store *store = gallery->store;
    struct fid_store_model model;
    bool deleted = false;
    size_t left = 0;
    enum fid_status status = fid_gallery_find(gallery, name, id, error);
    if (status == FID_OK)
        status = fid_store_begin_change(store, "remove", error);
    if (status == FID_OK)
        status = fid_store_keep_person(store, *id, false, error);
    if (status == FID_OK)
        status = fid_store_delete_sample(store, *id, sample, &deleted, error);
    if (status == FID_OK && !deleted)
        return fid_fail(error, FID_NOT_FOUND, "'%s' has no face %lld (faceid show lists them)",
                        name, (long long)sample);
    if (status == FID_OK)
        status = fid_store_read_model(store, &model, error);
    if (status == FID_OK)
        status = fid_store_read_samples(store, *id, NULL, 0, model.size, &left, error);
    if (status == FID_OK && left == 0)
        return fid_fail(error, FID_INVALID,
                        "it is the only face of '%s': forget the person instead", name);
    return status == FID_OK ? fid_gallery_update_vectors(gallery->store, *id, error) : status;
}

enum fid_status fid_gallery_remove_sample(struct fid_gallery *gallery, const char *name,
                                          int64_t sample, struct fid_error *error)
{
    int64_t id = 0;
    enum fid_status status = begin(gallery, error);
    if (status != FID_OK)
        return status;
    status = remove_sample(gallery, name, sample, &id, error);
    return fid_gallery_end_change(gallery, status, &id, 1, error);
}

/* ---- undo ---- */

static enum fid_status restore(struct fid_gallery *gallery, struct fid_error *error)
{
    int64_t *ids = NULL;
    size_t count = 0, capacity = 0;
    enum fid_status status = fid_store_undo(gallery->store, NULL, 0, &count, error);
    if (status == FID_OK && count > 0) {
        capacity = count;
        ids = fid_calloc(capacity, sizeof *ids);
        status = ids != NULL ? fid_store_undo(gallery->store, ids, capacity, &count, error)
                             : fid_fail(error, FID_NO_MEMORY, "no memory for %zu people", count);
    }
    for (size_t i = 0; status == FID_OK && i < capacity; i++)
        status = fid_gallery_update_vectors(gallery->store, ids[i], error);
    fid_free(ids);
    return status;
}

enum fid_status fid_gallery_undo(struct fid_gallery *gallery, struct fid_change *undone,
                                 struct fid_error *error)
{
    struct fid_change unasked;
    enum fid_status status = begin(gallery, error);
    if (status != FID_OK)
        return status;
    if (undone == NULL)
        undone = &unasked;
    status = fid_store_read_change(gallery->store, undone, error);
    if (status == FID_OK && undone->verb[0] == '\0')
        status = fid_fail(error, FID_NOT_FOUND, "there is nothing to undo in the gallery %s",
                          gallery->path);
    if (status == FID_OK && strcmp(undone->verb, "forget") == 0)
        status = fid_fail(error, FID_INVALID,
                          "the last change of the gallery %s was to forget somebody, which is "
                          "final",
                          gallery->path);
    if (status == FID_OK && strcmp(undone->verb, "reembed") == 0)
        status = fid_fail(error, FID_INVALID,
                          "the last change of the gallery %s was to go over to another model; the "
                          "way back is the copy that was made before it",
                          gallery->path);
    if (status == FID_OK)
        status = restore(gallery, error);
    status = fid_gallery_end_change(gallery, status, NULL, 0, error);
    return status == FID_OK ? fid_gallery_reread_all(gallery, error) : status;
}

/* ---- looking ---- */

enum fid_status fid_gallery_lookup(struct fid_gallery *gallery, const char *name,
                                   struct fid_person *person, struct fid_error *error)
{
    int64_t id = 0;
    size_t i = 0;
    enum fid_status status = fid_gallery_find(gallery, name, &id, error);
    while (status == FID_OK && i < gallery->count && gallery->people[i].info.id != id)
        i++;
    if (status == FID_OK && i == gallery->count) /* enrolled since the mirror was read */
        status = fid_gallery_reread(gallery, id, error);
    for (i = 0; status == FID_OK && i < gallery->count; i++)
        if (gallery->people[i].info.id == id)
            *person = gallery->people[i].info;
    return status;
}

enum fid_status fid_gallery_samples(struct fid_gallery *gallery, int64_t person,
                                    fid_sample_info_fn take, void *ctx, struct fid_error *error)
{
    return gallery->store != NULL
               ? fid_store_each_sample_info(gallery->store, person, take, ctx, error)
               : FID_OK;
}

enum fid_status fid_gallery_consents(struct fid_gallery *gallery, int64_t person,
                                     fid_consent_fn take, void *ctx, struct fid_error *error)
{
    return gallery->store != NULL ? fid_store_each_consent(gallery->store, person, take, ctx, error)
                                  : FID_OK;
}
