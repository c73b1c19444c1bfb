/* Copies: a whole gallery in another file, which is only read, and the list of those that
 * fid_gallery_backup made and fid_gallery_restore put aside. */
#include "engine/base/memory.h"
#include "engine/face/keeping/keeping.h"
#include "engine/store/file.h"
#include "engine/store/private_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the list ---- */

enum fid_status fid_copies_take(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    struct fid_copies *copies = ctx;
    struct fid_copy_record record;
    if (!fid_record_read_copy(entry, &record))
        return fid_fail(error, FID_CORRUPT, "the list of the gallery's copies is damaged");
    struct fid_copy *room =
        fid_grow(copies->copies, copies->count, &copies->room, sizeof *copies->copies);
    copies->copies = room != NULL ? room : copies->copies;
    char *path = room != NULL ? fid_calloc(record.path_size + 1, 1) : NULL;
    if (path == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the list of copies");
    memcpy(path, record.path, record.path_size);
    copies->copies[copies->count++] = (struct fid_copy){.path = path};
    return FID_OK;
}

enum fid_status fid_copies_list(struct fid_ledger *ledger, struct fid_copies *copies,
                                struct fid_error *error)
{
    return fid_ledger_scan(ledger, FID_FIRST_ID(FID_KIND_COPY), FID_FIRST_ID(FID_KIND_CHANGE), 0,
                           fid_copies_take, copies, error);
}

void fid_copies_close(struct fid_copies *copies)
{
    for (size_t i = 0; i < copies->count; i++) {
        fid_ledger_close(&copies->copies[i].ledger);
        fid_free(copies->copies[i].path);
    }
    fid_free(copies->copies);
    *copies = (struct fid_copies){0};
}

enum fid_status fid_copies_note(struct fid_ledger *ledger, const char *path,
                                struct fid_error *error)
{
    struct fid_copies copies = {0};
    struct fid_copy_record record = {.path = path, .path_size = strlen(path)};
    struct fid_writer writer = {0};
    bool known = false;
    int64_t id;
    enum fid_status status = fid_copies_list(ledger, &copies, error);
    for (size_t i = 0; i < copies.count; i++)
        known = known || strcmp(copies.copies[i].path, path) == 0;
    fid_copies_close(&copies);
    if (status != FID_OK || known)
        return status;
    fid_now(record.created);
    fid_record_write_copy(&writer, &record);
    status = writer.failed
                 ? fid_fail(error, FID_NO_MEMORY, "no memory to note the copy %.200s", path)
                 : fid_ledger_draw(ledger, FID_KIND_COPY, 0, &id, error);
    if (status == FID_OK)
        status = fid_ledger_put(ledger, id, 0, NULL, writer.bytes, writer.size, error);
    fid_free(writer.bytes);
    return status;
}

/* ---- opening them ---- */

enum fid_status fid_copies_clear(const char *path, struct fid_error *error)
{
    enum { PAUSE_MS = 50 };
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    bool is_written = fid_private_is_written(path);
    for (int waited = 0; is_written && waited < FID_STORE_BUSY_MS; waited += PAUSE_MS) {
        nanosleep(&pause, NULL);
        is_written = fid_private_is_written(path);
    }
    return is_written ? fid_fail(error, FID_BUSY, "another process is writing %s", path)
                      : fid_private_clear(path, error);
}

static enum fid_status cannot_open(const struct fid_ledger *of, const char *path,
                                   const struct fid_error *why, struct fid_error *error)
{
    char journal[PATH_MAX + 16] = "";
    if (why->status == FID_BUSY)
        return fid_fail(error, FID_BUSY, "%s, a copy of this gallery, is in use by another process",
                        path);
    if (why->status == FID_SEALED)
        return fid_fail(error, FID_SEALED, "%s, a copy of this gallery, is sealed%s", path,
                        of->secret == NULL ? ", and the gallery is not"
                                           : " with another secret than the gallery");
    const bool two = fid_file_find_journal(path, journal, sizeof journal);
    return fid_fail(error, why->status,
                    "%s, noted as a copy of this gallery, is damaged, or no gallery, and cannot be "
                    "searched: remove it%s%s, or move it away; %s",
                    path, two ? " and its journal " : "", two ? journal : "", why->text);
}

static enum fid_status open_copy(struct fid_copies *copies, struct fid_copy *copy,
                                 const struct fid_ledger *of, struct fid_error *error)
{
    struct fid_error why = {0};
    char journal[PATH_MAX + 16];
    if (fid_store_not_own(of->store, copy->path, NULL) != FID_OK)
        return FID_OK;
    enum fid_status status = fid_copies_clear(copy->path, error);
    if (status != FID_OK)
        return status;
    const bool is_there = access(copy->path, F_OK) == 0;
    if (!is_there && fid_file_find_journal(copy->path, journal, sizeof journal))
        return fid_fail(error, FID_CORRUPT,
                        "%s, the journal of a copy of this gallery that is gone, cannot be "
                        "searched: remove it, or move it away",
                        journal);
    if (is_there && fid_ledger_open_any(copy->path, 0, of->secret, &copy->ledger, &why) != FID_OK)
        return cannot_open(of, copy->path, &why, error);
    copies->absent += copy->ledger == NULL; /* removed, or on a disk that is not here now */
    return FID_OK;
}

enum fid_status fid_copies_open(struct fid_copies *copies, const struct fid_ledger *of,
                                struct fid_error *error)
{
    enum fid_status status = FID_OK;
    copies->absent = 0;
    for (size_t i = 0; status == FID_OK && i < copies->count; i++)
        status = open_copy(copies, &copies->copies[i], of, error);
    return status;
}

/* ---- making one ---- */

void fid_gallery_aside(const char *path, char *aside, size_t bytes)
{
    const time_t now = time(NULL);
    struct tm utc;
    char text[32], unused[PATH_MAX + 16];
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
    const int most = (int)(bytes - sizeof text - 8);
    snprintf(aside, bytes, "%.*s.%s", most, path, text);
    for (int i = 2; i < 1000 && (access(aside, F_OK) == 0 ||
                                 fid_file_find_journal(aside, unused, sizeof unused));
         i++) /* within one second */
        snprintf(aside, bytes, "%.*s.%s-%d", most, path, text, i);
}

static enum fid_status copy_row(void *ctx, const struct fid_entry *entry, struct fid_error *error)
{
    return fid_ledger_put_sealed(ctx, entry->id, entry->stored, error);
}

/* The copy's manifest counts what was read, so that a row that is missing shows. */
enum fid_status fid_copy_write(struct fid_ledger *ledger, const char *path, struct fid_error *error)
{
    struct fid_ledger *copy = NULL;
    enum fid_status status = fid_ledger_make_copy(path, ledger, &copy, error);
    for (int kind = 1; status == FID_OK && kind < FID_KINDS; kind++) {
        if (kind == FID_KIND_COPY || kind == FID_KIND_CHANGE)
            continue;
        status = fid_ledger_scan(ledger, FID_FIRST_ID(kind), FID_FIRST_ID(kind + 1), 0, copy_row,
                                 copy, error);
        if (status == FID_OK && !fid_manifest_agrees(&copy->manifest, &ledger->manifest, kind))
            status = fid_fail(error, FID_CORRUPT, "rows of the gallery %s are missing, or too many",
                              fid_store_name(ledger->store));
    }
    if (status == FID_OK)
        status = fid_ledger_commit(copy, error);
    if (status == FID_OK) /* closing would not tell that the file had no room for its journal */
        status = fid_store_purge(copy->store, false, error);
    fid_ledger_close(&copy); /* its journal goes with it */
    return status;
}

/* Makes the file, and FILLS temporary with it in full. The gallery notes it first: a copy that is
 * not known would keep people who are forgotten. Both in one transaction: a forgetting has either
 * ended by now, or finds the file held. */
static enum fid_status note_and_create(struct fid_gallery *gallery, const char *path, bool replace,
                                       struct fid_private_file *file, char temporary[PATH_MAX],
                                       struct fid_error *error)
{
    struct fid_ledger *ledger = gallery->ledger;
    char full[PATH_MAX];
    enum fid_status status = fid_ledger_begin(ledger, true, error);
    if (status != FID_OK)
        return status;
    const bool is_seen = ledger->manifest.generation == gallery->generation;
    status = fid_private_create(path, replace, file, NULL, error);
    if (status == FID_OK && realpath(file->new.temporary, temporary) == NULL)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", path, strerror(errno));
    if (status == FID_OK) {
        snprintf(full, sizeof full, "%.*s", (int)(strlen(temporary) - strlen(FID_PRIVATE_ENDING)),
                 temporary);
        status = fid_copies_note(ledger, full, error);
    }
    if (status == FID_OK)
        status = fid_ledger_commit(ledger, error);
    else
        fid_ledger_rollback(ledger);
    if (status == FID_OK && is_seen) /* the mirror has no part in it */
        gallery->generation = ledger->manifest.generation;
    return status;
}

static enum fid_status write_copy(struct fid_ledger *ledger, const char *path,
                                  const char *temporary, struct fid_error *error)
{
    struct fid_error why = {0};
    enum fid_status status = fid_ledger_begin(ledger, false, &why);
    if (status == FID_OK)
        status = fid_copy_write(ledger, temporary, &why);
    fid_ledger_rollback(ledger);
    const bool kept = status == FID_CORRUPT && access(path, F_OK) == 0;
    if (status == FID_CORRUPT)
        return fid_fail(error, status,
                        "the gallery %s is damaged, and is not copied%s%s%s (%.200s)",
                        fid_store_name(ledger->store), kept ? "; the copy " : "", kept ? path : "",
                        kept ? " is kept as it was" : "", why.text);
    return status == FID_OK ? FID_OK
                            : fid_fail(error, status, "%s cannot be written: %s", path, why.text);
}

enum fid_status fid_gallery_backup(struct fid_gallery *gallery, const char *path, bool replace,
                                   struct fid_error *error)
{
    struct fid_private_file file = {.database = true};
    char temporary[PATH_MAX];
    if ((gallery->flags & FID_GALLERY_MEMORY) != 0)
        return fid_fail(error, FID_INVALID, "%s is in memory, where nothing remembers a copy",
                        gallery->path);
    enum fid_status status = fid_gallery_writable(gallery, error);
    if (status == FID_OK)
        status = fid_store_not_own(gallery->ledger->store, path, error);
    if (status == FID_OK)
        status = fid_private_database_may_be_made(path, replace, error);
    if (status == FID_OK)
        status = note_and_create(gallery, path, replace, &file, temporary, error);
    if (status == FID_OK)
        status = write_copy(gallery->ledger, path, temporary, error);
    if (status == FID_OK)
        status = fid_private_publish(&file, error);
    fid_private_discard(&file);
    return status;
}
