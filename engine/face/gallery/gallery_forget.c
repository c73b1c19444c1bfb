/* Forgetting: from the gallery, from its history, from the copies of it that are
 * known, and the proof. */
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/trace.h"
#include "engine/fid/keeping.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct forgetting {
    struct fid_gallery *gallery;
    int64_t id; /* 0: only copies have the person */
    char key[FID_NAME_KEY_BYTES];
    struct fid_trace trace;
    bool found; /* by the proof, and nobody else's */
    struct fid_forgotten told;
};

static enum fid_status add_bytes(void *ctx, const void *bytes, size_t size, struct fid_error *error)
{
    struct forgetting *forgetting = ctx;
    forgetting->told.bytes_sought += size;
    return fid_trace_add(&forgetting->trace, bytes, size)
               ? FID_OK
               : fid_fail(error, FID_NO_MEMORY, "no memory for the proof");
}

/* ---- copies ---- */

/* What the proof looks for, where the gallery itself cannot say. */
static enum fid_status add_bytes_of_copy(struct forgetting *forgetting, struct fid_store *copy,
                                         struct fid_error *error)
{
    int64_t id = 0;
    if (forgetting->id != 0)
        return FID_OK;
    enum fid_status status = fid_store_find(copy, forgetting->key, &id, error);
    return status == FID_OK && id != 0
               ? fid_store_each_bytes(copy, id, add_bytes, forgetting, error)
               : status;
}

/* Who had faces of the person is who the others show; nobody, where these have no direction. */
static enum fid_status update_loser(struct fid_store *copy, int64_t loser, struct fid_error *error)
{
    enum fid_status status = fid_gallery_update_vectors(copy, loser, error);
    return status == FID_QUALITY || status == FID_INVALID
               ? fid_store_delete_person(copy, loser, error)
               : status;
}

/* Can it be changed, and rewritten afterwards? */
static enum fid_status try_copy(void *ctx, struct fid_store *copy, struct fid_error *error)
{
    (void)ctx;
    enum fid_status status = fid_store_begin(copy, true, error);
    fid_store_rollback(copy);
    return status == FID_OK ? fid_store_empty_journal(copy, error) : status;
}

/* The person goes out of one copy, and so do the bytes of whoever went before without a proof. */
static enum fid_status forget_in_copy(void *ctx, struct fid_store *copy, struct fid_error *error)
{
    struct forgetting *forgetting = ctx;
    bool changed = false, unpurged = false;
    enum fid_status status = add_bytes_of_copy(forgetting, copy, error);
    if (status == FID_OK)
        status = fid_store_delete_alike(copy, forgetting->gallery->store, forgetting->id,
                                        forgetting->key, update_loser, &changed, error);
    if (status == FID_OK)
        status = fid_store_is_unpurged(copy, &unpurged, error);
    if (status == FID_OK && unpurged)
        status = fid_store_purge(copy, error);
    forgetting->told.backups += changed;
    return status;
}

/* ---- the proof ---- */

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

/* The same picture may have been enrolled as somebody else, and the same words may stand in what
 * somebody else has agreed to: those bytes are theirs. */
static enum fid_status judge(struct forgetting *forgetting, struct fid_store *store,
                             const struct fid_trace_find *find, struct fid_error *error)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    bool theirs = false;
    fid_trace_get(&forgetting->trace, find->piece, &bytes, &size);
    enum fid_status status = fid_store_has_bytes(store, bytes, size, &theirs, error);
    if (status == FID_OK && !theirs) {
        bytes = find->piece;
        size = FID_TRACE_BYTES;
        status = fid_store_has_text(store, bytes, size, &theirs, error);
    }
    if (status == FID_OK && theirs) {
        fid_trace_spare(&forgetting->trace, bytes, size);
        forgetting->told.bytes_shared += size;
    }
    if (status != FID_OK || theirs)
        return status;
    forgetting->found = true;
    return fid_fail(error, FID_IO,
                    "bytes of theirs are still in %s, at byte %llu: remove that file and put an "
                    "export of the others in its place",
                    fid_store_path(store), (unsigned long long)find->at);
}

