/* From a path to a connection: which file it is, and where nothing may be written. */
#include "engine/store/sqlite.h"

#include "engine/base/memory.h"
#include "engine/store/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- connecting ---- */

/* What a schema says is not run, and nothing is longer or deeper than ours. */
static void restrict_connection(sqlite3 *db)
{
    static const int settings[][2] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},        {SQLITE_DBCONFIG_DQS_DML, 0},
    };
    static const int limits[][2] = {
        {SQLITE_LIMIT_LENGTH, FID_STORE_ROW_MOST + (1 << 20)},
        {SQLITE_LIMIT_SQL_LENGTH, 10000},
        {SQLITE_LIMIT_COLUMN, 16},
        {SQLITE_LIMIT_EXPR_DEPTH, 64},
        {SQLITE_LIMIT_VDBE_OP, 25000},
        {SQLITE_LIMIT_ATTACHED, 1}, /* what VACUUM writes */
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        sqlite3_db_config(db, settings[i][0], settings[i][1], NULL);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i][0], limits[i][1]);
}

/* Opens what nobody can write without locks, which could not be made there. */
static int open_fixed(struct fid_sqlite *store)
{
    char uri[3 * PATH_MAX + 64] = "file:";
    size_t at = strlen(uri);
    for (const char *path = store->base.name; *path != '\0'; path++)
        at += (size_t)snprintf(uri + at, 4, strchr("%?#", *path) != NULL ? "%%%02X" : "%c",
                               (unsigned)(unsigned char)*path);
    snprintf(uri + at, sizeof uri - at, "?immutable=1");
    store->fixed_version = fid_sqlite_file_version(store->base.name);
    return sqlite3_open_v2(uri, &store->db,
                           SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_URI, NULL);
}

