/* That a file has our tables and nothing else.
 *
 * What a schema says SQLite runs in whatever statement of ours comes next: triggers, views, checks,
 * defaults, expressions of indexes. Reading the schema's own table runs nothing. */
#include "engine/store/sqlite.h"

#include <string.h>

enum {
    APPLICATION_ID = 0x46494447, /* "FIDG" in the file's header: told apart from other databases */
    SCHEMA = 1,
    SCHEMA_BEFORE = 6, /* the last one of tables that were never released */
    SCHEMA_EVER = 1000 /* more is damage, not a newer program's */
};

/* ---- the tables ---- */

#define ROOT                                                                         \
    "CREATE TABLE root(id INTEGER PRIMARY KEY CHECK(id = 1), gallery BLOB NOT NULL," \
    " generation INTEGER NOT NULL, seal BLOB NOT NULL, manifest BLOB NOT NULL,"      \
    " flags INTEGER NOT NULL) STRICT"
#define RECORD                                                             \
    "CREATE TABLE record(id INTEGER PRIMARY KEY, person INTEGER NOT NULL," \
    " generation INTEGER NOT NULL, who BLOB UNIQUE, body BLOB NOT NULL) STRICT"
#define RECORD_PERSON "CREATE INDEX record_person ON record(person)"

static const char make_sql[] =
    ROOT ";" RECORD ";" RECORD_PERSON ";PRAGMA application_id=1179206727; PRAGMA user_version=1";
_Static_assert(APPLICATION_ID == 1179206727 && SCHEMA == 1, "the numbers in make_sql");

/* In the order of entries_sql; what SQLite makes for a key has its table instead of words. */
static const char *const entries[][3] = {
    {"table", "record", RECORD},
    {"table", "root", ROOT},
    {"index", "record_person", RECORD_PERSON},
    {"index", "sqlite_autoindex_record_1", "record"},
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

/* Views and triggers come first: where a file has one, that is what is told. */
static const char entries_sql[] = "SELECT type, name, coalesce(sql, tbl_name)"
                                  " FROM main.sqlite_schema ORDER BY type DESC, name";
/* Each has pages of its own. */
static const char shared_sql[] =
    "SELECT count(*) - count(DISTINCT iif(typeof(rootpage) = 'integer' AND rootpage > 1,"
    " rootpage, NULL)) FROM main.sqlite_schema";

static enum fid_status compare_entries(struct fid_sqlite *store)
{
    sqlite3_stmt *row;
    enum fid_status status = FID_OK;
    int code = sqlite3_prepare_v2(store->db, entries_sql, -1, &row, NULL);
    for (size_t i = 0; status == FID_OK && (code == SQLITE_OK || code == SQLITE_ROW); i++) {
        const char *found[3] = {"", "", ""};
        const char *const *wanted = i < ENTRIES ? entries[i] : NULL;
        code = sqlite3_step(row);
        bool same = code == SQLITE_ROW && wanted != NULL;
        for (int k = 0; code == SQLITE_ROW && k < 3; k++) {
            const char *text = (const char *)sqlite3_column_text(row, k);
            found[k] = text != NULL ? text : "";
            same = same && strcmp(found[k], wanted[k]) == 0 &&
                   (size_t)sqlite3_column_bytes(row, k) == strlen(wanted[k]);
        }
        if ((code == SQLITE_ROW && !same) || (code == SQLITE_DONE && wanted != NULL))
            status = fid_store_tell_entry(&store->base, code == SQLITE_ROW ? found : NULL, wanted);
    }
    if (status == FID_OK && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read");
    sqlite3_finalize(row);
    return status;
}

struct found { /* in a file */
    int64_t application, version, entries, old;
};

static enum fid_status look(struct fid_sqlite *store, struct found *found)
{
    enum fid_status status = fid_sqlite_number(store, "PRAGMA application_id", &found->application);
    if (status == FID_OK)
        status = fid_sqlite_number(store, "PRAGMA user_version", &found->version);
    if (status == FID_OK)
        status =
            fid_sqlite_number(store, "SELECT count(*) FROM main.sqlite_schema", &found->entries);
    if (status == FID_OK)
        status = fid_sqlite_number(store,
                                   "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table'"
                                   " AND name IN ('model', 'person', 'sample')",
                                   &found->old);
    return status;
}

static enum fid_status check_version(const struct fid_sqlite *store, const struct found *found)
{
    const char *name = store->base.name;
    struct fid_error *error = store->base.error;
    if (found->application != APPLICATION_ID)
        return fid_fail(error, FID_INVALID, "%s is a database of another program, not a gallery",
                        name);
    if ((found->version > SCHEMA && found->version <= SCHEMA_BEFORE) || found->old == 3)
        return fid_fail(error, FID_UNSUPPORTED, "the gallery %s was written before 0.1.0", name);
    if (found->version > SCHEMA_BEFORE && found->version <= SCHEMA_EVER)
        return fid_fail(error, FID_UNSUPPORTED,
                        "the gallery %s was written by a newer faceid (version %lld of its tables)",
                        name, (long long)found->version);
    return found->version == SCHEMA ? FID_OK : fid_store_damaged(&store->base);
}

enum fid_status fid_sqlite_prove(struct fid_sqlite *store)
{
    enum { THOUSANDS = 1000 }; /* a schema without end is damage */
    int64_t shared = 0;
    struct found found = {0};
    fid_sqlite_bound(store, THOUSANDS);
    enum fid_status status = look(store, &found);
    if (status == FID_OK)
        status = check_version(store, &found);
    if (status == FID_OK)
        status = compare_entries(store);
    if (status == FID_OK)
        status = fid_sqlite_number(store, shared_sql, &shared);
    if (status == FID_OK && shared != 0)
        status = fid_fail(store->base.error, FID_CORRUPT,
                          "the gallery %s is damaged: two of its tables are in one place",
                          store->base.name);
    if (status == FID_OK)
        status = fid_sqlite_number(store, "PRAGMA schema_version", &store->schema_version);
    store->is_proven = status == FID_OK;
    if (!store->is_proven)
        store->schema_version = -1; /* that of no file */
    fid_sqlite_keep_journal(store, !store->is_proven);
    fid_sqlite_bound(store, 0);
    return status;
}

enum fid_status fid_sqlite_settle_tables(struct fid_sqlite *store, bool write, bool *empty)
{
    struct found found = {0};
    enum fid_status status = fid_sqlite_run(store, write ? "BEGIN IMMEDIATE" : "BEGIN", "locked");
    if (status == FID_OK)
        status = look(store, &found);
    *empty = status == FID_OK && found.application == 0 && found.entries == 0;
    if (status == FID_OK && *empty && write) {
        status = fid_sqlite_run(store, make_sql, "made");
        *empty = false;
    }
    if (status == FID_OK && !*empty)
        status = fid_sqlite_prove(store);
    if (status == FID_OK && write)
        status = fid_sqlite_run(store, "COMMIT", "made");
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
