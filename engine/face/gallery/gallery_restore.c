/* A copy comes in the gallery's place, and what was there goes aside. */
#include "engine/face/gallery/gallery.h"
#include "engine/face/store/gallery_file.h"
#include "engine/face/store/private_file.h"
#include "engine/fid/keeping.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct restoring {
    char path[PATH_MAX], aside[PATH_MAX]; /* in full; aside "": there is nothing in the way */
    struct fid_secret *secret;
    struct fid_store *old;  /* held for itself; NULL: there is none, or it cannot be opened */
    struct fid_store *from; /* the copy */
    struct fid_store *next; /* what takes the gallery's place, under another name yet */
    struct fid_store_model model, before;
    size_t people; /* of the copy */
    bool moved;    /* aside, and nothing is in its place */
    bool is_there; /* a file has the gallery's name */
};

/* ---- what there is ---- */

static enum fid_status no_copy(const char *copy, struct fid_error *error)
{
    return access(copy, F_OK) != 0
               ? fid_fail(error, FID_NOT_FOUND, "there is no copy %s", copy)
               : fid_fail(error, FID_CORRUPT, "%s is empty, and no copy: take another one", copy);
}

/* The sentences of a gallery that is opened advise to restore it. */
static enum fid_status cannot_open_copy(const struct restoring *work, const char *copy,
                                        enum fid_status status, const struct fid_error *reason,
                                        struct fid_error *error)
{
    if (access(copy, F_OK) != 0)
        return fid_fail(error, status, "%s", reason->text);
    if (status == FID_CORRUPT)
        return fid_fail(error, status,
                        "%s is no copy of a gallery, or damaged: take another copy, or save what "
                        "is whole in it (faceid check --salvage FILE --gallery %s); %.*s",
                        copy, copy, fid_store_fault_length(reason), reason->text);
    if (status == FID_SEALED && work->secret != NULL)
        return fid_fail(error, status,
                        "the copy %s is not opened by what was given: name the key or passphrase "
                        "it was made with, which is the gallery's from then on, or take another "
                        "copy",
                        copy);
    return fid_fail(error, status, "%s", reason->text);
}

static enum fid_status open_copy(struct restoring *work, const char *copy, struct fid_error *error)
{
    size_t faults = 0;
    struct fid_error reason;
    enum fid_status status = fid_store_open(copy, FID_GALLERY_READ_ONLY | FID_STORE_ANY,
                                            work->secret, &work->from, &reason);
    if (status == FID_OK && work->from == NULL)
        return no_copy(copy, error);
    if (status != FID_OK)
        return cannot_open_copy(work, copy, status, &reason, error);
    if (status == FID_OK && fid_store_not_own(work->from, work->path, NULL) != FID_OK)
        return fid_fail(error, FID_INVALID, "%s is the gallery itself: name a copy of it", copy);
    if (status == FID_OK)
        status = fid_gallery_count_faults(work->from, &faults, error);
    if (status == FID_OK && faults > 0)
        return fid_fail(error, FID_CORRUPT,
                        "%s is damaged itself: take another copy, or save what is whole in it "
                        "(faceid check --salvage FILE --gallery %s)",
                        copy, copy);
    if (status == FID_OK)
        status = fid_store_read_model(work->from, &work->model, error);
    return status == FID_OK ? fid_store_count(work->from, &work->people, error) : status;
}

/* SQLite would make a database of one that is empty. */
static enum fid_status open_old(struct restoring *work, off_t size, struct fid_error *reason)
{
    enum { LEAST = 512 }; /* of a database */
    if (size < LEAST)
        return FID_CORRUPT;
    enum fid_status status =
        fid_store_open(work->path, FID_STORE_ANY, work->secret, &work->old, reason);
    if (status == FID_OK) /* of one that does not tell, nothing is told */
        fid_store_read_model(work->old, &work->before, NULL);
    return status == FID_OK ? fid_store_hold(work->old, reason) : status;
}

/* Whoever can open the copy may have it in the place of a gallery whose first page is damaged, or
 * that another secret opens. */
static bool is_opened_copy_sealed(const struct restoring *work)
{
    enum fid_secret_kind kind = FID_SECRET_NONE;
    return fid_gallery_secret_kind(fid_store_path(work->from), &kind, NULL) == FID_OK &&
           kind != FID_SECRET_NONE;
}