static enum fid_status connect_file(struct fid_sqlite *store)
{
    char journal[PATH_MAX + 16];
    const char *path = store->base.name;
    const bool memory = (store->base.flags & FID_STORE_MEMORY) != 0;
    const bool fixed =
        !memory && (store->base.flags & FID_STORE_READ) != 0 && fid_file_fixed_part(path) != NULL;
    if (fixed && fid_file_find_journal(path, journal, sizeof journal))
        return fid_fail(store->base.error, FID_IO,
                        "the gallery %s has changes in its journal %s, which cannot be read where "
                        "nothing may be written",
                        path, journal);
    int code = fixed ? open_fixed(store)
                     : sqlite3_open_v2(memory ? ":memory:" : path, &store->db,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (code != SQLITE_OK)
        return fid_sqlite_fail(store, code, "opened");
    sqlite3_busy_timeout(store->db, FID_STORE_BUSY_MS);
    sqlite3_extended_result_codes(store->db, 1);
    restrict_connection(store->db);
    fid_sqlite_keep_journal(store, true); /* until it is proven */
    /* page_size: of a new file; a body is to lie in one page in one piece (salvage) */
    return fid_sqlite_run(store,
                          "PRAGMA page_size=65536; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0;"
                          "PRAGMA wal_autocheckpoint=64;"
                          "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;"
                          "PRAGMA synchronous=FULL",
                          "opened");
}

/* The journal mode is a property of the file; setting it answers "busy" at once when two processes
 * do it together. */
static enum fid_status set_up(struct fid_sqlite *store, bool *empty)
{
    const unsigned flags = store->base.flags;
    enum fid_status status = connect_file(store);
    if (status == FID_OK)
        status = fid_sqlite_settle_tables(store, false, empty);
    if (status == FID_OK && *empty && (flags & (FID_STORE_CREATE | FID_STORE_MEMORY)) != 0)
        status = fid_sqlite_settle_tables(store, true, empty);
    if (status != FID_OK || *empty || (flags & FID_STORE_MEMORY) != 0)
        return status;
    return (flags & FID_STORE_READ) != 0
               ? fid_sqlite_run(store, "PRAGMA query_only=ON", "opened")
               : fid_sqlite_insist(store, "PRAGMA journal_mode=WAL", "opened");
}

/* ---- opening ---- */

/* Does the journal beside an empty file belong to one that had something in it? The journal of one
 * that was being made says that there were no pages before. */
static bool is_of_a_lost_file(const char *journal)
{
    static const uint8_t magic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    static const char wal[] = "-wal";
    enum { PAGES_AT = 16, HEAD = 20 };
    uint8_t head[HEAD] = {0};
    if (strcmp(journal + strlen(journal) - (sizeof wal - 1), wal) == 0)
        return true;
    int file = open(journal, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const bool is_read = file >= 0 && read(file, head, sizeof head) == sizeof head;
    if (file >= 0)
        close(file);
    return is_read && memcmp(head, magic, sizeof magic) == 0 &&
           memcmp(head + PAGES_AT, "\0\0\0\0", HEAD - PAGES_AT) != 0;
}

/* FILLS the name. */
static enum fid_status find_file(struct fid_sqlite *store, const char *path)
{
    enum { LEAST_BYTES = 512 };
    struct stat info;
    char journal[PATH_MAX + 16], *name = store->base.name;
    const unsigned flags = store->base.flags;
    struct fid_error *error = store->base.error;
    const enum fid_file_make make = (flags & FID_STORE_READ) != 0     ? FID_FILE_READ
                                    : (flags & FID_STORE_CREATE) != 0 ? FID_FILE_MAKE
                                                                      : FID_FILE_FIND;
    enum fid_status status = fid_file_find(path, make, name, PATH_MAX, error);
    if (status != FID_OK || (flags & FID_STORE_RAW) != 0 || stat(name, &info) != 0)
        return status;
    if (info.st_size > 0 && info.st_size < LEAST_BYTES)
        return fid_store_damaged(&store->base); /* SQLite would take it for an empty one */
    if (info.st_size == 0 && fid_file_find_journal(name, journal, sizeof journal) &&
        is_of_a_lost_file(journal)) /* SQLite would remove it */
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is damaged: it is empty, and its journal %s is not", name,
                        journal);
    if (info.st_size == 0 && make != FID_FILE_MAKE)
        return fid_fail(error, FID_NOT_FOUND, "the gallery %s is empty", name);
    return FID_OK;
}

/* One attempt; *moved: another file was put in this one's place meanwhile. */
static enum fid_status open_once(const char *path, unsigned flags, struct fid_store **store,
                                 bool *moved, struct fid_error *error)
{
    bool empty = false;
    *moved = false;
    struct fid_sqlite *made = fid_calloc(1, sizeof *made);
    if (made == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory for the gallery %s", path);
    made->base.kind = &fid_sqlite_kind;
    made->base.flags = flags;
    made->base.error = error;
    snprintf(made->base.name, sizeof made->base.name, "%s", path);
    enum fid_status status = (flags & FID_STORE_MEMORY) != 0 ? FID_OK : find_file(made, path);
    if (status == FID_OK && (flags & (FID_STORE_RAW | FID_STORE_MEMORY)) == 0)
        status = fid_sqlite_check_journal(made);
    if (status == FID_OK)
        status = (flags & FID_STORE_RAW) != 0 ? fid_sqlite_open_raw(made) : set_up(made, &empty);
    if (status == FID_OK && empty)
        status = fid_fail(error, FID_NOT_FOUND, "the gallery %s is empty", made->base.name);
    *moved = status == FID_OK && (flags & FID_STORE_MEMORY) == 0 &&
             fid_sqlite_kind.is_moved(&made->base);
    if (status == FID_OK && !*moved)
        *store = &made->base;
    else
        fid_sqlite_kind.close(&made->base);
    return status == FID_NOT_FOUND && (flags & FID_STORE_READ) != 0 ? FID_OK : status;
}

enum fid_status fid_sqlite_open(const char *path, unsigned flags, struct fid_store **store,
                                struct fid_error *error)
{
    enum { ATTEMPTS = 3 };
    bool moved = true;
    enum fid_status status = FID_OK;
    for (int i = 0; moved && i < ATTEMPTS; i++)
        status = open_once(path, flags, store, &moved, error);
    return moved ? fid_fail(error, FID_BUSY, "the gallery %s is being replaced by another process",
                            path)
                 : status;
}
