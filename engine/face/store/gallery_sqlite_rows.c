#include "engine/face/store/gallery_sqlite.h"

#include "engine/base/memory.h"

#include <stdio.h>
#include <string.h>

/* ---- the model ---- */

int64_t fid_sqlite_model_crc(const struct fid_store *store, const struct fid_store_model *model)
{
    char text[sizeof model->id + sizeof model->name + 32];
    int length = snprintf(text, sizeof text, "%s|%s|%zu", model->id, model->name, model->size);
    return fid_sqlite_row_crc(store, 0, FID_ROW_MODEL, text, (size_t)length);
}

enum fid_status fid_store_read_model(struct fid_store *store, struct fid_store_model *model,
                                     struct fid_error *error)
{
    sqlite3_stmt *statement;
    *model = (struct fid_store_model){0};
    enum { FIRST_VERSION = 4 }; /* with a checksum */
    bool has_crc;
    enum fid_status status = fid_sqlite_has_version(store, FIRST_VERSION, &has_crc, error);
    if (status == FID_OK)
        status = fid_sqlite_prepare(store,
                                    has_crc ? "SELECT id, name, size, crc FROM model"
                                            : "SELECT id, name, size, 0 FROM model",
                                    &statement, error);
    if (status != FID_OK)
        return status;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        int64_t size = sqlite3_column_int64(statement, 2);
        fid_sqlite_copy_column(statement, 0, model->id, sizeof model->id);
        fid_sqlite_copy_column(statement, 1, model->name, sizeof model->name);
        model->size = (size_t)size;
        int64_t crc = sqlite3_column_int64(statement, 3);
        if (size < 1 || size > FID_SQLITE_VECTOR_MOST ||
            strlen(model->id) != sizeof model->id - 1 ||
            (crc != 0 && crc != fid_sqlite_model_crc(store, model)))
            status = fid_fail(error, FID_CORRUPT, "the gallery %s is damaged: its model is not one",
                              store->path);
    } else if (code != SQLITE_DONE) {
        status = fid_sqlite_fail(store, code, "read", error);
    }
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_write_model(struct fid_store *store, const struct fid_store_model *model,
                                      struct fid_error *error)
{
    sqlite3_stmt *statement;
    int64_t unused;
    enum fid_status status = fid_sqlite_number(store, "DELETE FROM model", NULL, &unused, error);
    if (status == FID_OK)
        status = fid_sqlite_prepare(store, "INSERT INTO model VALUES(?1, ?2, ?3, ?4)", &statement,
                                    error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_text(statement, 1, model->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, model->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, (int64_t)model->size);
    sqlite3_bind_int64(statement, 4, fid_sqlite_model_crc(store, model));
    return fid_sqlite_finish(store, statement, error);
}

/* ---- people ---- */

enum fid_status fid_store_find(struct fid_store *store, const char *key, int64_t *id,
                               struct fid_error *error)
{
    return fid_sqlite_number(store, "SELECT id FROM person WHERE name_key = ?1", key, id, error);
}

enum fid_status fid_store_count(struct fid_store *store, size_t *people, struct fid_error *error)
{
    int64_t count;
    enum fid_status status =
        fid_sqlite_number(store, "SELECT count(*) FROM person", NULL, &count, error);
    *people = (size_t)count;
    return status;
}

enum fid_status fid_store_rename_person(struct fid_store *store, int64_t id, const char *name,
                                        const char *key, struct fid_error *error)
{
    sqlite3_stmt *statement;
    struct fid_store_person before;
    enum fid_status status = fid_store_read_person(store, id, &before, error);
    if (status == FID_OK)
        status = fid_sqlite_prepare(
            store, "UPDATE person SET name = ?2, name_key = ?3, crc = ?4 WHERE id = ?1", &statement,
            error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, fid_sqlite_person_crc(store, id, name, before.expires));
    return fid_sqlite_finish(store, statement, error);
}

/* In two steps, because the checksum covers the number that the first one gives. */
enum fid_status fid_store_add_person(struct fid_store *store, const char *name, const char *key,
                                     int64_t *id, struct fid_error *error)
{
    sqlite3_stmt *statement;
    char created[sizeof((struct fid_person *)0)->created];
    fid_sqlite_write_time(created, sizeof created);
    enum fid_status status = fid_sqlite_prepare(
        store, "INSERT INTO person(name, name_key, created, crc) VALUES(?1, ?2, ?3, 0)", &statement,
        error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, created, -1, SQLITE_STATIC);
    status = fid_sqlite_finish(store, statement, error);
    *id = sqlite3_last_insert_rowid(store->db);
    return status == FID_OK ? fid_store_rename_person(store, *id, name, key, error) : status;
}

enum fid_status fid_store_delete_person(struct fid_store *store, int64_t id,
                                        struct fid_error *error)
{
    return fid_sqlite_change_person(store, "DELETE FROM person WHERE id = ?1", id, error);
}

/* ---- vectors ---- */

/* Reads the blob in `column` with its checksum behind it; name: whose it is. */
static enum fid_status read_numbers(struct fid_store *store, sqlite3_stmt *statement, int column,
                                    int64_t person, int64_t what, const char *name, float *numbers,
                                    size_t size, struct fid_error *error)
{
    if (fid_sqlite_read_numbers(store, statement, column, person, what, numbers, size))
        return FID_OK;
    return fid_sqlite_damaged_person(store, name, error);
}

int64_t fid_sqlite_vector_what(int64_t kind, int64_t place)
{
    return (int64_t)((uint64_t)kind << 32 | (uint64_t)place);
}

enum fid_status fid_store_delete_vectors(struct fid_store *store, int64_t person,
                                         struct fid_error *error)
{
    return fid_sqlite_change_person(store, "DELETE FROM vector WHERE person = ?1", person, error);
}

enum fid_status fid_store_add_vector(struct fid_store *store, int64_t person,
                                     enum fid_vector_kind kind, size_t place, const float *vector,
                                     size_t size, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        store, "INSERT INTO vector(person, kind, place, data, crc) VALUES(?1, ?2, ?3, ?4, ?5)",
        &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_int64(statement, 2, kind);
    sqlite3_bind_int64(statement, 3, (int64_t)place);
    return fid_sqlite_write_numbers(store, statement, 4, person,
                                    fid_sqlite_vector_what(kind, (int64_t)place), vector, size,
                                    error);
}

/* ---- reading everybody ---- */

static enum fid_status read_person(struct fid_store *store, sqlite3_stmt *statement,
                                   const struct fid_store_reader *reader, struct fid_error *error)
{
    struct fid_person person = {.id = sqlite3_column_int64(statement, 0)};
    char checked[FID_NAME_BYTES];
    fid_sqlite_copy_column(statement, 1, person.name, sizeof person.name);
    fid_sqlite_copy_column(statement, 3, person.created, sizeof person.created);
    person.sample_count = (size_t)sqlite3_column_int64(statement, 5);
    person.prototype_count = (size_t)sqlite3_column_int64(statement, 6);
    fid_sqlite_copy_column(statement, 8, person.expires, sizeof person.expires);
    person.crop_count = (size_t)sqlite3_column_int64(statement, 9);
    const char *key = (const char *)sqlite3_column_text(statement, 2);
    int64_t crc = fid_sqlite_person_crc(store, person.id, person.name, person.expires);
    if (key == NULL || crc != sqlite3_column_int64(statement, 4) ||
        fid_name_check(person.name, checked, NULL) != FID_OK || strcmp(checked, person.name) != 0)
        return fid_fail(error, FID_CORRUPT,
                        "the gallery %s is damaged: the name in row %lld of its table "
                        "person; " FID_STORE_WAY_BACK " and enrol again who is lost",
                        store->path, (long long)person.id);
    return reader->person(reader->ctx, &person, key, (size_t)sqlite3_column_int64(statement, 7),
                          error);
}

static enum fid_status read_vector(struct fid_store *store, sqlite3_stmt *statement, float *numbers,
                                   size_t size, const struct fid_store_reader *reader,
                                   struct fid_error *error)
{
    char name[FID_NAME_BYTES];
    int64_t person = sqlite3_column_int64(statement, 0), kind = sqlite3_column_int64(statement, 1);
    int64_t what = fid_sqlite_vector_what(kind, sqlite3_column_int64(statement, 2));
    fid_sqlite_copy_column(statement, 5, name, sizeof name);
    enum fid_status status =
        read_numbers(store, statement, 3, person, what, name, numbers, size, error);
    return status == FID_OK
               ? reader->vector(reader->ctx, person, (enum fid_vector_kind)kind, numbers, error)
               : status;
}

/* Steps through a statement whose ?1 is the person (0: all); numbers NULL: rows of people. */
static enum fid_status read_rows(struct fid_store *store, const char *sql, int64_t person,
                                 float *numbers, size_t size, const struct fid_store_reader *reader,
                                 struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    int code;
    while (status == FID_OK && (code = sqlite3_step(statement)) != SQLITE_DONE) {
        if (code != SQLITE_ROW)
            status = fid_sqlite_fail(store, code, "read", error);
        else if (numbers != NULL)
            status = read_vector(store, statement, numbers, size, reader, error);
        else
            status = read_person(store, statement, reader, error);
    }
    sqlite3_finalize(statement);
    return status;
}

enum fid_status fid_store_read_people(struct fid_store *store, int64_t person, size_t size,
                                      const struct fid_store_reader *reader,
                                      struct fid_error *error)
{
#define CROPS_SQL \
    "(SELECT count(*) FROM sample WHERE sample.person = person.id AND length(crop) > 0)"
#define PEOPLE_SQL(expires)                                                              \
    "SELECT id, name, name_key, created, crc,"                                           \
    " (SELECT count(*) FROM sample WHERE sample.person = person.id),"                    \
    " (SELECT count(*) FROM vector WHERE vector.person = person.id AND kind IN (0, 1))," \
    " (SELECT count(*) FROM vector WHERE vector.person = person.id), " expires           \
    " FROM person WHERE ?1 IN (0, id) ORDER BY name_key"
    static const char vectors_sql[] =
        "SELECT v.person, v.kind, v.place, v.data, v.crc, p.name FROM vector v"
        " JOIN person p ON p.id = v.person WHERE ?1 IN (0, p.id)"
        " ORDER BY p.name_key, v.kind, v.place";
    bool has_terms = false, has_crops = false;
    enum fid_status status = fid_sqlite_has_terms(store, &has_terms, error);
    if (status == FID_OK)
        status = fid_sqlite_has_crops(store, &has_crops, error);
    if (status == FID_OK)
        status = read_rows(store,
                           has_crops   ? PEOPLE_SQL("expires, " CROPS_SQL)
                           : has_terms ? PEOPLE_SQL("expires, 0")
                                       : PEOPLE_SQL("'', 0"),
                           person, NULL, 0, reader, error);
    if (status != FID_OK || reader->vector == NULL)
        return status;
    float *numbers = size <= FID_SQLITE_VECTOR_MOST ? fid_calloc(size, sizeof *numbers) : NULL;
    if (numbers == NULL)
        return fid_fail(error, FID_NO_MEMORY, "no memory to read the gallery %s", store->path);
    status = read_rows(store, vectors_sql, person, numbers, size, reader, error);
    fid_free(numbers);
    return status;
}