/* One that is damaged cannot be held, and is put aside as it is. */
static enum fid_status hold_old(struct restoring *work, struct fid_error *error)
{
    struct fid_error reason;
    struct stat info;
    char unused[PATH_MAX + 16];
    work->is_there = lstat(work->path, &info) == 0;
    if ((!work->is_there || info.st_size == 0) &&
        !fid_gallery_find_journal(work->path, unused, sizeof unused))
        return FID_OK;
    fid_gallery_aside(work->path, work->aside, sizeof work->aside);
    if (!work->is_there)
        return FID_OK;
    enum fid_status status = open_old(work, info.st_size, &reason);
    if (status == FID_OK)
        return FID_OK;
    if (status == FID_SEALED && work->secret != NULL && !is_opened_copy_sealed(work))
        return fid_fail(error, status, "%s: name its own, or move it away before", reason.text);
    if (status != FID_CORRUPT && (status != FID_SEALED || work->secret == NULL))
        return fid_fail(error, status, "%s", reason.text);
    fid_store_close(&work->old);
    return fid_store_not_used(work->path, error);
}

/* ---- what takes its place ---- */

static enum fid_status note(void *ctx, const char *path, struct fid_error *error)
{
    return fid_store_note_backup(ctx, path, error);
}

/* What a gallery that is too damaged to be opened knew of, as far as it can be read. */
static enum fid_status note_what_is_left(const struct restoring *work, struct fid_error *error)
{
    struct fid_store *old = NULL;
    struct fid_store_rows *rows = NULL;
    enum fid_status status = FID_OK;
    if (fid_store_open(work->path, FID_GALLERY_READ_ONLY | FID_STORE_DAMAGED, work->secret, &old,
                       NULL) == FID_OK &&
        old != NULL && fid_store_find_rows(old, &rows, NULL) == FID_OK)
        status = fid_gallery_take_copies(work->next, rows, error);
    fid_store_free_rows(&rows);
    fid_store_close(&old);
    return status;
}

/* Forgetting has to reach the copy, what is put aside, and what the gallery knew of before. */
static enum fid_status note_copies(const struct restoring *work, struct fid_error *error)
{
    enum fid_status status = fid_store_begin(work->next, true, error);
    if (status != FID_OK)
        return status;
    status = note(work->next, fid_store_path(work->from), error);
    if (status == FID_OK && work->aside[0] != '\0' && work->is_there)
        status = note(work->next, work->aside, error);
    if (status == FID_OK && work->old != NULL)
        status = fid_store_each_backup(work->old, note, work->next, error);
    if (status == FID_CORRUPT || (status == FID_OK && work->old == NULL && work->aside[0] != '\0'))
        status = note_what_is_left(work, error);
    if (status == FID_OK)
        return fid_store_commit(work->next, error);
    fid_store_rollback(work->next);
    return status;
}

static enum fid_status write_next(struct restoring *work, const char *path, struct fid_error *error)
{
    enum fid_status status = fid_store_copy(work->from, path, error);
    if (status == FID_OK)
        status = fid_store_open(path, FID_STORE_ANY, work->secret, &work->next, error);
    if (status == FID_OK)
        status = note_copies(work, error);
    fid_store_close(&work->next); /* its journal goes with it */
    return status == FID_OK ? fid_gallery_check_new(path, work->secret, error) : status;
}

/* ---- aside ---- */

static bool move_journals(const char *from, const char *to)
{
    static const char *const endings[] = {FID_GALLERY_JOURNALS};
    char before[PATH_MAX + 16], after[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(before, sizeof before, "%s%s", from, endings[i]);
        snprintf(after, sizeof after, "%s%s", to, endings[i]);
        if (rename(before, after) != 0 && errno != ENOENT)
            return false;
    }
    return true;
}

/* As it was, with the journals that belong to a gallery that could not be opened. error: why; where
 * that fails too, also where the gallery is. */
