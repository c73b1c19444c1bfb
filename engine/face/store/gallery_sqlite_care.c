/* Care for the file: copies of it, and its bytes as they are. */
#include "engine/base/memory.h"
#include "engine/face/store/gallery_sqlite.h"

#include <stdio.h>
#include <string.h>

/* ---- copies ---- */

/* Damage that was copied shows only in the copy, and as anything. */
static enum fid_status cannot_copy(struct fid_store *store, const char *path, int code,
                                   struct fid_error *error)
{
    if (fid_sqlite_is_damaged(store))
        return fid_sqlite_damaged(store, error);
    return fid_fail(error, FID_IO, "%s cannot be written: %s", path, fid_sqlite_reason(path, code));
}

static enum fid_status copy_pages(struct fid_store *store, sqlite3 *target, const char *path,
                                  struct fid_error *error)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", store->db, "main");
    int code = backup != NULL ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(target);
    int finished = sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE && finished == SQLITE_OK)
        return FID_OK;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return fid_sqlite_fail(store, code, "copied", error);
    return cannot_copy(store, path, code == SQLITE_DONE ? finished : code, error);
}

/* The copy has no history, knows of no other copies, nothing in it is to be purged, and it is a
 * single file. Only tables of these versions have that. */
static int clean_copy(sqlite3 *target, int64_t version)
{
    static const char history_sql[] =
        "BEGIN; DELETE FROM old_consent; DELETE FROM old_sample; DELETE FROM old_person;"
        "DELETE FROM changed; DELETE FROM change; DELETE FROM backup; COMMIT";
    const struct {
        int64_t first_version;
        const char *sql;
    } steps[] = {
        {1, "PRAGMA temp_store=MEMORY; PRAGMA journal_mode=DELETE; PRAGMA secure_delete=ON"},
        {3, history_sql},
        {6, "DELETE FROM unpurged"},
        {1, "VACUUM"},
    };
    int code = SQLITE_OK;
    for (size_t i = 0; code == SQLITE_OK && i < sizeof steps / sizeof steps[0]; i++)
        if (version >= steps[i].first_version)
            code = sqlite3_exec(target, steps[i].sql, NULL, NULL, NULL);
    return code;
}

enum fid_status fid_store_copy(struct fid_store *store, const char *path, struct fid_error *error)
{
    sqlite3 *target = NULL;
    int64_t version = 0;
    enum fid_status status = fid_sqlite_number(store, "PRAGMA user_version", NULL, &version, error);
    if (status == FID_OK)
        status = fid_sqlite_begin_sealed(store->sealed, path, error);
    if (status != FID_OK)
        return status;
    int code = sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
                               store->sealed != NULL ? store->sealed->name : NULL);
    if (code != SQLITE_OK)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", path,
                          fid_sqlite_reason(path, code));
    if (status == FID_OK) {
        fid_sqlite_restrict(target);
        status = copy_pages(store, target, path, error);
    }
    if (status == FID_OK && clean_copy(target, version) != SQLITE_OK)
        status = cannot_copy(store, path, sqlite3_extended_errcode(target), error);
    sqlite3_close_v2(target);
    return status;
}

enum fid_status fid_store_note_backup(struct fid_store *store, const char *path,
                                      struct fid_error *error)
{
    sqlite3_stmt *statement;
    char now[FID_TIME_BYTES];
    fid_sqlite_write_time(now, sizeof now);
    enum fid_status status = fid_sqlite_prepare(
        store, "INSERT OR REPLACE INTO backup VALUES(?1, ?2)", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, now, -1, SQLITE_STATIC);
    return fid_sqlite_finish(store, statement, error);
}

enum fid_status fid_store_each_backup(struct fid_store *store, fid_store_path_fn take, void *ctx,
                                      struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status =
        fid_sqlite_prepare(store, "SELECT path FROM backup ORDER BY path", &statement, error);
    int code = SQLITE_DONE;
    if (status != FID_OK)
        return status;
    while (status == FID_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *path = (const char *)sqlite3_column_text(statement, 0);
        if (path != NULL)
            status = take(ctx, path, error);
    }
    if (status == FID_OK && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

/* ---- raw bytes ---- */

static sqlite3_file *file_of(struct fid_store *store, bool journal)
{
    sqlite3_file *file = NULL;
    int what = journal ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER;
    if (sqlite3_file_control(store->db, "main", what, &file) != SQLITE_OK)
        return NULL;
    return file != NULL && file->pMethods != NULL ? file : NULL;
}

enum fid_status fid_store_file_size(struct fid_store *store, bool journal, uint64_t *size,
                                    struct fid_error *error)
{
    sqlite3_file *file = file_of(store, journal);
    sqlite3_int64 bytes = 0;
    int code = file != NULL ? file->pMethods->xFileSize(file, &bytes) : SQLITE_OK;
    *size = (uint64_t)bytes;
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, "read", error);
}

enum fid_status fid_store_file_read(struct fid_store *store, bool journal, uint64_t at,
                                    uint8_t *bytes, size_t count, struct fid_error *error)
{
    sqlite3_file *file = file_of(store, journal);
    int code = file != NULL ? file->pMethods->xRead(file, bytes, (int)count, (sqlite3_int64)at)
                            : SQLITE_IOERR;
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, "read", error);
}

const char *fid_store_path(const struct fid_store *store)
{
    return store->path;
}