/* FILLS find, as fid_trace_search, and the file's size. Another process that forgets somebody
 * makes the file shorter meanwhile: from the beginning again. */
static enum fid_status search_whole(struct forgetting *forgetting, struct file_reader *reader,
                                    struct fid_trace_find *find, uint64_t *size,
                                    struct fid_error *error)
{
    uint64_t before = UINT64_MAX;
    enum fid_status status = FID_IO;
    *size = 0;
    while (status != FID_OK) {
        if (fid_store_file_size(reader->store, reader->journal, size, error) != FID_OK ||
            *size >= before) /* it is not that */
            break;
        if (before != UINT64_MAX)
            find->at = 0;
        before = *size;
        status = fid_trace_search(&forgetting->trace, read_file, reader, *size, find, error);
    }
    return status;
}

static enum fid_status search_file(struct forgetting *forgetting, struct fid_store *store,
                                   bool journal, struct fid_error *error)
{
    struct file_reader reader = {store, journal};
    struct fid_trace_find find = {0};
    uint64_t size = 0;
    enum fid_status status = FID_OK;
    do {
        status = search_whole(forgetting, &reader, &find, &size, error);
        if (status == FID_OK && find.piece != NULL)
            status = judge(forgetting, store, &find, error);
    } while (status == FID_OK && find.piece != NULL);
    forgetting->told.files++;
    forgetting->told.bytes_searched += size;
    return status;
}

static enum fid_status search_store(struct forgetting *forgetting, struct fid_store *store,
                                    struct fid_error *error)
{
    enum fid_status status = search_file(forgetting, store, false, error);
    return status == FID_OK ? search_file(forgetting, store, true, error) : status;
}

static enum fid_status search_copy(void *ctx, struct fid_store *copy, struct fid_error *error)
{
    return search_store(ctx, copy, error);
}

static enum fid_status search_all(struct forgetting *forgetting, struct fid_error *error)
{
    if (!fid_trace_prepare(&forgetting->trace))
        return fid_fail(error, FID_NO_MEMORY, "no memory for the proof");
    enum fid_status status = search_store(forgetting, forgetting->gallery->store, error);
    return status == FID_OK
               ? fid_gallery_each_copy(forgetting->gallery, FID_COPIES_THERE, search_copy,
                                       forgetting, &forgetting->told.absent, error)
               : status;
}

/* who: as the subject of a sentence. */
static enum fid_status prove(struct forgetting *forgetting, const char *who,
                             struct fid_error *error)
{
    struct fid_error why = {0};
    if ((forgetting->gallery->flags & FID_GALLERY_MEMORY) != 0)
        return FID_OK;
    enum fid_status status = search_all(forgetting, &why);
    if (status == FID_OK)
        return FID_OK;
    return fid_fail(error, status, "%s is deleted, but %s%s", who,
                    forgetting->found ? "" : "not proven to be gone to the last byte: ", why.text);
}

/* ---- forgetting ---- */

/* The copies come first: one that cannot be searched keeps the gallery as it is. Nobody may change
 * the gallery meanwhile: a backup notes its copy there and holds the file before it begins to copy,
 * so that every copy that has the person is known here. */
static enum fid_status forget_in_copies(struct forgetting *forgetting, const char *name,
                                        struct fid_error *error)
{
    struct fid_error why = {0};
    enum fid_status status = fid_gallery_each_copy(forgetting->gallery, FID_COPIES_WAIT, try_copy,
                                                   NULL, &forgetting->told.absent, &why);
    if (status == FID_OK)
        status = fid_gallery_each_copy(forgetting->gallery, FID_COPIES_WAIT, forget_in_copy,
                                       forgetting, &forgetting->told.absent, &why);
    return status == FID_OK
               ? FID_OK
               : fid_fail(error, status, "'%s' is not forgotten yet: %s", name, why.text);
}

