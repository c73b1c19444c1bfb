/* Damage: what is wrong with a file. */
#include "engine/base/memory.h"
#include "engine/face/store/gallery_sqlite.h"
#include "engine/face/store/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct checker {
    struct fid_store *store;
    fid_store_tell_fn tell;
    void *ctx;
};

static void tell(const struct checker *checker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void tell(const struct checker *checker, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    checker->tell(checker->ctx, text);
}

/* Looks at each row; what cannot be read is a fault too, and ends the table, which is called what.
 */
static enum fid_status each_row(const struct checker *checker, const char *sql, const char *what,
                                void (*look)(const struct checker *, sqlite3_stmt *),
                                struct fid_error *error)
{
    sqlite3_stmt *statement = NULL;
    struct fid_store *store = checker->store;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW)
        if ((code = sqlite3_step(statement)) == SQLITE_ROW)
            look(checker, statement);
    enum fid_status status = FID_OK;
    const int kind = code & 0xFF;
    if (kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR ||
        kind == SQLITE_INTERRUPT)
        tell(checker, "not all of %s can be read: pages are damaged", what);
    else if (code != SQLITE_DONE)
        status = fid_sqlite_fail(store, code, "read", error);
    sqlite3_finalize(statement);
    return status;
}

/* Several faults stand in one row, a line each, below a heading. */
static void look_at_page(const struct checker *checker, sqlite3_stmt *row)
{
    const char *text = (const char *)sqlite3_column_text(row, 0);
    while (text != NULL && *text != '\0') {
        const int length = (int)strcspn(text, "\n");
        const bool heading = strncmp(text, "***", 3) == 0;
        if (length > 0 && !heading && strcmp(text, "ok") != 0)
            tell(checker, "the structure of the file is damaged (%.*s)",
                 length < 400 ? length : 400, text);
        text += length + (text[length] == '\n');
    }
}

static void look_at_link(const struct checker *checker, sqlite3_stmt *row)
{
    tell(checker, "a row of the table %.40s belongs to nobody",
         (const char *)sqlite3_column_text(row, 0));
}

static void look_at_person(const struct checker *checker, sqlite3_stmt *row)
{
    char name[FID_NAME_BYTES], expires[FID_DATE_BYTES], key[FID_NAME_KEY_BYTES];
    int64_t id = sqlite3_column_int64(row, 0);
    fid_sqlite_copy_column(row, 1, name, sizeof name);
    fid_sqlite_copy_column(row, 4, expires, sizeof expires);
    const char *stored = (const char *)sqlite3_column_text(row, 2);
    if (fid_sqlite_person_crc(checker->store, id, name, expires) != sqlite3_column_int64(row, 3))
        tell(checker, "the name or last day of person %lld is damaged", (long long)id);
    else if (stored == NULL || fid_name_key(name, key, NULL) != FID_OK || strcmp(stored, key) != 0)
        tell(checker, "'%s' is not sorted under that name", name);
    if (sqlite3_column_int64(row, 5) < 1)
        tell(checker, "'%s' has no face", name);
    if (sqlite3_column_int64(row, 6) != 1 || sqlite3_column_int64(row, 7) != 1)
        tell(checker, "the means of '%s' are incomplete", name);
}

static void look_at_sample(const struct checker *checker, sqlite3_stmt *row)
{
    if (fid_sqlite_row_crc(checker->store, sqlite3_column_int64(row, 1), FID_ROW_SAMPLE,
                           sqlite3_column_blob(row, 2),
                           (size_t)sqlite3_column_bytes(row, 2)) != sqlite3_column_int64(row, 3))
        tell(checker, "face %lld of person %lld is damaged",
             (long long)sqlite3_column_int64(row, 0), (long long)sqlite3_column_int64(row, 1));
}

static void look_at_crop(const struct checker *checker, sqlite3_stmt *row)
{
    const void *crop;
    size_t size;
    if (!fid_sqlite_read_crop(checker->store, row, 2, sqlite3_column_int64(row, 0), &crop, &size))
        tell(checker, "the kept crop of face %lld of person %lld is damaged",
             (long long)sqlite3_column_int64(row, 0), (long long)sqlite3_column_int64(row, 1));
}

