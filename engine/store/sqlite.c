/* Rows in a file of SQLite: transactions, and what stands in the two tables. */
#include "engine/store/sqlite.h"

#include "engine/base/memory.h"

#include <sys/stat.h>
#include <unistd.h>

static struct fid_sqlite *of(struct fid_store *store)
{
    return (struct fid_sqlite *)store;
}

/* ---- transactions ---- */

/* The look at the schema's version begins the snapshot. */
static enum fid_status begin(struct fid_store *base, bool write)
{
    struct fid_sqlite *store = of(base);
    int64_t version = 0;
    enum fid_status status = fid_sqlite_run(store, write ? "BEGIN IMMEDIATE" : "BEGIN", "locked");
    if (status == FID_OK)
        status = fid_sqlite_number(store, "PRAGMA schema_version", &version);
    return status == FID_OK && version != store->schema_version ? fid_sqlite_prove(store) : status;
}

static enum fid_status commit(struct fid_store *base)
{
    return fid_sqlite_run(of(base), "COMMIT", "written");
}

static void rollback(struct fid_store *base)
{
    if (of(base)->db != NULL && !sqlite3_get_autocommit(of(base)->db))
        fid_sqlite_run(of(base), "ROLLBACK", "closed");
}

static enum fid_status generation(struct fid_store *base, int64_t *number)
{
    const bool alone = base->state == FID_STORE_IDLE;
    enum fid_status status = alone ? begin(base, false) : FID_OK;
    if (status == FID_OK)
        status =
            fid_sqlite_number(of(base), "SELECT generation FROM main.root WHERE id = 1", number);
    if (alone)
        rollback(base);
    return status;
}

/* ---- rows ---- */

static const uint8_t *blob(sqlite3_stmt *row, int column, size_t *size)
{
    const uint8_t *bytes = sqlite3_column_blob(row, column);
    *size = (size_t)sqlite3_column_bytes(row, column);
    return *size == 0 && sqlite3_column_type(row, column) == SQLITE_BLOB ? (const uint8_t *)""
                                                                         : bytes;
}

static void bind_blob(sqlite3_stmt *statement, int at, const uint8_t *bytes, size_t size)
{
    sqlite3_bind_blob64(statement, at, size > 0 ? bytes : (const uint8_t *)"", size, SQLITE_STATIC);
}

static enum fid_status read_root(struct fid_store *base, struct fid_root *root)
{
    struct fid_root_columns columns;
    sqlite3_stmt *row;
    enum fid_status read,
        status = fid_sqlite_prepare(of(base),
                                    "SELECT gallery, seal, manifest, generation, flags"
                                    " FROM main.root WHERE id = 1",
                                    &row);
    if (status != FID_OK)
        return status;
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW) {
        columns.gallery = blob(row, 0, &columns.gallery_size);
        columns.seal = blob(row, 1, &columns.seal_size);
        columns.manifest = blob(row, 2, &columns.manifest_size);
        columns.generation = sqlite3_column_int64(row, 3);
        columns.flags = sqlite3_column_int64(row, 4);
        status = fid_store_take_root(base, &columns, root);
    } else if (code == SQLITE_DONE) {
        status = fid_fail(base->error, FID_NOT_FOUND, "the gallery %s is empty", base->name);
    }
    read = fid_sqlite_finish(of(base), row, code, "read");
    return status == FID_OK ? read : status;
}

static enum fid_status write_root(struct fid_store *base, const struct fid_root *root)
{
    sqlite3_stmt *statement;
    enum fid_status status =
        fid_sqlite_prepare(of(base),
                           "INSERT OR REPLACE INTO main.root(id, gallery, seal, manifest,"
                           " generation, flags) VALUES(1, ?1, ?2, ?3, ?4, ?5)",
                           &statement);
    if (status != FID_OK)
        return status;
    bind_blob(statement, 1, root->gallery, sizeof root->gallery);
    bind_blob(statement, 2, root->seal, root->seal_size);
    bind_blob(statement, 3, root->manifest, root->manifest_size);
    sqlite3_bind_int64(statement, 4, (int64_t)root->generation);
    sqlite3_bind_int64(statement, 5, fid_root_flags(root));
    return fid_sqlite_finish(of(base), statement, sqlite3_step(statement), "written");
}

/* False: no row that was ever written so. */
static bool read_row(sqlite3_stmt *from, bool keys_only, struct fid_row *row)
{
    *row = (struct fid_row){
        .id = sqlite3_column_int64(from, 0),
        .person = sqlite3_column_int64(from, 1),
        .generation = (uint64_t)sqlite3_column_int64(from, 2),
    };
    if (sqlite3_column_type(from, 1) != SQLITE_INTEGER ||
        sqlite3_column_type(from, 2) != SQLITE_INTEGER)
        return false;
    if (keys_only)
        return true;
    const int who = sqlite3_column_type(from, 3);
    if (who == SQLITE_BLOB)
        row->who = blob(from, 3, &row->who_size);
    row->body = blob(from, 4, &row->size);
    return (who == SQLITE_NULL || row->who != NULL) &&
           sqlite3_column_type(from, 4) == SQLITE_BLOB && row->body != NULL;
}