static void put_back(const struct restoring *work, struct fid_error *error)
{
    struct fid_error reason = {0};
    bool unused,
        back = work->is_there || access(work->path, F_OK) != 0; /* no other one's journal */
    if (back && work->moved)
        back = fid_link_file(work->aside, work->path, &unused);
    if (back && work->old == NULL)
        back = move_journals(work->aside, work->path);
    if (back && !work->moved)
        unlink(work->aside); /* else its journal is beside it, under this name */
    if (back || error == NULL)
        return;
    reason = *error;
    fid_fail(error, reason.status, "%.300s; what there was of the gallery is %s now", reason.text,
             work->aside);
}

/* Nothing holds a gallery that is not there yet. */
static enum fid_status made_meanwhile(const struct restoring *work, struct fid_error *error)
{
    return fid_fail(error, FID_BUSY,
                    "the gallery %s was made or removed by another process meanwhile: try again",
                    work->path);
}

/* The file stays in its place too, until the next one takes it, where the file
 * system can do that. */
static enum fid_status put_aside(struct restoring *work, struct fid_error *error)
{
    struct stat info;
    const bool is_there = lstat(work->path, &info) == 0;
    if (is_there != work->is_there || (is_there && work->aside[0] == '\0' && info.st_size > 0))
        return made_meanwhile(work, error);
    if (work->aside[0] == '\0')
        return FID_OK;
    if (is_there && !fid_link_file(work->path, work->aside, &work->moved))
        return fid_fail(error, errno == EEXIST ? FID_EXISTS : FID_IO,
                        "the gallery %s cannot be kept as %s: %s", work->path, work->aside,
                        strerror(errno));
    if (work->old != NULL || move_journals(work->path, work->aside))
        return FID_OK;
    fid_fail(error, FID_IO, "the journal of the gallery %s cannot be put aside", work->path);
    put_back(work, error);
    return FID_IO;
}

static enum fid_status replace(struct restoring *work, struct fid_error *error)
{
    struct fid_private_file file = {.database = true};
    enum fid_status status = fid_private_create(work->path, work->is_there, &file, NULL, error);
    if (status == FID_EXISTS)
        status = made_meanwhile(work, error);
    if (status == FID_OK)
        status = write_next(work, file.new.temporary, error);
    if (status == FID_OK)
        status = put_aside(work, error);
    if (status == FID_OK) {
        status = fid_private_publish(&file, error);
        if (status == FID_EXISTS)
            status = made_meanwhile(work, error);
        if (status != FID_OK && work->aside[0] != '\0' && file.new.temporary[0] != '\0')
            put_back(work, error);
    }
    fid_private_discard(&file);
    return status;
}

static void name_model(const struct fid_store_model *model, char *text, size_t bytes)
{
    if (model->id[0] != '\0')
        snprintf(text, bytes, "%s (%.8s)", model->name, model->id);
}

static void tell_all(const struct restoring *work, struct fid_restored *restored)
{
    restored->people = work->people;
    name_model(&work->model, restored->model, sizeof restored->model);
    name_model(&work->before, restored->model_before, sizeof restored->model_before);
    restored->other_model = work->model.id[0] != '\0' && work->before.id[0] != '\0' &&
                            strcmp(work->model.id, work->before.id) != 0;
    if (work->aside[0] != '\0' && !fid_gallery_find_journal(work->aside, restored->aside_journal,
                                                            sizeof restored->aside_journal))
        restored->aside_journal[0] = '\0';
    if (work->is_there)
        snprintf(restored->aside, sizeof restored->aside, "%s", work->aside);
    restored->searchable = work->old != NULL;
}

enum fid_status fid_gallery_restore(const char *path, struct fid_secret *secret, const char *copy,
                                    struct fid_restored *restored, struct fid_error *error)
{
    struct restoring work = {.secret = secret};
    *restored = (struct fid_restored){0};
    enum fid_status status =
        fid_gallery_file(path, FID_FILE_MAKE_FOLDER, work.path, sizeof work.path, error);
    if (status != FID_IO && status != FID_INVALID) /* it may be gone, or its journal left alone */
        status = open_copy(&work, copy, error);
    if (status == FID_OK)
        status = hold_old(&work, error);
    if (status == FID_OK)
        status = replace(&work, error);
    if (status == FID_OK)
        tell_all(&work, restored);
    fid_store_close(&work.old);
    fid_store_close(&work.from);
    return status;
}
