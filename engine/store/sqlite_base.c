/* What the SQLite store is built on: statements, SQLite's complaints as sentences, and files opened
 * as SQLite does. */
#include "engine/store/sqlite.h"

#include "engine/base/memory.h"
#include "engine/store/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* ---- failures ---- */

const char *fid_sqlite_reason(const char *path, int code)
{
    if ((code & 0xFF) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE) /* of the -shm beside it */
        return "the disk is full";
    return access(path, R_OK) != 0 ? strerror(errno) : sqlite3_errstr(code);
}

/* Is the structure of its pages broken? */
static bool is_damaged(struct fid_sqlite *store)
{
    sqlite3_stmt *statement = NULL;
    if (!store->is_proven) /* the look would run what it checks */
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

static enum fid_status cannot_write(const struct fid_sqlite *store)
{
    const char *name = store->base.name, *part = fid_file_fixed_part(name);
    const char *reason = strerror(errno);
    if (part == NULL)
        return fid_fail(store->base.error, FID_IO, "the gallery %s cannot be changed: %s", name,
                        sqlite3_errmsg(store->db));
    return fid_fail(store->base.error, FID_IO,
                    "the gallery %s cannot be changed, since its %s may not be written (%s)", name,
                    part, reason);
}

/* The statements are ours and right: what SQLite does not find for them, the file has lost. It has
 * no codes of their own for that. */
static bool blames_the_file(const char *reason)
{
    static const char *const beginnings[] = {"unsupported file format", "no such table",
                                             "no such column", "malformed"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(reason, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

/* The kind of the code, or what it comes of. */
static int kind_of(struct fid_sqlite *store, int code, const char *reason)
{
    const int kind = code & 0xFF;
    if (kind == SQLITE_TOOBIG || kind == SQLITE_INTERRUPT || /* beyond what a gallery ever has */
        kind == SQLITE_CONSTRAINT || (kind == SQLITE_ERROR && blames_the_file(reason)) ||
        /* a row that goes on at a page beyond all bounds is too much for the disk */
        (kind == SQLITE_FULL && store->db != NULL && is_damaged(store)))
        return SQLITE_CORRUPT;
    if (kind == SQLITE_CANTOPEN && access(store->base.name, R_OK) == 0 &&
        fid_file_fixed_part(store->base.name) != NULL)
        return SQLITE_READONLY; /* it was to open what lies beside it */
    return kind;
}

enum fid_status fid_sqlite_fail(struct fid_sqlite *store, int code, const char *doing)
{
    const char *reason = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);
    const char *name = store->base.name;
    struct fid_error *error = store->base.error;
    switch (kind_of(store, code, reason)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fid_fail(error, FID_BUSY, "the gallery %s is locked by another process", name);
    case SQLITE_NOMEM:
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", name);
    case SQLITE_CORRUPT:
        fid_sqlite_keep_journal(store, true);
        return fid_store_damaged(&store->base);
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        fid_sqlite_keep_journal(store, true);
        return fid_fail(error, FID_CORRUPT, "%s is no gallery, or damaged from its beginning on",
                        name);
    case SQLITE_READONLY:
        return cannot_write(store);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
        return fid_fail(error, FID_INTERNAL, "the gallery %s could not be %s: %s", name, doing,
                        reason);
    default:
        return fid_fail(error, FID_IO, "the gallery %s could not be %s: %s", name, doing,
                        fid_sqlite_reason(name, code));
    }
}

/* ---- statements ---- */

enum fid_status fid_sqlite_run(struct fid_sqlite *store, const char *sql, const char *doing)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? FID_OK : fid_sqlite_fail(store, code, doing);
}

enum fid_status fid_sqlite_insist(struct fid_sqlite *store, const char *sql, const char *doing)
{
    enum { PAUSE_MS = 50 };
    enum fid_status status = FID_BUSY;
    for (int waited = 0; status == FID_BUSY && waited < FID_STORE_BUSY_MS; waited += PAUSE_MS) {
        status = fid_sqlite_run(store, sql, doing);
        if (status == FID_BUSY)
            sqlite3_sleep(PAUSE_MS);
    }
    return status;
}

enum fid_status fid_sqlite_prepare(struct fid_sqlite *store, const char *sql,
                                   sqlite3_stmt **statement)
{
    int code = SQLITE_OK;
    struct fid_sqlite_statement *at = store->statements;
    while (at->sql != NULL && at->sql != sql)
        at++;
    if (at->sql == NULL)
        code =
            sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &at->statement, NULL);
    if (code != SQLITE_OK)
        return fid_sqlite_fail(store, code, "read");
    at->sql = sql;
    *statement = at->statement;
    return FID_OK;
}

enum fid_status fid_sqlite_finish(struct fid_sqlite *store, sqlite3_stmt *statement, int code,
                                  const char *doing)
{
    enum fid_status status =
        code == SQLITE_DONE || code == SQLITE_ROW ? FID_OK : fid_sqlite_fail(store, code, doing);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
}

enum fid_status fid_sqlite_first_number(struct fid_sqlite *store, sqlite3_stmt *statement,
                                        int64_t *number)
{
    *number = 0;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    return fid_sqlite_finish(store, statement, code, "read");
}

enum fid_status fid_sqlite_number(struct fid_sqlite *store, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement);
    return status == FID_OK ? fid_sqlite_first_number(store, statement, number) : status;
}

/* Closing would bring the journal's pages into a damaged file, up to the first damaged one, and
 * remove the rest: salvage is to find them. */
void fid_sqlite_keep_journal(struct fid_sqlite *store, bool keep)
{
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep, NULL);
}

static int count_steps(void *ctx)
{
    struct fid_sqlite *store = ctx;
    return ++store->steps > store->steps_most;
}

void fid_sqlite_bound(struct fid_sqlite *store, int64_t thousands)
{
    store->steps = 0;
    store->steps_most = thousands;
    sqlite3_progress_handler(store->db, thousands > 0 ? 1000 : 0,
                             thousands > 0 ? count_steps : NULL, store);
}

/* ---- files ---- */

/* By SQLite's own hands: any other closing of a gallery's file drops the process's locks on it. */
int fid_sqlite_raw_open(const char *path, int flags, struct fid_sqlite_raw *raw)
{
    sqlite3_vfs *vfs = sqlite3_initialize() == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
    raw->name = sqlite3_create_filename(path, "", "", 0, NULL); /* as xOpen wants it */
    if (vfs != NULL && raw->name != NULL)
        raw->file = fid_calloc(1, (size_t)vfs->szOsFile);
    return raw->file == NULL
               ? SQLITE_NOMEM
               : vfs->xOpen(vfs, raw->name, raw->file, flags | SQLITE_OPEN_NOFOLLOW, NULL);
}

void fid_sqlite_close_raw(struct fid_sqlite_raw *raw)
{
    if (raw->file != NULL && raw->file->pMethods != NULL)
        raw->file->pMethods->xClose(raw->file);
    fid_free(raw->file);
    sqlite3_free_filename(raw->name);
    *raw = (struct fid_sqlite_raw){0};
}