#define ROW       "id, person, generation, who, body"
#define OF_RANGE  " FROM main.record NOT INDEXED WHERE id BETWEEN ?1 AND ?2"
#define OF_PERSON " FROM main.record WHERE person = ?1"

static enum fid_status scan(struct fid_store *base, const struct fid_scan *scan, fid_row_fn take,
                            void *ctx)
{
    const char *sql = scan->of_person    ? "SELECT " ROW OF_PERSON " ORDER BY id"
                      : scan->keys_only  ? "SELECT id, person, generation" OF_RANGE " ORDER BY id"
                      : scan->since == 0 ? "SELECT " ROW OF_RANGE " ORDER BY id"
                                         : "SELECT " ROW OF_RANGE
                                           " AND generation > ?3 ORDER BY id";
    sqlite3_stmt *statement;
    struct fid_row row;
    int code = SQLITE_DONE;
    enum fid_status read, status = fid_sqlite_prepare(of(base), sql, &statement);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, scan->of_person ? scan->person : scan->first);
    sqlite3_bind_int64(statement, 2, scan->last);
    sqlite3_bind_int64(statement, 3, (int64_t)scan->since);
    while (status == FID_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = read_row(statement, scan->keys_only, &row) ? take(ctx, &row, base->error)
                                                            : fid_store_damaged(base);
    read = fid_sqlite_finish(of(base), statement, code, "read");
    return status == FID_OK ? read : status;
}

static enum fid_status find(struct fid_store *base, const uint8_t *who, size_t size,
                            int64_t *person)
{
    sqlite3_stmt *statement;
    enum fid_status status =
        fid_sqlite_prepare(of(base), "SELECT person FROM main.record WHERE who = ?1", &statement);
    if (status != FID_OK)
        return status;
    bind_blob(statement, 1, who, size);
    return fid_sqlite_first_number(of(base), statement, person);
}

#define INSERT "INSERT INTO main.record(" ROW ") VALUES(?1, ?2, ?3, ?4, ?5)"

static enum fid_status put(struct fid_store *base, const struct fid_row *row, bool is_new)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        of(base),
        is_new ? INSERT
               : INSERT " ON CONFLICT(id) DO UPDATE SET person = ?2, generation = ?3,"
                        " who = ?4, body = ?5",
        &statement);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, row->id);
    sqlite3_bind_int64(statement, 2, row->person);
    sqlite3_bind_int64(statement, 3, (int64_t)row->generation);
    if (row->who != NULL)
        bind_blob(statement, 4, row->who, row->who_size);
    bind_blob(statement, 5, row->body, row->size);
    int code = sqlite3_step(statement);
    const bool is_taken = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
    status = fid_sqlite_finish(of(base), statement, is_taken ? SQLITE_DONE : code, "written");
    return is_taken ? FID_EXISTS : status;
}

static enum fid_status remove_row(struct fid_store *base, int64_t id)
{
    sqlite3_stmt *statement;
    enum fid_status status =
        fid_sqlite_prepare(of(base), "DELETE FROM main.record WHERE id = ?1", &statement);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, id);
    status = fid_sqlite_finish(of(base), statement, sqlite3_step(statement), "written");
    return status == FID_OK && sqlite3_changes(of(base)->db) == 0 ? FID_NOT_FOUND : status;
}

static enum fid_status remove_all(struct fid_store *base)
{
    return fid_sqlite_run(of(base), "DELETE FROM main.record", "written");
}

/* ---- what it is ---- */

static void close_store(struct fid_store *base)
{
    struct fid_sqlite *store = of(base);
    for (struct fid_sqlite_statement *at = store->statements; at->sql != NULL; at++)
        sqlite3_finalize(at->statement);
    sqlite3_close_v2(store->db);
    fid_sqlite_close_raw(&store->raw);
    fid_sqlite_close_raw(&store->journal);
    fid_free(store);
}

int64_t fid_sqlite_file_version(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return -1;
    return (((int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec) ^
            ((int64_t)info.st_size << 20) ^ (int64_t)info.st_ino) |
           1; /* never 0 */
}

static bool is_moved(struct fid_store *base)
{
    struct fid_sqlite *store = of(base);
    int moved = 0;
    if (store->fixed_version != 0)
        return fid_sqlite_file_version(base->name) != store->fixed_version;
    return store->db != NULL &&
           sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved != 0;
}

const struct fid_store_kind fid_sqlite_kind = {
    .can = FID_CAN_PROVE | FID_CAN_HOLD,
    .close = close_store,
    .is_moved = is_moved,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .read_root = read_root,
    .write_root = write_root,
    .scan = scan,
    .find = find,
    .put = put,
    .remove = remove_row,
    .remove_all = remove_all,
    .generation = generation,
    .purge = fid_sqlite_purge,
    .hold = fid_sqlite_hold,
    .read_raw = fid_sqlite_read_raw,
    .check = fid_sqlite_check,
};
