/* What was agreed with people, and where their samples are from: what files before version 3 lack.
 */
#include "engine/face/store/gallery_sqlite.h"

#include <stdio.h>
#include <string.h>

enum fid_status fid_sqlite_has_terms(struct fid_store *store, bool *has, struct fid_error *error)
{
    enum { FIRST_VERSION = 3 };
    return fid_sqlite_has_version(store, FIRST_VERSION, has, error);
}

/* Without a date it is the checksum of older files, which covers the name alone. */
int64_t fid_sqlite_person_crc(const struct fid_store *store, int64_t person, const char *name,
                              const char *expires)
{
    char text[FID_NAME_BYTES + FID_DATE_BYTES];
    int length = snprintf(text, sizeof text, "%s", name);
    if (expires[0] != '\0') /* behind the zero of the name */
        length += 1 + snprintf(text + length + 1, FID_DATE_BYTES, "%s", expires);
    return fid_sqlite_row_crc(store, person, FID_ROW_PERSON, text, (size_t)length);
}

enum fid_status fid_store_read_person(struct fid_store *store, int64_t id,
                                      struct fid_store_person *person, struct fid_error *error)
{
    sqlite3_stmt *statement;
    bool has_terms;
    *person = (struct fid_store_person){0};
    enum fid_status status = fid_sqlite_has_terms(store, &has_terms, error);
    if (status == FID_OK)
        status =
            fid_sqlite_prepare(store,
                               has_terms ? "SELECT name, created, expires FROM person WHERE id = ?1"
                                         : "SELECT name, created, '' FROM person WHERE id = ?1",
                               &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, id);
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        fid_sqlite_copy_column(statement, 0, person->name, sizeof person->name);
        fid_sqlite_copy_column(statement, 1, person->created, sizeof person->created);
        fid_sqlite_copy_column(statement, 2, person->expires, sizeof person->expires);
    } else {
        status = code == SQLITE_DONE ? fid_fail(error, FID_NOT_FOUND,
                                                "person %lld is not in the gallery %s any more",
                                                (long long)id, store->path)
                                     : fid_sqlite_fail(store, code, "read", error);
    }
    sqlite3_finalize(statement);
    return status;
}

/* ---- expiry and dates ---- */

