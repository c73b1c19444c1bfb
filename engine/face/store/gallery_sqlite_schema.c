/* The tables: what makes them, version by version, and the proof that a file has just these. What a
 * schema says SQLite runs in whatever statement of ours comes next: triggers, views, checks,
 * defaults, expressions of indexes. Reading the schema's own table runs nothing. */
#include "engine/face/store/gallery_sqlite.h"

#include <string.h>

enum {
    APPLICATION_ID = 0x46494447, /* "FIDG" in the file's header: told apart from other databases */
    SCHEMA = 6,                  /* the version of the tables that this program makes */
    SCHEMA_EVER = 1000,          /* more is damage, not a newer program's */
};

/* ---- what they are ---- */

/* Texts as the file has them: a column that came later stands behind a comma. */
#define MODEL     "CREATE TABLE model(id TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL"
#define MODEL_CRC "crc INTEGER NOT NULL DEFAULT 0" /* 0: written before */
#define PERSON                                                                      \
    "CREATE TABLE person(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL," \
    " name_key TEXT NOT NULL UNIQUE, created TEXT NOT NULL, crc INTEGER NOT NULL"
#define EXPIRES "expires TEXT NOT NULL DEFAULT ''"
#define SAMPLE                                                                            \
    "CREATE TABLE sample(id INTEGER PRIMARY KEY, person INTEGER NOT NULL"                 \
    " REFERENCES person(id) ON DELETE CASCADE, source TEXT NOT NULL, data BLOB NOT NULL," \
    " crc INTEGER NOT NULL"
#define CREATED  "created TEXT NOT NULL DEFAULT ''"
#define CROP     "crop BLOB NOT NULL DEFAULT x''"
#define CROP_CRC "crop_crc INTEGER NOT NULL DEFAULT 0"
#define VECTOR                                                                                  \
    "CREATE TABLE vector(person INTEGER NOT NULL REFERENCES person(id) ON DELETE CASCADE,"      \
    " kind INTEGER NOT NULL, place INTEGER NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL," \
    " PRIMARY KEY(person, kind, place))"
#define CALIBRATION                                                                            \
    "CREATE TABLE calibration(id INTEGER PRIMARY KEY CHECK(id = 1), model TEXT NOT NULL,"      \
    " model_name TEXT NOT NULL, accept REAL NOT NULL, fpir REAL NOT NULL, people INTEGER NOT " \
    "NULL,"                                                                                    \
    " strangers INTEGER NOT NULL, named INTEGER NOT NULL, created TEXT NOT NULL,"              \
    " crc INTEGER NOT NULL)"
#define STRANGER                                                                              \
    "CREATE TABLE stranger(id INTEGER PRIMARY KEY, source TEXT NOT NULL, data BLOB NOT NULL," \
    " crc INTEGER NOT NULL)"
#define CONSENT                                                                            \
    "CREATE TABLE consent(id INTEGER PRIMARY KEY, person INTEGER NOT NULL"                 \
    " REFERENCES person(id) ON DELETE CASCADE, created TEXT NOT NULL, text TEXT NOT NULL," \
    " crc INTEGER NOT NULL)"
#define CHANGE                                                                      \
    "CREATE TABLE change(id INTEGER PRIMARY KEY CHECK(id = 1), verb TEXT NOT NULL," \
    " created TEXT NOT NULL)"
#define CHANGED "CREATE TABLE changed(person INTEGER PRIMARY KEY)"
#define BACKUP  "CREATE TABLE backup(path TEXT PRIMARY KEY, created TEXT NOT NULL)"
/* What undo needs: the columns of the three, in their order; written as SQLite once did from a
 * SELECT. */
#define OLD_PERSON                                                                         \
    "CREATE TABLE old_person(\n  id INT,\n  name TEXT,\n  name_key TEXT,\n  created TEXT," \
    "\n  crc INT,\n  expires TEXT\n)"
#define OLD_SAMPLE                                                                              \
    "CREATE TABLE old_sample(\n  id INT,\n  person INT,\n  source TEXT,\n  data,\n  crc INT,\n" \
    "  created TEXT\n"
#define OLD_CONSENT                                                                        \
    "CREATE TABLE old_consent(\n  id INT,\n  person INT,\n  created TEXT,\n  text TEXT,\n" \
    "  crc INT\n)"
/* A row: what was deleted for good may still lie in the file or its journal. */
#define UNPURGED       "CREATE TABLE unpurged(id INTEGER PRIMARY KEY CHECK(id = 1))"
#define SAMPLE_PERSON  "CREATE INDEX sample_person ON sample(person)"
#define SAMPLE_CROP    "CREATE INDEX sample_crop ON sample(person) WHERE length(crop) > 0"
#define CONSENT_PERSON "CREATE INDEX consent_person ON consent(person)"

