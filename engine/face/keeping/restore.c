/* A copy comes in the gallery's place, and what was there goes aside. */
#include "engine/face/gallery/name.h"
#include "engine/face/keeping/keeping.h"
#include "engine/store/file.h"
#include "engine/store/private_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEAST = 512, GENERATIONS_AHEAD = 1 << 20 }; /* bytes of a database */

struct restoring {
    const char *path;
    char full[PATH_MAX];  /* of a file; "": a server */
    char aside[PATH_MAX]; /* "": there is nothing in the way */
    struct fid_secret *secret;
    struct fid_secret *next;          /* the copy's: NULL, where it is plain */
    struct fid_ledger *from;          /* the copy */
    struct fid_ledger *into;          /* the gallery */
    struct fid_copies copies;         /* that a gallery had noted which does not open */
    struct fid_manifest before, seen; /* of the gallery; of the copy's rows as they are taken */
    bool opens;                       /* the gallery did */
    bool has_file;                    /* else, and is not its journal alone */
};

/* ---- the copy ---- */

static enum fid_status open_copy(struct restoring *work, const char *copy, struct fid_error *error)
{
    size_t faults = 0;
    struct fid_error why = {0};
    enum fid_status status =
        fid_ledger_open_any(copy, FID_STORE_READ, work->secret, &work->from, &why);
    if (access(copy, F_OK) != 0)
        return fid_fail(error, FID_NOT_FOUND, "there is no copy %s", copy);
    if (status == FID_OK && work->from == NULL)
        return fid_fail(error, FID_CORRUPT, "%s is empty, and no copy: take another one", copy);
    if (status == FID_CORRUPT)
        return fid_fail(error, status,
                        "%s is no copy of a gallery, or damaged: take another copy; %s", copy,
                        why.text);
    if (status == FID_SEALED && work->secret != NULL)
        return fid_fail(error, status,
                        "the copy %s is not opened by what was given: name the key or passphrase "
                        "it was made with, which is the gallery's from then on, or take another "
                        "copy",
                        copy);
    if (status != FID_OK)
        return fid_fail(error, status, "%s", why.text);
    if (fid_store_not_own(work->from->store, work->path, NULL) != FID_OK)
        return fid_fail(error, FID_INVALID, "%s is the gallery itself: name a copy of it", copy);
    status = fid_ledger_check(work->from, NULL, NULL, &faults, error);
    if (status == FID_OK && faults > 0)
        return fid_fail(error, FID_CORRUPT, "%s is damaged itself: take another copy", copy);
    work->next = fid_vault_is_sealed(work->from->vault) ? work->secret : NULL;
    return status;
}

/* ---- what is there ---- */

/* *damaged: it does not open. Whoever can open a sealed copy may have it in the place of a gallery
 * that another secret opens. */
static enum fid_status open_gallery(struct restoring *work, bool *damaged, struct fid_error *error)
{
    struct stat info = {0};
    struct fid_error why = {0};
    char unused[PATH_MAX + 16];
    const bool is_file = work->full[0] != '\0';
    enum fid_status status = FID_CORRUPT;
    work->has_file = is_file && lstat(work->full, &info) == 0;
    if (is_file && info.st_size == 0 && !fid_file_find_journal(work->full, unused, sizeof unused))
        return FID_OK;
    if (!is_file || info.st_size >= LEAST)
        status = fid_ledger_open_any(work->path, 0, work->secret, &work->into, &why);
    work->opens = status == FID_OK && work->into != NULL;
    if (work->opens)
        work->before = work->into->manifest;
    *damaged = is_file && (status == FID_CORRUPT || (status == FID_SEALED && work->next != NULL));
    if (*damaged && work->secret != NULL && work->next == NULL)
        return fid_fail(error, FID_SEALED,
                        "the gallery %s does not open, and may be sealed, which the copy is not: "
                        "move it away before",
                        work->path);
    return status == FID_OK || *damaged || status == FID_NOT_FOUND
               ? FID_OK
               : fid_fail(error, status, "%s", why.text);
}

/* Renames a gallery that is not open, and its journals. The file comes first: without it these are
 * found by their names. */
static enum fid_status move(const char *from, const char *to, struct fid_error *error)
{
    static const char *const endings[] = {"", FID_FILE_JOURNALS};
    char before[PATH_MAX + 16], after[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(before, sizeof before, "%s%s", from, endings[i]);
        snprintf(after, sizeof after, "%s%s", to, endings[i]);
        if (rename(before, after) != 0 && errno != ENOENT)
            return fid_fail(error, FID_IO, "the gallery %s cannot be moved to %s: %s", before,
                            after, strerror(errno));
    }
    return FID_OK;
}

/* The gallery as it is, in its transaction. */
static enum fid_status copy_aside(struct restoring *work, struct fid_error *error)
{
    struct fid_private_file file = {.database = true};
    enum fid_status status = fid_private_create(work->aside, false, &file, NULL, error);
    if (status == FID_OK)
        status = fid_copy_write(work->into, file.new.temporary, error);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    fid_private_discard(&file);
    return status;
}

