/* Kept crops: columns of samples, from version 5 on. */
#include "engine/face/embed/face_crop.h"
#include "engine/face/store/gallery_sqlite.h"

enum fid_status fid_sqlite_has_crops(struct fid_store *store, bool *has, struct fid_error *error)
{
    return fid_sqlite_has_version(store, 5, has, error);
}

enum fid_status fid_store_add_crop(struct fid_store *store, const void *crop, size_t size,
                                   struct fid_error *error)
{
    sqlite3_stmt *statement;
    if (size > FID_FACE_CROP_MOST)
        return fid_fail(error, FID_INVALID, "a crop of %zu bytes is too large to be kept", size);
    enum fid_status status = fid_sqlite_prepare(
        store, "UPDATE sample SET crop = ?2, crop_crc = ?3 WHERE id = ?1", &statement, error);
    if (status != FID_OK)
        return status;
    const int64_t sample = sqlite3_last_insert_rowid(store->db);
    sqlite3_bind_int64(statement, 1, sample);
    sqlite3_bind_blob(statement, 2, crop, (int)size, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, fid_sqlite_row_crc(store, sample, FID_ROW_CROP, crop, size));
    return fid_sqlite_finish(store, statement, error);
}

enum fid_status fid_store_replace_sample(struct fid_store *store, int64_t person, int64_t sample,
                                         const float *embedding, size_t size,
                                         struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        store, "UPDATE sample SET data = ?2, crc = ?3 WHERE id = ?1", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, sample);
    return fid_sqlite_write_numbers(store, statement, 2, person, FID_ROW_SAMPLE, embedding, size,
                                    error);
}

bool fid_sqlite_read_crop(const struct fid_store *store, sqlite3_stmt *row, int column,
                          int64_t sample, const void **crop, size_t *size)
{
    *crop = sqlite3_column_blob(row, column);
    *size = (size_t)sqlite3_column_bytes(row, column);
    if (*size == 0 || *crop == NULL) {
        *crop = NULL;
        *size = 0;
        return true;
    }
    if (*size <= FID_FACE_CROP_MOST &&
        fid_sqlite_row_crc(store, sample, FID_ROW_CROP, *crop, *size) ==
            sqlite3_column_int64(row, column + 1))
        return true;
    *crop = NULL;
    *size = 0;
    return false;
}

/* One at a time, as in fid_store_move_samples. */
enum fid_status fid_store_each_crop(struct fid_store *store, int64_t person, fid_store_crop_fn take,
                                    void *ctx, struct fid_error *error)
{
    sqlite3_stmt *statement;
    int64_t last = 0;
    int code = SQLITE_ROW;
    enum fid_status status = fid_sqlite_prepare(
        store,
        "SELECT id, crop, crop_crc FROM sample WHERE person = ?1 AND id > ?2 ORDER BY id LIMIT 1",
        &statement, error);
    while (status == FID_OK && code == SQLITE_ROW) {
        const void *crop;
        size_t size;
        sqlite3_bind_int64(statement, 1, person);
        sqlite3_bind_int64(statement, 2, last);
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            last = sqlite3_column_int64(statement, 0);
            fid_sqlite_read_crop(store, statement, 1, last, &crop, &size);
            status = take(ctx, last, crop, size, error);
        } else if (code != SQLITE_DONE) {
            status = fid_sqlite_fail(store, code, "read", error);
        }
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_count_crops(struct fid_store *store, size_t *people,
                                      struct fid_error *error)
{
    bool has;
    int64_t number = 0;
    enum fid_status status = fid_sqlite_has_crops(store, &has, error);
    if (status == FID_OK && has)
        status = fid_sqlite_number(
            store, "SELECT count(DISTINCT person) FROM sample WHERE length(crop) > 0", NULL,
            &number, error);
    *people = (size_t)number;
    return status;
}

/* ---- what is looked for after forgetting ---- */

/* Behind the header and the tables, which all crops have in common, a piece here and there. */
enum { FACE_AT = 4, FACE_BYTES = 60, PIXELS_AT = 1024, APART = 512, PIECE = 64, DISTINCT = 40 };

/* Do as many different bytes say that nobody else's pixels are the same by chance? */
static bool is_telling(const uint8_t piece[PIECE])
{
    bool seen[256] = {false};
    int distinct = 0;
    for (int i = 0; i < PIECE; i++) {
        distinct += !seen[piece[i]];
        seen[piece[i]] = true;
    }
    return distinct >= DISTINCT;
}

struct seeker {
    fid_store_bytes_fn take;
    void *ctx;
};

static enum fid_status take_pieces(void *ctx, int64_t sample, const void *crop, size_t size,
                                   struct fid_error *error)
{
    const struct seeker *seeker = ctx;
    const uint8_t *bytes = crop;
    (void)sample;
    if (size < FACE_AT + FACE_BYTES)
        return FID_OK;
    enum fid_status status = seeker->take(seeker->ctx, bytes + FACE_AT, FACE_BYTES, error);
    for (size_t at = PIXELS_AT; status == FID_OK && at + PIECE <= size; at += APART)
        if (is_telling(bytes + at))
            status = seeker->take(seeker->ctx, bytes + at, PIECE, error);
    return status;
}

enum fid_status fid_sqlite_each_crop_bytes(struct fid_store *store, int64_t person,
                                           fid_store_bytes_fn take, void *ctx,
                                           struct fid_error *error)
{
    struct seeker seeker = {take, ctx};
    return fid_store_each_crop(store, person, take_pieces, &seeker, error);
}