/* What makes version i + 1 of the tables from version i, 0 being an empty file. */
static const char *const schema_steps[SCHEMA] = {
    MODEL ");" PERSON ");" SAMPLE ");" SAMPLE_PERSON ";" VECTOR ";"
          "PRAGMA application_id=1179206727; PRAGMA user_version=1;",
    CALIBRATION ";" STRANGER ";PRAGMA user_version=2;",
    "ALTER TABLE person ADD COLUMN " EXPIRES ";ALTER TABLE sample ADD COLUMN " CREATED ";" CONSENT
    ";" CONSENT_PERSON ";" CHANGE ";" CHANGED ";" OLD_PERSON ";" OLD_SAMPLE ");" OLD_CONSENT
    ";" BACKUP ";PRAGMA user_version=3;",
    "ALTER TABLE model ADD COLUMN " MODEL_CRC ";PRAGMA user_version=4;",
    "ALTER TABLE sample ADD COLUMN " CROP ";ALTER TABLE sample ADD COLUMN " CROP_CRC ";" SAMPLE_CROP
    ";ALTER TABLE old_sample ADD COLUMN " CROP ";ALTER TABLE old_sample ADD COLUMN " CROP_CRC
    ";PRAGMA user_version=5;",
    UNPURGED ";PRAGMA user_version=6;",
};
_Static_assert(APPLICATION_ID == 1179206727, "the number in schema_steps");

/* What a file of the versions from the first to the last has; in the order of entries_sql. */
static const struct entry {
    const char *type, *name, *table;
    int first, last;
    const char *sql; /* NULL: SQLite makes it for a key */
} entries[] = {
    {"table", "backup", "backup", 3, SCHEMA, BACKUP},
    {"table", "calibration", "calibration", 2, SCHEMA, CALIBRATION},
    {"table", "change", "change", 3, SCHEMA, CHANGE},
    {"table", "changed", "changed", 3, SCHEMA, CHANGED},
    {"table", "consent", "consent", 3, SCHEMA, CONSENT},
    {"table", "model", "model", 1, 3, MODEL ")"},
    {"table", "model", "model", 4, SCHEMA, MODEL ", " MODEL_CRC ")"},
    {"table", "old_consent", "old_consent", 3, SCHEMA, OLD_CONSENT},
    {"table", "old_person", "old_person", 3, SCHEMA, OLD_PERSON},
    {"table", "old_sample", "old_sample", 3, 4, OLD_SAMPLE ")"},
    {"table", "old_sample", "old_sample", 5, SCHEMA, OLD_SAMPLE ", " CROP ", " CROP_CRC ")"},
    {"table", "person", "person", 1, 2, PERSON ")"},
    {"table", "person", "person", 3, SCHEMA, PERSON ", " EXPIRES ")"},
    {"table", "sample", "sample", 1, 2, SAMPLE ")"},
    {"table", "sample", "sample", 3, 4, SAMPLE ", " CREATED ")"},
    {"table", "sample", "sample", 5, SCHEMA, SAMPLE ", " CREATED ", " CROP ", " CROP_CRC ")"},
    {"table", "sqlite_sequence", "sqlite_sequence", 1, SCHEMA,
     "CREATE TABLE sqlite_sequence(name,seq)"},
    {"table", "stranger", "stranger", 2, SCHEMA, STRANGER},
    {"table", "unpurged", "unpurged", 6, SCHEMA, UNPURGED},
    {"table", "vector", "vector", 1, SCHEMA, VECTOR},
    {"index", "consent_person", "consent", 3, SCHEMA, CONSENT_PERSON},
    {"index", "sample_crop", "sample", 5, SCHEMA, SAMPLE_CROP},
    {"index", "sample_person", "sample", 1, SCHEMA, SAMPLE_PERSON},
    {"index", "sqlite_autoindex_backup_1", "backup", 3, SCHEMA, NULL},
    {"index", "sqlite_autoindex_person_1", "person", 1, SCHEMA, NULL},
    {"index", "sqlite_autoindex_vector_1", "vector", 1, SCHEMA, NULL},
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

/* The next entry of a version, from `at` on; NULL: there is none. */
static const struct entry *next_entry(const struct entry *at, int64_t version)
{
    while (at < entries + ENTRIES && (version < at->first || version > at->last))
        at++;
    return at < entries + ENTRIES ? at : NULL;
}

/* ---- are they ours? ---- */

/* Views and triggers come first: where a file has one, that is what is told. */
static const char entries_sql[] =
    "SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY type DESC, name";
/* Each has pages of its own. */
static const char roots_sql[] =
    "SELECT count(*) - count(DISTINCT iif(typeof(rootpage) = 'integer' AND rootpage > 1,"
    " rootpage, NULL)) FROM main.sqlite_schema";

static const char *text_of(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text != NULL ? text : "";
}

static bool has_text(sqlite3_stmt *row, int column, const char *text)
{
    if (text == NULL)
        return sqlite3_column_type(row, column) == SQLITE_NULL;
    const char *found = text_of(row, column);
    const size_t length = strlen(text);
    return sqlite3_column_type(row, column) == SQLITE_TEXT &&
           (size_t)sqlite3_column_bytes(row, column) == length && memcmp(found, text, length) == 0;
}

static bool is_same(sqlite3_stmt *row, const struct entry *entry)
{
    return has_text(row, 0, entry->type) && has_text(row, 1, entry->name) &&
           has_text(row, 2, entry->table) && has_text(row, 3, entry->sql);
}

/* Of a row and an entry that differ, or of one where the other is NULL. */
static enum fid_status tell_difference(const struct fid_store *store, sqlite3_stmt *row,
                                       const struct entry *entry, struct fid_error *error)
{
    const char *type = row != NULL ? text_of(row, 0) : "";
    const char *name = row != NULL ? text_of(row, 1) : "";
    int order = row == NULL ? 1 : entry == NULL ? -1 : strcmp(entry->type, type);
    if (order == 0)
        order = strcmp(name, entry->name);
    if (order < 0)
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s has %s %.10s '%.60s' that faceid did not "
                        "make: " FID_STORE_WAY_BACK,
                        store->path, type[0] == 'i' ? "an" : "a", type, name);
    return fid_fail(error, FID_CORRUPT,
                    order > 0 ? "the gallery %s lacks the %s '%s': " FID_STORE_WAY_BACK
                              : "the gallery %s has the %s '%s' otherwise than faceid makes "
                                "it: " FID_STORE_WAY_BACK,
                    store->path, entry->type, entry->name);
}