/* Ends the transaction; with rows left nothing is deleted. */
static enum fid_status delete_person(struct forgetting *forgetting, const char *name,
                                     struct fid_error *error)
{
    struct fid_gallery *gallery = forgetting->gallery;
    struct fid_store *store = gallery->store;
    const int64_t id = forgetting->id;
    struct fid_error why = {0};
    enum fid_status status = fid_store_each_bytes(store, id, add_bytes, forgetting, error);
    if (status == FID_OK)
        status = fid_store_begin_change(store, "forget", error);
    if (status == FID_OK)
        status = fid_store_note_unpurged(store, error);
    if (status == FID_OK)
        status = fid_store_delete_strangers_of(store, id, error);
    if (status == FID_OK)
        status = fid_store_delete_person(store, id, error);
    if (status == FID_OK && (status = fid_store_prove_gone(store, id, forgetting->key, &why)))
        fid_fail(error, status, "'%s' is not forgotten: %s", name, why.text);
    status = fid_gallery_end_change(gallery, status, NULL, 0, error);
    if (status == FID_OK)
        fid_gallery_drop(gallery, id);
    return status;
}

static enum fid_status purge(struct fid_gallery *gallery, const char *who, struct fid_error *error)
{
    struct fid_error why = {0};
    enum fid_status status = fid_store_purge(gallery->store, &why);
    if (status != FID_OK && status != FID_BUSY)
        return fid_fail(error, status,
                        "%s is deleted, but not proven to be gone to the last byte (faceid check "
                        "tries again): %s",
                        who, why.text);
    if (status == FID_OK)
        return FID_OK;
    return fid_fail(error, FID_BUSY,
                    "%s is deleted, but another process reads an older state of %s: the bytes are "
                    "in the file until it is done (faceid check)",
                    who, gallery->path);
}

/* Nobody has the name; who had it may have been forgotten while somebody read an older state. */
static enum fid_status forget_nobody(struct fid_gallery *gallery, const char *sentence,
                                     struct fid_error *error)
{
    bool unpurged = false;
    enum fid_status status = fid_store_is_unpurged(gallery->store, &unpurged, error);
    if (status == FID_OK && unpurged)
        status = purge(gallery, "who was forgotten before", error);
    return status == FID_OK ? fid_fail(error, FID_NOT_FOUND, "%s", sentence) : status;
}

/* From the copies and the gallery, in one transaction of the gallery. *gone: from either. */
static enum fid_status forget_everywhere(struct forgetting *forgetting, const char *name,
                                         struct fid_error *nobody, bool *gone,
                                         struct fid_error *error)
{
    struct fid_gallery *gallery = forgetting->gallery;
    *gone = false;
    enum fid_status status = fid_store_begin(gallery->store, true, error);
    if (status != FID_OK)
        return status;
    status = fid_gallery_find(gallery, name, &forgetting->id, nobody);
    const bool here = status == FID_OK;
    if (status == FID_NOT_FOUND)
        status = FID_OK;
    else if (status != FID_OK)
        fid_fail(error, status, "%s", nobody->text);
    if (status == FID_OK)
        status = forget_in_copies(forgetting, name, error);
    if (status == FID_OK && here)
        status = delete_person(forgetting, name, error);
    fid_store_rollback(gallery->store); /* what is not committed */
    *gone = status == FID_OK && (here || forgetting->told.backups > 0);
    return status;
}

enum fid_status fid_gallery_forget_proven(struct fid_gallery *gallery, const char *name,
                                          struct fid_forgotten *forgotten, struct fid_error *error)
{
    struct forgetting forgetting = {.gallery = gallery};
    bool gone = false;
    struct fid_error nobody = {0};
    char checked[FID_NAME_BYTES] = "", who[FID_NAME_BYTES + 2];
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_name_check(name, checked, error);
    if (status == FID_OK)
        status = fid_name_key(checked, forgetting.key, error);
    if (status == FID_OK)
        status = forget_everywhere(&forgetting, checked, &nobody, &gone, error);
    if (status == FID_OK && !gone)
        status = forget_nobody(gallery, nobody.text, error);
    snprintf(who, sizeof who, "'%s'", checked);
    if (status == FID_OK)
        status = purge(gallery, who, error);
    if (status == FID_OK)
        status = prove(&forgetting, who, error);
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
