#include "engine/face/store/gallery_sqlite.h"

#include "engine/base/memory.h"
#include "engine/face/store/gallery_file.h"
#include "engine/face/store/gallery_sqlite_pages.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- statements ---- */

const char *fid_sqlite_reason(const char *path, int code)
{
    if ((code & 0xFF) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE) /* of the -shm beside it */
        return "the disk is full";
    return access(path, R_OK) != 0 ? strerror(errno) : sqlite3_errstr(code);
}

int fid_store_fault_length(const struct fid_error *error)
{
    const char *advice = strstr(error->text, ": " FID_STORE_WAY_BACK);
    return (int)(advice != NULL ? (size_t)(advice - error->text) : strlen(error->text));
}

enum fid_status fid_sqlite_damaged(const struct fid_store *store, struct fid_error *error)
{
    return fid_fail(error, FID_CORRUPT, "the gallery %s is damaged: " FID_STORE_WAY_BACK,
                    store->path);
}

bool fid_sqlite_is_damaged(struct fid_store *store)
{
    sqlite3_stmt *statement = NULL;
    if (!store->is_ours) /* the look would run what it checks */
        return false;
    int code = sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    const char *text = NULL;
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(statement, 0);
    const bool damaged = (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB ||
                         (text != NULL && strcmp(text, "ok") != 0);
    sqlite3_finalize(statement);
    return damaged;
}

enum fid_status fid_sqlite_damaged_person(const struct fid_store *store, const char *name,
                                          struct fid_error *error)
{
    return fid_fail(error, FID_CORRUPT,
                    "the data of '%s' in the gallery %s are damaged: " FID_STORE_WAY_BACK, name,
                    store->path);
}

static enum fid_status cannot_write(const struct fid_store *store, struct fid_error *error)
{
    const char *part = fid_gallery_fixed_part(store->path);
    const char *reason = strerror(errno);
    if (part == NULL)
        return fid_fail(error, FID_IO, "the gallery %s cannot be changed: %s", store->path,
                        sqlite3_errmsg(store->db));
    return fid_fail(error, FID_IO,
                    "the gallery %s cannot be changed, since its %s may not be written (%s): let "
                    "its owner do that, or give leave to write there",
                    store->path, part, reason);
}

/* The statements are ours and right: what SQLite does not find for them, the file has lost. It has
 * no codes of their own for that. */
static bool blames_the_file(const char *reason)
{
    static const char *const beginnings[] = {"unsupported file format", "no such table",
                                             "no such column", "malformed", "foreign key mismatch"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(reason, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* The kind of the code, or what it comes of. */
static int kind_of(struct fid_store *store, int code, const char *reason)
{
    const int kind = code & 0xFF;
    const bool damaged =
        kind == SQLITE_TOOBIG || kind == SQLITE_INTERRUPT || /* beyond what a gallery ever has */
        (kind == SQLITE_ERROR && blames_the_file(reason)) ||
        (kind == SQLITE_CONSTRAINT && strstr(reason, "person.name_key") == NULL) ||
        /* a row that goes on at a page beyond all bounds is too much for the disk */
        (kind == SQLITE_FULL && store->db != NULL && fid_sqlite_is_damaged(store));
    if (kind == SQLITE_CANTOPEN && access(store->path, R_OK) == 0 &&
        fid_gallery_is_fixed(store->path))
        return SQLITE_READONLY; /* it was to open what lies beside it */
    return damaged ? SQLITE_CORRUPT : kind;
}

enum fid_status fid_sqlite_fail(struct fid_store *store, int code, const char *doing,
                                struct fid_error *error)
{
    const char *reason = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
    store->code = code;
    switch (kind_of(store, code, reason)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fid_fail(error, FID_BUSY, "the gallery %s is locked by another process",
                        store->path);
    case SQLITE_NOMEM:
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", store->path);
    case SQLITE_CORRUPT:
        return fid_sqlite_damaged(store, error);
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return fid_fail(error, FID_CORRUPT,
                        "%s is no gallery, or damaged from its beginning on: " FID_STORE_WAY_BACK,
                        store->path);
    case SQLITE_READONLY:
        return cannot_write(store, error);
    case SQLITE_CONSTRAINT:
        return fid_fail(error, FID_EXISTS, "the name is taken in the gallery %s", store->path);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
        return fid_fail(error, FID_INTERNAL, "the gallery %s could not be %s: %s", store->path,
                        doing, reason);
    default:
        return fid_fail(error, FID_IO, "the gallery %s could not be %s: %s", store->path, doing,
                        fid_sqlite_reason(store->path, code));
    }
}

static enum fid_status execute(struct fid_store *store, const char *sql, const char *doing,
                               struct fid_error *error)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, doing, error);
}

enum fid_status fid_sqlite_run(struct fid_store *store, const char *sql, struct fid_error *error)
{
    return execute(store, sql, "written", error);
}

enum fid_status fid_sqlite_prepare(struct fid_store *store, const char *sql,
                                   sqlite3_stmt **statement, struct fid_error *error)
{
    int code = sqlite3_prepare_v2(store->db, sql, -1, statement, NULL);
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, "read", error);
}

enum fid_status fid_sqlite_finish(struct fid_store *store, sqlite3_stmt *statement,
                                  struct fid_error *error)
{
    int code = sqlite3_step(statement);
    enum fid_status status =
        code == SQLITE_DONE ? FID_OK : fid_sqlite_fail(store, code, "written", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_sqlite_number(struct fid_store *store, const char *sql, const char *text,
                                  int64_t *number, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    if (status != FID_OK)
        return status;
    if (text != NULL)
        sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
    int code = sqlite3_step(statement);
    *number = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_sqlite_has_version(struct fid_store *store, int64_t first, bool *has,
                                       struct fid_error *error)
{
    int64_t version = 0;
    enum fid_status status = fid_sqlite_number(store, "PRAGMA user_version", NULL, &version, error);
    *has = version >= first;
    return status;
}

/* ---- opening ---- */

/* The journal mode is a property of the file; setting it answers "busy" at once when two processes
 * do it together, so it is tried for as long as every other lock is waited for. */
static enum fid_status set_journal(struct fid_store *store, const char *sql,
                                   struct fid_error *error)
{
    enum { PAUSE_MS = 50 };
    enum fid_status status = FID_BUSY;
    for (int waited = 0; status == FID_BUSY && waited < FID_STORE_BUSY_MS; waited += PAUSE_MS) {
        status = execute(store, sql, "opened", error);
        if (status == FID_BUSY)
            sqlite3_sleep(PAUSE_MS);
    }
    return status;
}

enum fid_status fid_sqlite_prepare_handle(struct fid_store *store, struct fid_error *error)
{
    enum { SCHEMA_THOUSANDS = 1000 }; /* reading and proving it takes some */
    sqlite3_busy_timeout(store->db, FID_STORE_BUSY_MS);
    sqlite3_extended_result_codes(store->db, 1);
    fid_sqlite_restrict(store->db);
    store->is_ours = false;
    fid_sqlite_bound(store, SCHEMA_THOUSANDS);
    return execute(store,
                   "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA foreign_keys=ON;"
                   "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON; PRAGMA synchronous=FULL",
                   "opened", error);
}

/* SQLite reads on where the tables' table or the file's size is wrong; nothing is written, and no
 * table is read by it that is not proven to be ours. It would bring the journal's pages up to the
 * first damaged one into the file when it is closed, and remove the rest. */
static void be_tolerant(struct fid_store *store)
{
    if (fid_store_has_journal(store->path))
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    execute(store, "PRAGMA query_only=ON", "opened", NULL);
}

static enum fid_status set_up(struct fid_store *store, unsigned flags, bool *empty,
                              struct fid_error *error)
{
    bool read_only = (flags & FID_GALLERY_READ_ONLY) != 0;
    bool damaged = (flags & FID_STORE_DAMAGED) != 0;
    enum fid_status status = store->fixed ? FID_OK : fid_sqlite_prepare_handle(store, error);
    if (damaged)
        be_tolerant(store);
    if (damaged && status == FID_CORRUPT)
        status = FID_OK; /* the next finds out */
    if (status == FID_OK)
        status = fid_sqlite_settle_schema(store, flags, empty, error);
    if ((flags & FID_GALLERY_MEMORY) != 0) /* SQLite has one journal for that */
        return status;
    if (status == FID_OK && read_only)
        return execute(store, "PRAGMA query_only=ON", "opened", error);
    return status == FID_OK && !*empty ? set_journal(store, "PRAGMA journal_mode=WAL", error)
                                       : status;
}

/* Without room for a journal, what is only read is read without one. */
static enum fid_status set_up_somehow(struct fid_store *store, unsigned flags, bool *empty,
                                      struct fid_error *error)
{
    enum fid_status status = set_up(store, flags, empty, error);
    if (status != FID_IO || (flags & FID_GALLERY_READ_ONLY) == 0 || store->fixed ||
        !fid_sqlite_is_cramped(store))
        return status;
    status = fid_sqlite_connect_cramped(store, error);
    return status == FID_OK ? set_up(store, flags, empty, error) : status;
}

/* Damage is no reason not to open a file, where it is said to be damaged. */
static enum fid_status connect_and_set_up(struct fid_store *store, unsigned flags, bool *empty,
                                          struct fid_error *error)
{
    struct fid_error fault = {0};
    enum fid_status status = fid_sqlite_connect(store, flags, &fault);
    if (status == FID_CORRUPT && store->db != NULL && (flags & FID_STORE_DAMAGED) != 0)
        be_tolerant(store);
    else if (status == FID_OK)
        status = set_up_somehow(store, flags, empty, &fault);
    else
        return fid_fail(error, status, "%s", fault.text);
    if ((flags & FID_STORE_DAMAGED) != 0 &&
        (status == FID_CORRUPT || status == FID_INVALID || status == FID_IO)) {
        store->fault = fault;
        status = FID_OK;
    }
    return status == FID_OK ? FID_OK : fid_fail(error, status, "%s", fault.text);
}

/* One attempt; *moved: another file was put in this one's place meanwhile. */
static enum fid_status open_once(const char *path, unsigned flags, struct fid_secret *secret,
                                 struct fid_store **store, bool *moved, struct fid_error *error)
{
    bool empty = false;
    *store = NULL;
    *moved = false;
    struct fid_store *made = fid_calloc(1, sizeof *made);
    if (made == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", path);
    made->crc32c = fid_kernels_best()->crc32c;
    enum fid_status status = fid_sqlite_find_file(made, path, flags, secret, error);
    if (status == FID_NOT_FOUND && (flags & FID_GALLERY_READ_ONLY) != 0) {
        fid_store_close(&made);
        return FID_OK;
    }
    if (status == FID_OK && (flags & (FID_GALLERY_MEMORY | FID_STORE_DAMAGED)) == 0)
        status = fid_pages_check_journal(made, error);
    if (status == FID_OK)
        status = connect_and_set_up(made, flags, &empty, error);
    if (status == FID_OK && empty && (flags & FID_GALLERY_READ_ONLY) == 0)
        status = fid_fail(error, FID_NOT_FOUND, "the gallery %s is empty", path);
    *moved = fid_store_is_moved(made);
    if (status == FID_OK && !empty && !*moved)
        *store = made;
    else
        fid_store_close(&made);
    return status;
}

enum fid_status fid_store_open(const char *path, unsigned flags, struct fid_secret *secret,
                               struct fid_store **store, struct fid_error *error)
{
    enum { ATTEMPTS = 3 };
    bool moved = true;
    enum fid_status status = FID_OK;
    for (int i = 0; moved && i < ATTEMPTS; i++)
        status = open_once(path, flags, secret, store, &moved, error);
    return moved ? fid_fail(error, FID_BUSY, "the gallery %s is being replaced by another process",
                            path)
                 : status;
}

void fid_store_close(struct fid_store **store)
{
    if (*store == NULL)
        return;
    sqlite3_stmt *left; /* by a failure; the files must be closed before their file system goes */
    while ((*store)->db != NULL && (left = sqlite3_next_stmt((*store)->db, NULL)) != NULL)
        sqlite3_finalize(left);
    sqlite3_close_v2((*store)->db);
    if ((*store)->sealed != NULL)
        fid_sealed_close((*store)->sealed);
    fid_free((*store)->sealed);
    fid_free(*store);
    *store = NULL;
}

/* ---- transactions ---- */

enum fid_status fid_store_version(struct fid_store *store, int64_t *version,
                                  struct fid_error *error)
{
    if (!store->fixed)
        return fid_sqlite_number(store, "PRAGMA data_version", NULL, version, error);
    enum fid_status status = FID_OK;
    bool empty = false;
    if (sqlite3_get_autocommit(store->db) &&
        fid_sqlite_version_of_file(store) != store->fixed_version) {
        status = fid_sqlite_open_fixed(store, error);
        if (status == FID_OK)
            status = fid_sqlite_settle_schema(store, FID_GALLERY_READ_ONLY, &empty, error);
    }
    if (status == FID_OK && empty)
        return fid_sqlite_damaged(store, error);
    *version = store->fixed_version;
    return status;
}

enum fid_status fid_store_begin(struct fid_store *store, bool write, struct fid_error *error)
{
    return execute(store, write ? "BEGIN IMMEDIATE" : "BEGIN", "locked", error);
}

enum fid_status fid_store_commit(struct fid_store *store, struct fid_error *error)
{
    return execute(store, "COMMIT", "written", error);
}

void fid_store_rollback(struct fid_store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        execute(store, "ROLLBACK", "closed", NULL);
}

/* Where another process has committed since, the note may be of its own forgetting, and stays. */
static enum fid_status end_purge(struct fid_store *store, int64_t before, struct fid_error *error)
{
    bool unpurged = false;
    int64_t now = 0;
    enum fid_status status = fid_store_is_unpurged(store, &unpurged, error);
    if (status != FID_OK || !unpurged)
        return status;
    status = fid_store_begin(store, true, error);
    if (status == FID_OK)
        status = fid_store_version(store, &now, error);
    if (status == FID_OK && now == before)
        status = execute(store, "DELETE FROM unpurged", "written", error);
    if (status == FID_OK)
        status = fid_store_commit(store, error);
    fid_store_rollback(store);
    return status;
}

enum fid_status fid_store_empty_journal(struct fid_store *store, struct fid_error *error)
{
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, "rewritten", error);
}

enum fid_status fid_store_purge(struct fid_store *store, struct fid_error *error)
{
    int64_t before = 0;
    enum fid_status status = fid_store_version(store, &before, error);
    if (status == FID_OK)
        status = execute(store, "VACUUM", "rewritten", error);
    if (status == FID_INTERNAL && fid_sqlite_is_damaged(store))
        return fid_sqlite_damaged(store, error);
    if (status != FID_OK)
        return status;
    status = fid_store_empty_journal(store, error);
    return status == FID_OK ? end_purge(store, before, error) : status;
}

enum fid_status fid_store_is_unpurged(struct fid_store *store, bool *is, struct fid_error *error)
{
    enum { FIRST_VERSION = 6 };
    int64_t rows = 0;
    enum fid_status status = fid_sqlite_has_version(store, FIRST_VERSION, is, error);
    if (status == FID_OK && *is)
        status = fid_sqlite_number(store, "SELECT count(*) FROM unpurged", NULL, &rows, error);
    *is = rows > 0;
    return status;
}

enum fid_status fid_store_note_unpurged(struct fid_store *store, struct fid_error *error)
{
    return execute(store, "INSERT OR IGNORE INTO unpurged VALUES(1)", "written", error);
}

/* Without a WAL there is one connection at most that may write, and in this locking mode no other
 * one at all until it is closed. */
enum fid_status fid_store_hold(struct fid_store *store, struct fid_error *error)
{
    enum fid_status status = execute(store, "PRAGMA locking_mode=EXCLUSIVE", "locked", error);
    return status == FID_OK ? set_journal(store, "PRAGMA journal_mode=DELETE", error) : status;
}