static enum fid_status compare_entries(struct fid_store *store, int64_t version,
                                       struct fid_error *error)
{
    const struct entry *entry = next_entry(entries, version);
    sqlite3_stmt *row;
    int code;
    enum fid_status status = fid_sqlite_prepare(store, entries_sql, &row, error);
    if (status != FID_OK)
        return status;
    while ((code = sqlite3_step(row)) == SQLITE_ROW && entry != NULL && is_same(row, entry))
        entry = next_entry(entry + 1, version);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    else if (code == SQLITE_ROW || entry != NULL)
        status = tell_difference(store, code == SQLITE_ROW ? row : NULL, entry, error);
    sqlite3_finalize(row);
    return status;
}

/* Has the row what its columns are declared to have? One of another table has not: where two tables
 * have each other's pages, what is deleted from one is gone from the other. */
static bool is_own_row(sqlite3_stmt *row)
{
    bool is = true;
    for (int i = 0; is && i < sqlite3_column_count(row); i++) {
        const int kind = sqlite3_column_type(row, i);
        const char *declared = sqlite3_column_decltype(row, i);
        if (declared == NULL) /* of a number in sqlite_sequence, a blob in what undo needs */
            is = kind != SQLITE_NULL;
        else
            is = kind == (declared[0] == 'I'   ? SQLITE_INTEGER
                          : declared[0] == 'T' ? SQLITE_TEXT
                          : declared[0] == 'R' ? SQLITE_FLOAT
                                               : SQLITE_BLOB);
    }
    return is;
}

/* The first row of each table; damage is left to who reads it. */
static enum fid_status look_at_rows(struct fid_store *store, int64_t version,
                                    struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (const struct entry *entry = next_entry(entries, version);
         status == FID_OK && entry != NULL && strcmp(entry->type, "table") == 0;
         entry = next_entry(entry + 1, version)) {
        char sql[80];
        sqlite3_stmt *first = NULL;
        sqlite3_snprintf(sizeof sql, sql, "SELECT * FROM main.%s NOT INDEXED LIMIT 1", entry->name);
        status = fid_sqlite_prepare(store, sql, &first, error);
        if (status == FID_OK && sqlite3_step(first) == SQLITE_ROW && !is_own_row(first))
            status = fid_fail(error, FID_CORRUPT,
                              "the gallery %s has rows in its table '%s' that are none of "
                              "it: " FID_STORE_WAY_BACK,
                              store->path, entry->name);
        sqlite3_finalize(first);
    }
    return status;
}