/* ---- what comes ---- */

/* Forgetting has to reach the copy, and what goes aside. */
static enum fid_status note_copies(struct restoring *work, struct fid_error *error)
{
    enum fid_status status = fid_copies_note(work->into, fid_store_name(work->from->store), error);
    if (status == FID_OK && work->aside[0] != '\0')
        status = fid_copies_note(work->into, work->aside, error);
    for (size_t i = 0; status == FID_OK && i < work->copies.count; i++)
        status = fid_copies_note(work->into, work->copies.copies[i].path, error);
    return status;
}

/* Before there is a file aside. */
static enum fid_status note_first(struct restoring *work, struct fid_error *error)
{
    fid_gallery_aside(work->full[0] != '\0' ? work->full : fid_store_name(work->from->store),
                      work->aside, sizeof work->aside);
    enum fid_status status = fid_ledger_begin_copy(work->into, error);
    if (status == FID_OK)
        status = fid_copies_list(work->into, &work->copies, error);
    if (status == FID_OK)
        status = note_copies(work, error);
    if (status == FID_OK)
        return fid_ledger_commit(work->into, error);
    fid_ledger_rollback(work->into);
    return status;
}

static enum fid_status put_row(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct restoring *work = ctx;
    struct fid_person_record person;
    char key[FID_NAME_KEY_BYTES];
    const unsigned kind = FID_ROW_KIND(entry->id);
    fid_manifest_count(&work->seen, work->from->vault, entry->id, entry->stored->body,
                       entry->stored->size, true);
    if (kind == FID_KIND_CHANGE)
        return FID_OK;
    if (kind == FID_KIND_COPY) /* of a gallery that is no copy */
        return fid_copies_take(&work->copies, entry, error);
    const bool named = kind == FID_KIND_PERSON;
    if (named && (!fid_record_read_person(entry, &person) ||
                  fid_name_key(person.name, key, error) != FID_OK))
        return fid_fail(error, FID_CORRUPT, "the copy is damaged");
    return fid_ledger_put(work->into, entry->id, entry->person, named ? key : NULL, entry->content,
                          entry->size, error);
}

/* In place of all rows. Where the copy is sealed and the gallery is not, or the other way round, it
 * gets another key: vault. */
static enum fid_status take_rows(struct restoring *work, struct fid_vault *vault,
                                 struct fid_error *error)
{
    struct fid_manifest *manifest = &work->into->manifest;
    struct fid_vault *before = NULL;
    work->seen = (struct fid_manifest){0};
    enum fid_status status = fid_ledger_delete_all(work->into, error);
    if (vault != NULL && status == FID_OK)
        status = fid_ledger_rekey(work->into, vault, &before, error);
    fid_vault_close(vault != NULL && before == NULL ? &vault : &before);
    if (status == FID_OK)
        status = fid_ledger_begin(work->from, false, error);
    if (status == FID_OK)
        status = fid_ledger_scan(work->from, FID_FIRST_ID(FID_KIND_PERSON), FID_FIRST_ID(FID_KINDS),
                                 0, put_row, work, error);
    for (int kind = 1; status == FID_OK && kind < FID_KINDS; kind++)
        if (!fid_manifest_agrees(&work->seen, &work->from->manifest, kind))
            status = fid_fail(error, FID_CORRUPT, "the copy is damaged");
    const struct fid_manifest *copied = &work->from->manifest;
    memcpy(manifest->model, copied->model, sizeof manifest->model);
    memcpy(manifest->model_name, copied->model_name, sizeof manifest->model_name);
    manifest->vector_size = copied->vector_size;
    manifest->flags = FID_ROOT_UNPURGED;
    if (manifest->generation <= copied->generation)
        manifest->generation = copied->generation + 1;
    if (!work->opens) /* who runs may remember that of a gallery that does not open */
        manifest->generation += GENERATIONS_AHEAD;
    fid_ledger_rollback(work->from);
    return status == FID_OK ? note_copies(work, error) : status;
}

/* One transaction: who reads the gallery sees all of it before, or all of the copy. */
static enum fid_status replace(struct restoring *work, struct fid_error *error)
{
    struct fid_vault *vault = NULL;
    const bool rekeyed = fid_vault_is_sealed(work->into->vault) != (work->next != NULL);
    enum fid_status status = FID_OK;
    if (rekeyed)
        status =
            fid_vault_make(fid_vault_gallery(work->into->vault), work->next, NULL, &vault, error);
    if (status == FID_OK && work->opens)
        status = note_first(work, error);
    if (status == FID_OK)
        status = fid_ledger_begin_copy(work->into, error);
    const bool begun = status == FID_OK;
    if (begun && work->opens) /* a backup may have noted one since; each is noted once */
        status = fid_copies_list(work->into, &work->copies, error);
    if (begun && !work->opens && work->into->manifest.tallies[FID_KIND_PERSON].count > 0)
        status = fid_fail(error, FID_BUSY, "the gallery %s was made by another process meanwhile",
                          work->path);
    if (status == FID_OK && work->opens)
        status = copy_aside(work, error);
    if (status == FID_OK)
        status = take_rows(work, vault, error);
    else
        fid_vault_close(&vault);
    if (status == FID_OK) {
        work->into->secret = work->next;
        status = fid_ledger_commit(work->into, error);
    } else if (begun) {
        fid_ledger_rollback(work->into);
    }
    if (status == FID_OK) /* what fails is noted, and a check finishes it */
        fid_ledger_purge(work->into, rekeyed, NULL);
    return status;
}

