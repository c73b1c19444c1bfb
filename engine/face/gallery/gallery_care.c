/* Copies of a gallery, and whether it is whole. */
#include "engine/base/memory.h"
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/private_file.h"
#include "engine/fid/keeping.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct counter {
    fid_tell_fn tell; /* NULL: they are only counted */
    void *ctx;
    size_t count;
};

static void count_fault(void *ctx, const char *sentence)
{
    struct counter *counter = ctx;
    if (counter->tell != NULL)
        counter->tell(counter->ctx, sentence);
    counter->count++;
}

enum fid_status fid_gallery_count_faults(struct fid_store *store, size_t *faults,
                                         struct fid_error *error)
{
    struct counter counter = {0};
    enum fid_status status = fid_store_check(store, count_fault, &counter, error);
    *faults = counter.count;
    return status;
}

/* ---- copies ---- */

/* Looks at the gallery, not at its copy: making that leaves out what cannot be found any more, and
 * nothing of the copy shows it. */
static enum fid_status refuse_damaged(struct fid_store *store, const char *path,
                                      struct fid_error *error)
{
    size_t faults = 0;
    enum fid_status status = fid_gallery_count_faults(store, &faults, error);
    if (status != FID_CORRUPT && (status != FID_OK || faults == 0))
        return status;
    const bool kept = access(path, F_OK) == 0;
    return fid_fail(error, FID_CORRUPT,
                    "the gallery %s is damaged, and is not copied%s%s%s: " FID_STORE_WAY_BACK,
                    fid_store_path(store), kept ? "; the copy " : "", kept ? path : "",
                    kept ? " is kept as it was" : "");
}

/* Makes the file, and FILLS temporary with it in full: SQLite opens nothing behind a link. The
 * gallery notes it first: a copy that is not known would keep people who are forgotten. Both in one
 * transaction: a forgetting has either ended by now, or finds the file held. */
static enum fid_status note_and_create(struct fid_gallery *gallery, const char *path, bool replace,
                                       struct fid_private_file *file, char temporary[PATH_MAX],
                                       struct fid_error *error)
{
    char full[PATH_MAX];
    enum fid_status status = fid_store_begin(gallery->store, true, error);
    if (status != FID_OK)
        return status;
    status = fid_private_create(path, replace, file, NULL, error);
    if (status == FID_OK && realpath(file->new.temporary, temporary) == NULL)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", path, strerror(errno));
    if (status == FID_OK) {
        snprintf(full, sizeof full, "%.*s", (int)(strlen(temporary) - strlen(FID_PRIVATE_ENDING)),
                 temporary);
        status = fid_store_note_backup(gallery->store, full, error);
    }
    return fid_gallery_end_change(gallery, status, NULL, 0, error);
}

enum fid_status fid_gallery_backup(struct fid_gallery *gallery, const char *path, bool replace,
                                   struct fid_error *error)
{
    struct fid_private_file file = {.database = true};
    char temporary[PATH_MAX];
    if ((gallery->flags & FID_GALLERY_MEMORY) != 0)
        return fid_fail(error, FID_INVALID,
                        "%s is in memory, where nothing remembers a copy: export its people",
                        gallery->path);
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_store_not_own(gallery->store, path, error);
    if (status == FID_OK) /* before it is looked through, which takes a while */
        status = fid_private_database_may_be_made(path, replace, error);
    if (status == FID_OK)
        status = refuse_damaged(gallery->store, path, error);
    if (status == FID_OK)
        status = note_and_create(gallery, path, replace, &file, temporary, error);
    if (status == FID_OK)
        status = fid_store_copy(gallery->store, temporary, error);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    fid_private_discard(&file);
    return status;
}

/* ---- whole or not ---- */

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
                                         const struct counter *counter, struct fid_error *error)
{
    struct fid_store *store;
    struct fid_error why = {0};
    enum fid_status status = fid_store_open(path, 0, secret, &store, &why);
    if (status == FID_OK)
        status = fid_store_purge(store, &why);
    fid_store_close(&store);
    if (status == FID_BUSY)
        return fid_fail(error, status,
                        "a forgetting is not finished: another process reads an older state of %s, "
                        "and bytes of who was forgotten are in the file until it is done",
                        path);
    if (status != FID_OK)
        return fid_fail(error, status,
                        "a forgetting is not finished, and bytes of who was forgotten may be in "
                        "the file: %s",
                        why.text);
    counter->tell(counter->ctx, "a forgetting that another process had held up is finished");
    return FID_OK;
}

/* protect and restore write it while nobody has the gallery open, as it is now; a backup that puts
 * a copy in its place does not look. */
static void remove_what_is_left(const struct fid_store *store, const struct counter *counter)
{
    char left[PATH_MAX + sizeof FID_PRIVATE_ENDING], text[PATH_MAX + 100];
    snprintf(left, sizeof left, "%s" FID_PRIVATE_ENDING, fid_store_path(store));
    if (access(left, F_OK) != 0 || fid_private_is_written(fid_store_path(store)) ||
        fid_private_clear(fid_store_path(store), NULL) != FID_OK)
        return;
    snprintf(text, sizeof text, "%s, left by a process that was killed, is removed", left);
    counter->tell(counter->ctx, text);
}

/* A file without tables is one of nobody yet, to every verb. */
static enum fid_status check_nothing(const char *path, fid_tell_fn tell, void *ctx,
                                     struct fid_error *error)
{
    char text[PATH_MAX + 100];
    if (access(path, F_OK) != 0)
        return fid_fail(error, FID_NOT_FOUND, "there is no gallery %s", path);
    snprintf(text, sizeof text,
             "the file %s is empty: nobody is enrolled in it yet, or all of it is lost", path);
    tell(ctx, text);
    return FID_OK;
}

enum fid_status fid_gallery_check(const char *path, struct fid_secret *secret, fid_tell_fn tell,
                                  void *ctx, size_t *faults, struct fid_error *error)
{
    struct counter counter = {tell, ctx, 0};
    struct fid_store *store;
    bool held_up = false;
    *faults = 0;
    enum fid_status status = fid_store_open(path, FID_GALLERY_READ_ONLY, secret, &store, error);
    if (status == FID_OK && store == NULL)
        return check_nothing(path, tell, ctx, error);
    if (status == FID_OK)
        remove_what_is_left(store, &counter);
    if (status == FID_OK)
        status = fid_store_check(store, count_fault, &counter, error);
    if (status == FID_OK && counter.count == 0)
        status = fid_store_is_unpurged(store, &held_up, error);
    fid_store_close(&store);
    if (status == FID_OK && counter.count == 0)
        status = open_as_usual(path, secret, &counter, error);
    *faults = counter.count;
    return status == FID_OK && held_up && counter.count == 0
               ? finish_forgetting(path, secret, &counter, error)
               : status;
}