/* Proves that the tables are those of the version. */
static enum fid_status prove(struct fid_store *store, int64_t version, struct fid_error *error)
{
    int64_t shared = 0;
    enum fid_status status = compare_entries(store, version, error);
    if (status == FID_OK)
        status = fid_sqlite_number(store, roots_sql, NULL, &shared, error);
    if (status == FID_OK && shared != 0)
        status = fid_fail(error, FID_CORRUPT,
                          "the gallery %s is damaged: two of its tables are in one "
                          "place: " FID_STORE_WAY_BACK,
                          store->path);
    return status == FID_OK ? look_at_rows(store, version, error) : status;
}

/* ---- what there is, and what it becomes ---- */

/* Brings the tables from a version to the newest one. */
static enum fid_status raise_schema(struct fid_store *store, int64_t version,
                                    struct fid_error *error)
{
    enum fid_status status = FID_OK;
    for (; status == FID_OK && version < SCHEMA; version++)
        status = fid_sqlite_run(store, schema_steps[version], error);
    return status;
}

struct found { /* in a file */
    int64_t application, version, entries;
    bool is_utf8;
};

static enum fid_status look_at_encoding(struct fid_store *store, struct found *found,
                                        struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, "PRAGMA encoding", &statement, error);
    if (status != FID_OK)
        return status;
    found->is_utf8 =
        sqlite3_step(statement) == SQLITE_ROW && strcmp(text_of(statement, 0), "UTF-8") == 0;
    sqlite3_finalize(statement);
    return FID_OK;
}

static enum fid_status look(struct fid_store *store, struct found *found, struct fid_error *error)
{
    enum fid_status status;
    if ((status =
             fid_sqlite_number(store, "PRAGMA application_id", NULL, &found->application, error)) ||
        (status = fid_sqlite_number(store, "PRAGMA user_version", NULL, &found->version, error)) ||
        (status = fid_sqlite_number(store, "SELECT 1 FROM main.sqlite_schema", NULL,
                                    &found->entries, error)))
        return status;
    return look_at_encoding(store, found, error);
}

static enum fid_status check_version(const struct fid_store *store, const struct found *found,
                                     struct fid_error *error)
{
    if (found->application != APPLICATION_ID)
        return fid_fail(error, FID_INVALID, "%s is a database of another program, not a gallery",
                        store->path);
    if (found->version > SCHEMA && found->version <= SCHEMA_EVER)
        return fid_fail(error, FID_UNSUPPORTED,
                        "the gallery %s was written by a newer faceid (version %lld of its "
                        "tables, this program knows %d)",
                        store->path, (long long)found->version, SCHEMA);
    if (found->version < 1 || found->version > SCHEMA_EVER)
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is damaged, as %lld is no version of its "
                        "tables: " FID_STORE_WAY_BACK,
                        store->path, (long long)found->version);
    return FID_OK;
}

enum fid_status fid_sqlite_settle_schema(struct fid_store *store, unsigned flags, bool *empty,
                                         struct fid_error *error)
{
    const bool write = (flags & FID_GALLERY_READ_ONLY) == 0;
    const bool make = (flags & (FID_GALLERY_CREATE | FID_GALLERY_MEMORY)) != 0;
    struct found found = {0};
    *empty = false;
    enum fid_status status = fid_store_begin(store, write, error);
    if (status != FID_OK)
        return status;
    status = look(store, &found, error);
    const bool is_new = status == FID_OK && found.application == 0 && found.entries == 0;
    *empty = is_new && !make;
    if (status == FID_OK && !is_new)
        status = check_version(store, &found, error);
    if (status == FID_OK && !found.is_utf8)
        status = fid_fail(error, FID_CORRUPT,
                          "the gallery %s has its texts otherwise than faceid writes them "
                          "(UTF-8): " FID_STORE_WAY_BACK,
                          store->path);
    if (status == FID_OK && !is_new)
        status = prove(store, found.version, error);
    const bool raise = write && !*empty && (is_new || found.version < SCHEMA);
    if (status == FID_OK && raise)
        status = raise_schema(store, is_new ? 0 : found.version, error);
    if (status == FID_OK && raise)
        status = fid_store_commit(store, error);
    fid_store_rollback(store); /* where nothing is written: SQLite commits nothing behind damage */
    store->is_ours = status == FID_OK;
    if (store->is_ours)
        fid_sqlite_bound(store, 0);
    return status;
}
