/* Forgetting: from the gallery, from its history, from the copies of it that are known, and the
 * proof. */
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/trace.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

struct forgetting {
    struct fid_gallery *gallery;
    int64_t id;
    char key[FID_NAME_KEY_BYTES];
    struct fid_trace trace;
    struct fid_forgotten told;
};

/* ---- copies ---- */

static enum fid_status open_copy(const struct forgetting *forgetting, const char *path,
                                 struct fid_store **copy, struct fid_error *error)
{
    struct fid_error reason;
    enum fid_status status =
        fid_store_open(path, FID_STORE_ANY, forgetting->gallery->secret, copy, &reason);
    return status == FID_OK
               ? FID_OK
               : fid_fail(
                     error, status,
                     "the copy %s has the person too and cannot be changed (%.200s): remove it "
                     "first",
                     path, reason.text);
}

/* The person goes out of one copy. */
static enum fid_status forget_in_copy(void *ctx, const char *path, struct fid_error *error)
{
    struct forgetting *forgetting = ctx;
    struct fid_store *copy;
    size_t deleted = 0;
    if (access(path, F_OK) != 0) /* taken away: the list is put right later */
        return FID_OK;
    enum fid_status status = open_copy(ctx, path, &copy, error);
    if (status != FID_OK)
        return status;
    status = fid_store_delete_alike(copy, forgetting->gallery->store, forgetting->id,
                                    forgetting->key, &deleted, error);
    if (status == FID_OK && deleted > 0)
        status = fid_store_purge(copy, error);
    forgetting->told.backups += deleted > 0;
    fid_store_close(&copy);
    return status;
}

/* ---- the proof ---- */

static enum fid_status add_bytes(void *ctx, const void *bytes, size_t size, struct fid_error *error)
{
    struct forgetting *forgetting = ctx;
    forgetting->told.bytes_sought += size;
    return fid_trace_add(&forgetting->trace, bytes, size)
               ? FID_OK
               : fid_fail(error, FID_NO_MEMORY, "no memory for the proof");
}

struct file_reader {
    struct fid_store *store;
    bool journal;
};

static enum fid_status read_file(void *ctx, uint64_t at, uint8_t *bytes, size_t count,
                                 struct fid_error *error)
{
    const struct file_reader *reader = ctx;
    return fid_store_file_read(reader->store, reader->journal, at, bytes, count, error);
}

/* The same picture may have been enrolled as somebody else: those bytes are theirs. */
static enum fid_status judge(const struct forgetting *forgetting, struct fid_store *store, size_t i,
                             struct fid_error *error)
{
    const uint8_t *bytes;
    size_t size;
    bool theirs = false;
    fid_trace_get(&forgetting->trace, i, &bytes, &size);
    enum fid_status status = fid_store_has_bytes(store, bytes, size, &theirs, error);
    if (status != FID_OK || theirs)
        return status;
    return fid_fail(
        error, FID_IO,
        "the person is deleted, but %zu bytes of them are still in %s: remove that file "
        "and put an export of the others in its place",
        size, fid_store_path(store));
}

static enum fid_status search_file(struct forgetting *forgetting, struct fid_store *store,
                                   bool journal, struct fid_error *error)
{
    struct file_reader reader = {store, journal};
    uint64_t size = 0;
    size_t found = SIZE_MAX;
    enum fid_status status = fid_store_file_size(store, journal, &size, error);
    if (status == FID_OK)
        status = fid_trace_search(&forgetting->trace, read_file, &reader, size, &found, error);
    forgetting->told.files++;
    forgetting->told.bytes_searched += size;
    return status == FID_OK && found != SIZE_MAX ? judge(forgetting, store, found, error) : status;
}

static enum fid_status search_store(struct forgetting *forgetting, struct fid_store *store,
                                    struct fid_error *error)
{
    enum fid_status status = search_file(forgetting, store, false, error);
    return status == FID_OK ? search_file(forgetting, store, true, error) : status;
}

static enum fid_status search_copy(void *ctx, const char *path, struct fid_error *error)
{
    struct fid_store *copy;
    if (access(path, F_OK) != 0)
        return FID_OK;
    enum fid_status status = open_copy(ctx, path, &copy, error);
    if (status == FID_OK)
        status = search_store(ctx, copy, error);
    fid_store_close(&copy);
    return status;
}

static enum fid_status prove(struct forgetting *forgetting, struct fid_error *error)
{
    struct fid_store *store = forgetting->gallery->store;
    if ((forgetting->gallery->flags & FID_GALLERY_MEMORY) != 0)
        return FID_OK;
    if (!fid_trace_prepare(&forgetting->trace))
        return fid_fail(error, FID_NO_MEMORY, "no memory for the proof");
    enum fid_status status = search_store(forgetting, store, error);
    return status == FID_OK ? fid_store_each_backup(store, search_copy, forgetting, error) : status;
}

/* ---- forgetting ---- */

static enum fid_status delete_person(struct forgetting *forgetting, const char *name,
                                     struct fid_error *error)
{
    struct fid_gallery *gallery = forgetting->gallery;
    struct fid_store *store = gallery->store;
    int64_t id = 0;
    enum fid_status status = fid_store_begin(store, true, error);
    if (status != FID_OK)
        return status;
    status = fid_gallery_find(gallery, name, &id, error);
    if (status == FID_OK)
        status = fid_store_each_bytes(store, id, add_bytes, forgetting, error);
    if (status == FID_OK)
        status = fid_store_begin_change(store, "forget", error);
    if (status == FID_OK)
        status = fid_store_delete_person(store, id, error);
    status = fid_gallery_end_change(gallery, status, NULL, 0, error);
    if (status == FID_OK)
        fid_gallery_drop(gallery, id);
    return status;
}

static enum fid_status purge(struct fid_gallery *gallery, struct fid_error *error)
{
    enum fid_status status = fid_store_purge(gallery->store, error);
    if (status != FID_BUSY)
        return status;
    return fid_fail(error, FID_BUSY,
                    "the person is deleted, but another process reads an older state of %s: the "
                    "bytes are in the file until it is done (faceid check)",
                    gallery->path);
}

enum fid_status fid_gallery_forget_proven(struct fid_gallery *gallery, const char *name,
                                          struct fid_forgotten *forgotten, struct fid_error *error)
{
    struct forgetting forgetting = {.gallery = gallery};
    struct fid_store_person person;
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_gallery_find(gallery, name, &forgetting.id, error);
    if (status == FID_OK)
        status = fid_store_read_person(gallery->store, forgetting.id, &person, error);
    if (status == FID_OK)
        status = fid_name_key(person.name, forgetting.key, error);
    if (status == FID_OK)
        status = fid_store_each_backup(gallery->store, forget_in_copy, &forgetting, error);
    if (status == FID_OK)
        status = delete_person(&forgetting, name, error);
    if (status == FID_OK)
        status = purge(gallery, error);
    if (status == FID_OK)
        status = prove(&forgetting, error);
    if (forgotten != NULL)
        *forgotten = forgetting.told;
    fid_trace_free(&forgetting.trace);
    return status;
}

enum fid_status fid_gallery_forget(struct fid_gallery *gallery, const char *name,
                                   struct fid_error *error)
{
    return fid_gallery_forget_proven(gallery, name, NULL, error);
}