enum fid_status fid_store_set_expires(struct fid_store *store, int64_t person, const char *expires,
                                      struct fid_error *error)
{
    sqlite3_stmt *statement;
    struct fid_store_person row;
    enum fid_status status = fid_store_read_person(store, person, &row, error);
    if (status == FID_OK)
        status = fid_sqlite_prepare(store, "UPDATE person SET expires = ?2, crc = ?3 WHERE id = ?1",
                                    &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_text(statement, 2, expires, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, fid_sqlite_person_crc(store, person, row.name, expires));
    return fid_sqlite_finish(store, statement, error);
}

enum fid_status fid_store_set_created(struct fid_store *store, int64_t person, const char *created,
                                      struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        store, "UPDATE person SET created = ?2 WHERE id = ?1", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_text(statement, 2, created, -1, SQLITE_STATIC);
    return fid_sqlite_finish(store, statement, error);
}

/* ---- consent ---- */

int64_t fid_sqlite_consent_crc(const struct fid_store *store, int64_t person, const char *created,
                               const char *text)
{
    uint32_t crc =
        (uint32_t)fid_sqlite_row_crc(store, person, FID_ROW_CONSENT, created, strlen(created) + 1);
    return store->crc32c(crc, text, strlen(text));
}

enum fid_status fid_store_add_consent(struct fid_store *store, int64_t person, const char *text,
                                      const char *created, struct fid_error *error)
{
    sqlite3_stmt *statement;
    char now[FID_TIME_BYTES];
    fid_sqlite_write_time(now, sizeof now);
    if (created == NULL)
        created = now;
    enum fid_status status = fid_sqlite_prepare(
        store, "INSERT INTO consent(person, created, text, crc) VALUES(?1, ?2, ?3, ?4)", &statement,
        error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_text(statement, 2, created, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, fid_sqlite_consent_crc(store, person, created, text));
    return fid_sqlite_finish(store, statement, error);
}

/* Steps through id, text, created, checksum; into: whose the consents become, 0: they stay. */
static enum fid_status take_consents(struct fid_store *store, sqlite3_stmt *statement,
                                     int64_t person, fid_consent_fn take, void *ctx,
                                     struct fid_error *error)
{
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        char created[FID_TIME_BYTES];
        const char *text = (const char *)sqlite3_column_text(statement, 1);
        fid_sqlite_copy_column(statement, 2, created, sizeof created);
        if (text == NULL || fid_sqlite_consent_crc(store, person, created, text) !=
                                sqlite3_column_int64(statement, 3))
            return fid_fail(error, FID_CORRUPT, "a consent in the gallery %s is damaged",
                            store->path);
        if (!take(ctx, text, created))
            return fid_fail(error, FID_NO_MEMORY, "no memory for a consent of %s", store->path);
    }
    return code == SQLITE_DONE ? FID_OK : fid_sqlite_fail(store, code, "read", error);
}

enum fid_status fid_store_each_consent(struct fid_store *store, int64_t person, fid_consent_fn take,
                                       void *ctx, struct fid_error *error)
{
    sqlite3_stmt *statement;
    bool has;
    enum fid_status status = fid_sqlite_has_terms(store, &has, error);
    if (status == FID_OK && has)
        status = fid_sqlite_prepare(
            store, "SELECT id, text, created, crc FROM consent WHERE person = ?1 ORDER BY id",
            &statement, error);
    if (status != FID_OK || !has)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    status = take_consents(store, statement, person, take, ctx, error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_delete_consents(struct fid_store *store, int64_t person,
                                          struct fid_error *error)
{
    return fid_sqlite_change_person(store, "DELETE FROM consent WHERE person = ?1", person, error);
}

struct consent_mover {
    struct fid_store *store;
    int64_t into;
    enum fid_status status;
    struct fid_error *error;
};

static bool move_consent(void *ctx, const char *text, const char *created)
{
    struct consent_mover *mover = ctx;
    mover->status = fid_store_add_consent(mover->store, mover->into, text, created, mover->error);
    return mover->status == FID_OK;
}

enum fid_status fid_store_move_consents(struct fid_store *store, int64_t from, int64_t into,
                                        struct fid_error *error)
{
    struct consent_mover mover = {store, into, FID_OK, error};
    enum fid_status status = fid_store_each_consent(store, from, move_consent, &mover, error);
    if (mover.status != FID_OK)
        return mover.status;
    return status == FID_OK ? fid_store_delete_consents(store, from, error) : status;
}

/* ---- samples: all but their numbers ---- */

enum fid_status fid_store_each_sample_info(struct fid_store *store, int64_t person,
                                           fid_sample_info_fn take, void *ctx,
                                           struct fid_error *error)
{
    sqlite3_stmt *statement;
    bool has;
    enum fid_status status = fid_sqlite_has_terms(store, &has, error);
    if (status == FID_OK)
        status = fid_sqlite_prepare(
            store,
            has ? "SELECT id, source, created FROM sample WHERE person = ?1 ORDER BY id"
                : "SELECT id, source, '' FROM sample WHERE person = ?1 ORDER BY id",
            &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    int code = SQLITE_DONE;
    while (status == FID_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct fid_sample_info info = {.id = sqlite3_column_int64(statement, 0)};
        const char *source = (const char *)sqlite3_column_text(statement, 1);
        info.source = source != NULL ? source : "";
        fid_sqlite_copy_column(statement, 2, info.created, sizeof info.created);
        if (!take(ctx, &info))
            status = fid_fail(error, FID_NO_MEMORY, "no memory for a face of %s", store->path);
    }
    if (status == FID_OK && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_delete_sample(struct fid_store *store, int64_t person, int64_t sample,
                                        bool *deleted, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        store, "DELETE FROM sample WHERE person = ?1 AND id = ?2", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_int64(statement, 2, sample);
    status = fid_sqlite_finish(store, statement, error);
    *deleted = status == FID_OK && sqlite3_changes(store->db) > 0;
    return status;
}

/* Moves the sample in the row of a statement that gives id, data and checksum. */
static enum fid_status move_sample(struct fid_store *store, sqlite3_stmt *row, int64_t from,
                                   int64_t into, struct fid_error *error)
{
    sqlite3_stmt *statement;
    const void *data = sqlite3_column_blob(row, 1);
    size_t bytes = (size_t)sqlite3_column_bytes(row, 1);
    if (data == NULL || fid_sqlite_row_crc(store, from, FID_ROW_SAMPLE, data, bytes) !=
                            sqlite3_column_int64(row, 2))
        return fid_fail(error, FID_CORRUPT, "face %lld in the gallery %s is damaged",
                        (long long)sqlite3_column_int64(row, 0), store->path);
    enum fid_status status = fid_sqlite_prepare(
        store, "UPDATE sample SET person = ?2, crc = ?3 WHERE id = ?1", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, sqlite3_column_int64(row, 0));
    sqlite3_bind_int64(statement, 2, into);
    sqlite3_bind_int64(statement, 3, fid_sqlite_row_crc(store, into, FID_ROW_SAMPLE, data, bytes));
    return fid_sqlite_finish(store, statement, error);
}

/* One at a time: the rows that a statement still has to give must not change under it. */
enum fid_status fid_store_move_samples(struct fid_store *store, int64_t from, int64_t into,
                                       struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        store, "SELECT id, data, crc FROM sample WHERE person = ?1 ORDER BY id LIMIT 1", &statement,
        error);
    int code = SQLITE_ROW;
    while (status == FID_OK && code == SQLITE_ROW) {
        sqlite3_bind_int64(statement, 1, from);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            status = move_sample(store, statement, from, into, error);
        else if (code != SQLITE_DONE)
            status = fid_sqlite_fail(store, code, "read", error);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}