static void look_at_vector(const struct checker *checker, sqlite3_stmt *row)
{
    int64_t person = sqlite3_column_int64(row, 0);
    int64_t what =
        fid_sqlite_vector_what(sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 4));
    if (fid_sqlite_row_crc(checker->store, person, what, sqlite3_column_blob(row, 2),
                           (size_t)sqlite3_column_bytes(row, 2)) != sqlite3_column_int64(row, 3))
        tell(checker, "a vector of person %lld is damaged", (long long)person);
}

static void look_at_consent(const struct checker *checker, sqlite3_stmt *row)
{
    const char *created = (const char *)sqlite3_column_text(row, 1);
    const char *text = (const char *)sqlite3_column_text(row, 2);
    if (created == NULL || text == NULL ||
        fid_sqlite_consent_crc(checker->store, sqlite3_column_int64(row, 0), created, text) !=
            sqlite3_column_int64(row, 3))
        tell(checker, "a consent of person %lld is damaged",
             (long long)sqlite3_column_int64(row, 0));
}

static void look_at_stranger(const struct checker *checker, sqlite3_stmt *row)
{
    if (fid_sqlite_row_crc(checker->store, sqlite3_column_int64(row, 0), FID_ROW_STRANGER,
                           sqlite3_column_blob(row, 1),
                           (size_t)sqlite3_column_bytes(row, 1)) != sqlite3_column_int64(row, 2))
        tell(checker, "a stranger of the calibration is damaged");
}

static enum fid_status look_at_single_rows(const struct checker *checker, struct fid_error *error)
{
    struct fid_store_model model;
    struct fid_store_calibration calibration;
    struct fid_error fault = {0};
    enum fid_status status = fid_store_read_model(checker->store, &model, &fault);
    if (status == FID_OK)
        status = fid_store_read_calibration(checker->store, &calibration, &fault);
    if (status != FID_CORRUPT && status != FID_OK)
        return fid_fail(error, status, "%s", fault.text);
    if (status == FID_CORRUPT)
        tell(checker, "%s", fault.text);
    return FID_OK;
}

enum fid_status fid_store_check(struct fid_store *store, fid_store_tell_fn tell_fault, void *ctx,
                                struct fid_error *error)
{
    const struct checker checker = {store, tell_fault, ctx};
    const struct {
        int64_t first_version;
        const char *sql, *what;
        void (*look)(const struct checker *, sqlite3_stmt *);
    } steps[] = {
        {1, "PRAGMA integrity_check(20)", "the file", look_at_page},
        {1, "PRAGMA foreign_key_check", "the links between rows", look_at_link},
        {1, "SELECT id, person, data, crc FROM sample", "the faces", look_at_sample},
        {5, "SELECT id, person, crop, crop_crc FROM sample", "the kept crops", look_at_crop},
        {1, "SELECT person, kind, data, crc, place FROM vector", "the vectors", look_at_vector},
        {2, "SELECT id, data, crc FROM stranger", "the strangers of the calibration",
         look_at_stranger},
        {3, "SELECT person, created, text, crc FROM consent", "the consents", look_at_consent},
        {3,
         "SELECT id, name, name_key, crc, expires,"
         " (SELECT count(*) FROM sample WHERE person = person.id),"
         " (SELECT count(*) FROM vector WHERE person = person.id AND kind = 0),"
         " (SELECT count(*) FROM vector WHERE person = person.id AND kind = 2) FROM person",
         "the people", look_at_person},
    };
    /* Six steps a byte, and a million: a row's hundred take a hundred bytes at least. */
    enum { THOUSANDS = 1000, THOUSANDS_A_PAGE = 25 };
    int64_t pages = 0;
    enum fid_status status = fid_sqlite_number(store, "PRAGMA page_count", NULL, &pages, error);
    if (status == FID_OK)
        status = look_at_single_rows(&checker, error);
    for (size_t i = 0; status == FID_OK && i < sizeof steps / sizeof steps[0]; i++) {
        bool has = false;
        status = fid_sqlite_has_version(store, steps[i].first_version, &has, error);
        fid_sqlite_bound(store, THOUSANDS + THOUSANDS_A_PAGE * pages);
        if (status == FID_OK && has)
            status = each_row(&checker, steps[i].sql, steps[i].what, steps[i].look, error);
    }
    fid_sqlite_bound(store, 0);
    return status;
}
