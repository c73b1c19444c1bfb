/* The calibration: what a file of version 1 lacks. */
#include "engine/face/store/gallery_sqlite.h"

#include <stdio.h>
#include <string.h>

enum fid_status fid_sqlite_has_calibration(struct fid_store *store, bool *has,
                                           struct fid_error *error)
{
    enum { FIRST_VERSION = 2 };
    return fid_sqlite_has_version(store, FIRST_VERSION, has, error);
}

static int64_t checksum(const struct fid_store *store, const struct fid_store_calibration *row)
{
    const struct fid_calibration *numbers = &row->numbers;
    char text[512];
    int length = snprintf(text, sizeof text, "%s|%s|%a|%a|%zu|%zu|%zu|%s", row->model.id,
                          row->model.name, (double)numbers->accept, numbers->fpir, numbers->people,
                          numbers->strangers, numbers->named, numbers->created);
    return fid_sqlite_row_crc(store, 0, FID_ROW_CALIBRATION, text, (size_t)length);
}

static enum fid_status take_calibration(struct fid_store *store, sqlite3_stmt *statement,
                                        struct fid_store_calibration *row, struct fid_error *error)
{
    struct fid_calibration *numbers = &row->numbers;
    fid_sqlite_copy_column(statement, 0, row->model.id, sizeof row->model.id);
    fid_sqlite_copy_column(statement, 1, row->model.name, sizeof row->model.name);
    numbers->accept = (float)sqlite3_column_double(statement, 2);
    numbers->fpir = sqlite3_column_double(statement, 3);
    numbers->people = (size_t)sqlite3_column_int64(statement, 4);
    numbers->strangers = (size_t)sqlite3_column_int64(statement, 5);
    numbers->named = (size_t)sqlite3_column_int64(statement, 6);
    fid_sqlite_copy_column(statement, 7, numbers->created, sizeof numbers->created);
    if (row->model.id[0] != '\0' && checksum(store, row) == sqlite3_column_int64(statement, 8) &&
        numbers->accept >= -1 && numbers->accept <= 1)
        return FID_OK;
    return fid_fail(error, FID_CORRUPT,
                    "the calibration in the gallery %s is damaged; take it back (faceid calibrate "
                    "--reset) and calibrate again",
                    store->path);
}

enum fid_status fid_store_read_calibration(struct fid_store *store,
                                           struct fid_store_calibration *calibration,
                                           struct fid_error *error)
{
    sqlite3_stmt *statement;
    bool has;
    *calibration = (struct fid_store_calibration){0};
    enum fid_status status = fid_sqlite_has_calibration(store, &has, error);
    if (status == FID_OK && has)
        status = fid_sqlite_prepare(store,
                                    "SELECT model, model_name, accept, fpir, people, strangers,"
                                    " named, created, crc FROM calibration",
                                    &statement, error);
    if (status != FID_OK || !has)
        return status;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        status = take_calibration(store, statement, calibration, error);
    else if (code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_delete_calibration(struct fid_store *store, bool *was,
                                             struct fid_error *error)
{
    int64_t unused;
    enum fid_status status =
        fid_sqlite_number(store, "DELETE FROM calibration", NULL, &unused, error);
    *was = sqlite3_changes(store->db) > 0;
    if (status == FID_OK)
        status = fid_sqlite_number(store, "DELETE FROM stranger", NULL, &unused, error);
    return status;
}

enum fid_status fid_store_write_calibration(struct fid_store *store,
                                            const struct fid_store_calibration *calibration,
                                            struct fid_error *error)
{
    struct fid_store_calibration row = *calibration;
    sqlite3_stmt *statement;
    bool was;
    fid_sqlite_write_time(row.numbers.created, sizeof row.numbers.created);
    enum fid_status status = fid_store_delete_calibration(store, &was, error);
    if (status == FID_OK)
        status = fid_sqlite_prepare(
            store, "INSERT INTO calibration VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_text(statement, 1, row.model.id, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, row.model.name, -1, SQLITE_STATIC);
    sqlite3_bind_double(statement, 3, (double)row.numbers.accept);
    sqlite3_bind_double(statement, 4, row.numbers.fpir);
    sqlite3_bind_int64(statement, 5, (int64_t)row.numbers.people);
    sqlite3_bind_int64(statement, 6, (int64_t)row.numbers.strangers);
    sqlite3_bind_int64(statement, 7, (int64_t)row.numbers.named);
    sqlite3_bind_text(statement, 8, row.numbers.created, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 9, checksum(store, &row));
    return fid_sqlite_finish(store, statement, error);
}
