/* Care for the file: copies of it, whether it is whole, and that nothing of a person is left. */
#include "engine/base/memory.h"
#include "engine/face/store/gallery_sqlite.h"

#include <stdio.h>
#include <string.h>

/* ---- copies ---- */

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
    return fid_fail(error, FID_IO, "%s cannot be written: %s", path, sqlite3_errmsg(target));
}

/* The copy has no history, knows of no other copies, and is a single file. */
static const char clean_copy[] =
    "PRAGMA temp_store=MEMORY; PRAGMA journal_mode=DELETE; PRAGMA secure_delete=ON; BEGIN;"
    "DELETE FROM old_consent; DELETE FROM old_sample; DELETE FROM old_person;"
    "DELETE FROM changed; DELETE FROM change; DELETE FROM backup; COMMIT; VACUUM";

enum fid_status fid_store_copy(struct fid_store *store, const char *path, struct fid_error *error)
{
    sqlite3 *target = NULL;
    enum fid_status status = fid_sqlite_begin_sealed(store->sealed, path, error);
    if (status != FID_OK)
        return status;
    int code = sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
                               store->sealed != NULL ? store->sealed->name : NULL);
    if (code != SQLITE_OK)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", path, sqlite3_errstr(code));
    if (status == FID_OK)
        status = copy_pages(store, target, path, error);
    if (status == FID_OK && sqlite3_exec(target, clean_copy, NULL, NULL, NULL) != SQLITE_OK)
        status = fid_fail(error, FID_IO, "%s cannot be written: %s", path, sqlite3_errmsg(target));
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

enum fid_status fid_store_drop_backup(struct fid_store *store, const char *path,
                                      struct fid_error *error)
{
    int64_t unused;
    return fid_sqlite_number(store, "DELETE FROM backup WHERE path = ?1", path, &unused, error);
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

/* ---- the bytes of a person ---- */

static enum fid_status take_bytes(struct fid_store *store, const char *sql, int64_t person,
                                  fid_store_bytes_fn take, void *ctx, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    int code = SQLITE_DONE;
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    while (status == FID_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(statement, 0);
        if (bytes != NULL)
            status = take(ctx, bytes, (size_t)sqlite3_column_bytes(statement, 0), error);
    }
    if (status == FID_OK && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_each_bytes(struct fid_store *store, int64_t person,
                                     fid_store_bytes_fn take, void *ctx, struct fid_error *error)
{
    static const char *const queries[] = {
        "SELECT data FROM sample WHERE person = ?1", "SELECT data FROM vector WHERE person = ?1",
        "SELECT text FROM consent WHERE person = ?1",
        "SELECT name || name_key || created FROM person WHERE id = ?1", /* as they lie in the row */
    };
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < sizeof queries / sizeof queries[0]; i++)
        status = take_bytes(store, queries[i], person, take, ctx, error);
    return status == FID_OK ? fid_sqlite_each_crop_bytes(store, person, take, ctx, error) : status;
}

enum fid_status fid_store_has_bytes(struct fid_store *store, const void *bytes, size_t size,
                                    bool *has, struct fid_error *error)
{
    sqlite3_stmt *statement;
    *has = false;
    enum fid_status status =
        fid_sqlite_prepare(store,
                           "SELECT 1 FROM sample WHERE data = ?1 UNION ALL "
                           "SELECT 1 FROM sample WHERE instr(crop, ?1) > 0 UNION ALL "
                           "SELECT 1 FROM vector WHERE data = ?1 UNION ALL "
                           "SELECT 1 FROM stranger WHERE data = ?1 UNION ALL "
                           "SELECT 1 FROM consent WHERE text = CAST(?1 AS TEXT)",
                           &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_blob(statement, 1, bytes, (int)size, SQLITE_STATIC);
    int code = sqlite3_step(statement);
    *has = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
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

/* ---- another file's people who are this one ---- */

enum fid_status fid_store_delete_alike(struct fid_store *store, const struct fid_store *of,
                                       int64_t person, const char *key, size_t *deleted,
                                       struct fid_error *error)
{
    static const char delete_sql[] =
        "DELETE FROM person WHERE id = ?1 OR name_key = ?2 OR id IN (SELECT person FROM sample"
        " WHERE data IN (SELECT data FROM living.sample WHERE person = ?1)"
        " OR crop IN (SELECT crop FROM living.sample WHERE person = ?1 AND length(crop) > 0))";
    sqlite3_stmt *statement = NULL;
    char uri[FID_SQLITE_URI_BYTES];
    *deleted = 0;
    enum fid_status status =
        fid_sqlite_prepare(store, "ATTACH DATABASE ?1 AS living", &statement, error);
    if (status != FID_OK)
        return status;
    fid_sqlite_uri(of->path, of->sealed, "", uri);
    sqlite3_bind_text(statement, 1, uri, -1, SQLITE_STATIC);
    status = fid_sqlite_finish(store, statement, error);
    if (status == FID_OK)
        status = fid_sqlite_prepare(store, delete_sql, &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    status = fid_sqlite_finish(store, statement, error);
    *deleted = status == FID_OK ? (size_t)sqlite3_changes(store->db) : 0;
    if (status == FID_OK &&
        sqlite3_exec(store->db, "DETACH DATABASE living", NULL, NULL, NULL) != SQLITE_OK)
        status = fid_sqlite_fail(store, sqlite3_errcode(store->db), "closed", error);
    return status;
}