static enum fid_status write_new(struct restoring *work, struct fid_error *error)
{
    enum fid_status status =
        fid_ledger_open(work->path, FID_STORE_CREATE, work->next, NULL, &work->into, error);
    return status == FID_OK ? replace(work, error) : status;
}

/* The list of its copies is taken over as far as it can be read. */
static void find_copies(struct restoring *work)
{
    struct fid_carved carved;
    struct fid_entry entry;
    fid_copies_close(&work->copies);
    if (fid_carve(work->full, work->secret, &carved, NULL) != FID_OK)
        return;
    for (size_t i = 0; i < carved.count; i++)
        if (fid_carved_kind(&carved, i) == FID_KIND_COPY && fid_carved_open(&carved, i, &entry))
            fid_copies_take(&work->copies, &entry, NULL);
    fid_carved_free(&carved);
}

/* In place of a gallery that does not open, or whose rows do not. */
static enum fid_status move_and_write_new(struct restoring *work, struct fid_error *error)
{
    static const char *const endings[] = {FID_FILE_BESIDE, ""};
    char made[PATH_MAX + 16];
    struct fid_error why = {0};
    fid_ledger_close(&work->into);
    work->opens = false;
    fid_gallery_aside(work->full, work->aside, sizeof work->aside);
    enum fid_status status = work->has_file ? fid_store_not_used(work->full, error) : FID_OK;
    if (status != FID_OK)
        return status;
    find_copies(work);
    status = move(work->full, work->aside, error);
    if (status == FID_OK && (status = write_new(work, &why)) == FID_OK)
        return status;
    fid_ledger_close(&work->into);
    const bool is_ours = why.status != FID_OK && status != FID_BUSY;
    for (size_t i = 0; is_ours && i < sizeof endings / sizeof *endings; i++) {
        snprintf(made, sizeof made, "%s%s", work->full, endings[i]);
        unlink(made);
    }
    if (status == FID_BUSY || move(work->aside, work->full, NULL) != FID_OK)
        return fid_fail(error, status, "%.300s; what there was of the gallery is %s now", why.text,
                        work->aside);
    return why.status != FID_OK ? fid_fail(error, status, "%s", why.text) : status;
}

/* ---- all of it ---- */

static void name_model(const struct fid_manifest *manifest, char *text, size_t bytes)
{
    if (manifest->model[0] != '\0')
        snprintf(text, bytes, "%s (%.8s)", manifest->model_name, manifest->model);
}

static void tell_all(const struct restoring *work, struct fid_restored *restored)
{
    const struct fid_manifest *now = &work->into->manifest, *before = &work->before;
    restored->people = (size_t)now->tallies[FID_KIND_PERSON].count;
    restored->searchable = work->opens;
    name_model(now, restored->model, sizeof restored->model);
    name_model(before, restored->model_before, sizeof restored->model_before);
    restored->other_model =
        now->model[0] != '\0' && before->model[0] != '\0' && strcmp(now->model, before->model) != 0;
    if (work->opens || work->has_file)
        snprintf(restored->aside, sizeof restored->aside, "%s", work->aside);
    if (work->opens || !fid_file_find_journal(work->aside, restored->aside_journal,
                                              sizeof restored->aside_journal))
        restored->aside_journal[0] = '\0';
}

enum fid_status fid_gallery_restore(const char *path, struct fid_secret *secret, const char *copy,
                                    struct fid_restored *restored, struct fid_error *error)
{
    struct restoring work = {.path = path, .secret = secret};
    struct fid_error why = {0};
    bool damaged = false;
    enum fid_status status = FID_OK;
    *restored = (struct fid_restored){0};
    if (!fid_store_is_server(path))
        status = fid_file_find(path, FID_FILE_MAKE_FOLDER, work.full, sizeof work.full, &why);
    if (status != FID_IO && status != FID_INVALID) /* it may be gone, or its journal left alone */
        status = open_copy(&work, copy, &why);
    if (status == FID_OK)
        status = open_gallery(&work, &damaged, &why);
    if (status == FID_OK && !damaged)
        status = work.into != NULL ? replace(&work, &why) : write_new(&work, &why);
    if ((damaged && status == FID_OK) ||
        (status == FID_CORRUPT && work.opens && work.full[0] != '\0'))
        status = move_and_write_new(&work, &why);
    if (status == FID_OK)
        tell_all(&work, restored);
    else
        fid_fail(error, status, "%s", why.text);
    fid_ledger_close(&work.into);
    fid_ledger_close(&work.from);
    fid_copies_close(&work.copies);
    return status;
}
