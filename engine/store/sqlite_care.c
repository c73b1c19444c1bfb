/* Care for the file: no byte of deleted rows stays in it, faults of its structure, and its bytes as
 * they are. */
#include "engine/store/sqlite.h"

#include "engine/base/memory.h"
#include "engine/store/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct fid_sqlite *of(struct fid_store *store)
{
    return (struct fid_sqlite *)store;
}

/* ---- purge, hold, check ---- */

enum fid_status fid_sqlite_purge(struct fid_store *base, bool rewrite)
{
    enum fid_status status = rewrite ? fid_sqlite_run(of(base), "VACUUM", "rewritten") : FID_OK;
    if (status != FID_OK)
        return status;
    int code =
        sqlite3_wal_checkpoint_v2(of(base)->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(of(base), code, "rewritten");
}

/* Without a WAL there is one connection at most that may write, and in this locking mode no other
 * one at all until it is closed. */
enum fid_status fid_sqlite_hold(struct fid_store *base)
{
    enum fid_status status = fid_sqlite_run(of(base), "PRAGMA locking_mode=EXCLUSIVE", "locked");
    return status == FID_OK ? fid_sqlite_insist(of(base), "PRAGMA journal_mode=DELETE", "locked")
                            : status;
}

/* Several faults stand in one row, a line each, below a heading. */
static void tell_faults(const char *text, fid_tell_fn tell, void *ctx)
{
    char sentence[480];
    while (text != NULL && *text != '\0') {
        const int length = (int)strcspn(text, "\n");
        if (length > 0 && strncmp(text, "***", 3) != 0 && strcmp(text, "ok") != 0) {
            snprintf(sentence, sizeof sentence, "the structure of the file is damaged (%.*s)",
                     length < 400 ? length : 400, text);
            tell(ctx, sentence);
        }
        text += length + (text[length] == '\n');
    }
}

enum fid_status fid_sqlite_check(struct fid_store *base, fid_tell_fn tell, void *ctx)
{
    /* Six steps a byte, and a million: a row's hundred take a hundred bytes at least. */
    enum { THOUSANDS = 1000, THOUSANDS_A_PAGE = 400 };
    struct fid_sqlite *store = of(base);
    sqlite3_stmt *statement = NULL;
    int64_t pages = 0;
    enum fid_status status = fid_sqlite_number(store, "PRAGMA page_count", &pages);
    if (status != FID_OK)
        return status;
    fid_sqlite_bound(store, THOUSANDS + THOUSANDS_A_PAGE * pages);
    int code = sqlite3_prepare_v2(store->db, "PRAGMA integrity_check(20)", -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW)
        if ((code = sqlite3_step(statement)) == SQLITE_ROW)
            tell_faults((const char *)sqlite3_column_text(statement, 0), tell, ctx);
    const int kind = code & 0xFF;
    if (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR ||
        kind == SQLITE_INTERRUPT)
        tell(ctx, "not all of the file can be read: pages are damaged");
    else if (code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read");
    sqlite3_finalize(statement);
    fid_sqlite_bound(store, 0);
    return status;
}

/* ---- raw bytes ---- */

static enum fid_status raw_failed(const char *path, int code, struct fid_error *error)
{
    if ((code & 0xFF) == SQLITE_BUSY)
        return fid_fail(error, FID_BUSY, "the gallery %s is locked by another process", path);
    if (code == SQLITE_NOMEM)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", path);
    return fid_fail(error, FID_IO, "the gallery %s cannot be read: %s", path,
                    fid_sqlite_reason(path, code));
}

enum fid_status fid_sqlite_open_raw(struct fid_sqlite *store)
{
    char journal[PATH_MAX + 16];
    const char *path = store->base.name;
    int code = fid_sqlite_raw_open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &store->raw);
    if (code == SQLITE_OK && fid_file_find_journal(path, journal, sizeof journal))
        code =
            fid_sqlite_raw_open(journal, SQLITE_OPEN_READONLY | SQLITE_OPEN_WAL, &store->journal);
    return code == SQLITE_OK ? FID_OK : raw_failed(path, code, store->base.error);
}

static sqlite3_file *file_of(struct fid_sqlite *store, bool journal)
{
    sqlite3_file *file = journal ? store->journal.file : store->raw.file;
    if (store->db != NULL)
        sqlite3_file_control(store->db, "main",
                             journal ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER,
                             &file);
    return file != NULL && file->pMethods != NULL ? file : NULL; /* there is none */
}

enum fid_status fid_sqlite_read_raw(struct fid_store *base, bool journal, uint64_t at,
                                    uint8_t *bytes, size_t size, size_t *got)
{
    sqlite3_file *file = file_of(of(base), journal);
    sqlite3_int64 end = 0;
    int code = file != NULL ? file->pMethods->xFileSize(file, &end) : SQLITE_OK;
    if (code == SQLITE_OK && at < (uint64_t)end) {
        const uint64_t rest = (uint64_t)end - at;
        const int count = (int)(rest < size ? rest : size < INT_MAX ? size : INT_MAX);
        code = file->pMethods->xRead(file, bytes, count, (sqlite3_int64)at);
        *got = code == SQLITE_OK ? (size_t)count : 0;
    }
    return code == SQLITE_OK || code == SQLITE_IOERR_SHORT_READ /* it was cut just now */
               ? FID_OK
               : raw_failed(base->name, code, base->error);
}

/* ---- files that are in use ---- */

enum fid_status fid_store_not_own(const struct fid_store *store, const char *path,
                                  struct fid_error *error)
{
    static const char *const endings[] = {"", FID_FILE_BESIDE};
    struct stat wanted, own;
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", store->name, endings[i]);
        if (stat(path, &wanted) == 0 && stat(name, &own) == 0 && own.st_dev == wanted.st_dev &&
            own.st_ino == wanted.st_ino)
            return fid_fail(error, FID_INVALID, "%s is a file of the gallery itself", path);
    }
    return FID_OK;
}

enum fid_status fid_store_not_used(const char *path, struct fid_error *error)
{
    struct fid_sqlite_raw raw = {0};
    int code = fid_sqlite_raw_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB, &raw);
    if (code == SQLITE_OK)
        code = raw.file->pMethods->xLock(raw.file, SQLITE_LOCK_SHARED);
    if (code == SQLITE_OK)
        code = raw.file->pMethods->xLock(raw.file, SQLITE_LOCK_EXCLUSIVE);
    if (raw.file != NULL && raw.file->pMethods != NULL)
        raw.file->pMethods->xUnlock(raw.file, SQLITE_LOCK_NONE);
    fid_sqlite_close_raw(&raw);
    return code == SQLITE_OK ? FID_OK : raw_failed(path, code, error);
}
