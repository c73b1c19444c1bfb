/* The last change: the people that it touched, as they were before. */
#include "engine/face/store/gallery_sqlite.h"

#include <string.h>

enum fid_status fid_store_begin_change(struct fid_store *store, const char *verb,
                                       struct fid_error *error)
{
    sqlite3_stmt *statement;
    char now[FID_TIME_BYTES];
    fid_sqlite_write_time(now, sizeof now);
    enum fid_status status =
        fid_sqlite_run(store,
                       "DELETE FROM old_consent; DELETE FROM old_sample; DELETE FROM old_person;"
                       "DELETE FROM changed; DELETE FROM change",
                       error);
    if (status == FID_OK)
        status =
            fid_sqlite_prepare(store, "INSERT INTO change VALUES(1, ?1, ?2)", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_text(statement, 1, verb, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, now, -1, SQLITE_STATIC);
    return fid_sqlite_finish(store, statement, error);
}

enum fid_status fid_store_keep_person(struct fid_store *store, int64_t person, bool is_new,
                                      struct fid_error *error)
{
    static const char *const steps[] = {
        "INSERT INTO changed VALUES(?1)",
        "INSERT INTO old_person SELECT * FROM person WHERE id = ?1",
        "INSERT INTO old_sample SELECT * FROM sample WHERE person = ?1",
        "INSERT INTO old_consent SELECT * FROM consent WHERE person = ?1",
    };
    size_t count = is_new ? 1 : sizeof steps / sizeof steps[0];
    enum fid_status status = FID_OK;
    for (size_t i = 0; status == FID_OK && i < count; i++)
        status = fid_sqlite_change_person(store, steps[i], person, error);
    return status;
}

enum fid_status fid_store_read_change(struct fid_store *store, struct fid_change *change,
                                      struct fid_error *error)
{
    sqlite3_stmt *statement;
    *change = (struct fid_change){0};
    enum fid_status status =
        fid_sqlite_prepare(store, "SELECT verb, created FROM change", &statement, error);
    if (status != FID_OK)
        return status;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        fid_sqlite_copy_column(statement, 0, change->verb, sizeof change->verb);
        fid_sqlite_copy_column(statement, 1, change->time, sizeof change->time);
    } else if (code != SQLITE_DONE) {
        status = fid_sqlite_fail(store, code, "read", error);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum fid_status read_ids(struct fid_store *store, const char *sql, int64_t *ids,
                                size_t capacity, size_t *count, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    *count = 0;
    if (status != FID_OK)
        return status;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (*count < capacity)
            ids[*count] = sqlite3_column_int64(statement, 0);
        ++*count;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? FID_OK : fid_sqlite_fail(store, code, "read", error);
}

enum fid_status fid_store_undo(struct fid_store *store, int64_t *ids, size_t capacity,
                               size_t *count, struct fid_error *error)
{
    enum fid_status status =
        read_ids(store, "SELECT id FROM old_person ORDER BY id", ids, capacity, count, error);
    if (status != FID_OK || *count > capacity)
        return status;
    return fid_sqlite_run(store,
                          "DELETE FROM person WHERE id IN (SELECT person FROM changed);"
                          "INSERT INTO person SELECT * FROM old_person;"
                          "INSERT INTO sample SELECT * FROM old_sample;"
                          "INSERT INTO consent SELECT * FROM old_consent;"
                          "DELETE FROM old_consent; DELETE FROM old_sample; DELETE FROM old_person;"
                          "DELETE FROM changed; DELETE FROM change",
                          error);
}
