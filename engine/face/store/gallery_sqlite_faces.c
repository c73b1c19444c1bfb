/* Faces as the network gave them: the samples of people, and the strangers of a calibration. */
#include "engine/base/memory.h"
#include "engine/face/store/gallery_sqlite.h"

#include <string.h>

/* ---- writing ---- */

enum fid_status fid_sqlite_change_person(struct fid_store *store, const char *sql, int64_t person,
                                         struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, person);
    return fid_sqlite_finish(store, statement, error);
}

enum fid_status fid_store_add_sample(struct fid_store *store, int64_t person,
                                     const float *embedding, size_t size, const char *source,
                                     const char *created, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(
        store, "INSERT INTO sample(person, source, data, crc, created) VALUES(?1, ?2, ?3, ?4, ?5)",
        &statement, error);
    if (status != FID_OK)
        return status;
    char now[FID_TIME_BYTES];
    fid_sqlite_write_time(now, sizeof now);
    sqlite3_bind_int64(statement, 1, person);
    sqlite3_bind_text(statement, 2, source, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, created != NULL ? created : now, -1, SQLITE_STATIC);
    return fid_sqlite_write_numbers(store, statement, 3, person, FID_ROW_SAMPLE, embedding, size,
                                    error);
}

enum fid_status fid_store_delete_samples(struct fid_store *store, int64_t person,
                                         struct fid_error *error)
{
    return fid_sqlite_change_person(store, "DELETE FROM sample WHERE person = ?1", person, error);
}

enum fid_status fid_store_add_stranger(struct fid_store *store, size_t place,
                                       const float *embedding, size_t size, const char *source,
                                       struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status =
        fid_sqlite_prepare(store, "INSERT INTO stranger VALUES(?1, ?2, ?3, ?4)", &statement, error);
    if (status != FID_OK)
        return status;
    sqlite3_bind_int64(statement, 1, (int64_t)place);
    sqlite3_bind_text(statement, 2, source, -1, SQLITE_STATIC);
    return fid_sqlite_write_numbers(store, statement, 3, (int64_t)place, FID_ROW_STRANGER,
                                    embedding, size, error);
}

/* ---- reading ---- */

static enum fid_status damaged(const struct fid_store *store, const char *name,
                               struct fid_error *error)
{
    if (name == NULL)
        return fid_fail(error, FID_CORRUPT,
                        "the strangers in the gallery %s are damaged; calibrate with a --cohort",
                        store->path);
    return fid_sqlite_damaged_person(store, name, error);
}

/* Steps through a statement that gives data, checksum, source, whose row it is, that name, the
 * time, a crop with its checksum, and the sample. */
static enum fid_status read_faces(struct fid_store *store, sqlite3_stmt *statement,
                                  enum fid_row what, float *embedding, size_t size,
                                  fid_store_sample_fn take, void *ctx, struct fid_error *error)
{
    char created[FID_TIME_BYTES];
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (!fid_sqlite_read_numbers(store, statement, 0, sqlite3_column_int64(statement, 3), what,
                                     embedding, size))
            return damaged(store, (const char *)sqlite3_column_text(statement, 4), error);
        const char *source = (const char *)sqlite3_column_text(statement, 2);
        struct fid_store_sample sample = {
            .embedding = embedding, .source = source != NULL ? source : "", .created = created};
        fid_sqlite_copy_column(statement, 5, created, sizeof created);
        fid_sqlite_read_crop(store, statement, 6, sqlite3_column_int64(statement, 8), &sample.crop,
                             &sample.crop_size);
        enum fid_status status = take(ctx, &sample, error);
        if (status != FID_OK)
            return status;
    }
    return code == SQLITE_DONE ? FID_OK : fid_sqlite_fail(store, code, "read", error);
}

/* Reads with a statement whose ?1 is the person. */
static enum fid_status select_faces(struct fid_store *store, const char *sql, int64_t person,
                                    enum fid_row what, size_t size, fid_store_sample_fn take,
                                    void *ctx, struct fid_error *error)
{
    sqlite3_stmt *statement;
    enum fid_status status = fid_sqlite_prepare(store, sql, &statement, error);
    if (status != FID_OK)
        return status;
    float *embedding = size <= FID_SQLITE_VECTOR_MOST ? fid_calloc(size, sizeof *embedding) : NULL;
    sqlite3_bind_int64(statement, 1, person);
    status = embedding != NULL
                 ? read_faces(store, statement, what, embedding, size, take, ctx, error)
                 : fid_fail(error, FID_NO_MEMORY, "no memory to read the gallery %s", store->path);
    sqlite3_finalize(statement);
    fid_free(embedding);
    return status;
}

struct face_reader { /* one that asks for no more than the face */
    fid_store_face_fn take;
    void *ctx;
};

static enum fid_status take_face(void *ctx, const struct fid_store_sample *sample,
                                 struct fid_error *error)
{
    struct face_reader *reader = ctx;
    return reader->take(reader->ctx, sample->embedding, sample->source, error);
}

#define SAMPLES_SQL(created, crop)                                         \
    "SELECT s.data, s.crc, s.source, s.person, p.name, " created ", " crop \
    ", s.id FROM sample s JOIN person p ON p.id = s.person WHERE s.person = ?1 ORDER BY s.id"

enum fid_status fid_store_each_whole_sample(struct fid_store *store, int64_t person, size_t size,
                                            fid_store_sample_fn take, void *ctx,
                                            struct fid_error *error)
{
    bool has_terms = false, has_crops = false;
    enum fid_status status = fid_sqlite_has_terms(store, &has_terms, error);
    if (status == FID_OK)
        status = fid_sqlite_has_crops(store, &has_crops, error);
    const char *sql = has_crops   ? SAMPLES_SQL("s.created", "s.crop, s.crop_crc")
                      : has_terms ? SAMPLES_SQL("s.created", "x'', 0")
                                  : SAMPLES_SQL("''", "x'', 0");
    return status == FID_OK
               ? select_faces(store, sql, person, FID_ROW_SAMPLE, size, take, ctx, error)
               : status;
}

enum fid_status fid_store_each_sample(struct fid_store *store, int64_t person, size_t size,
                                      fid_store_face_fn take, void *ctx, struct fid_error *error)
{
    struct face_reader reader = {take, ctx};
    return select_faces(store, SAMPLES_SQL("''", "x'', 0"), person, FID_ROW_SAMPLE, size, take_face,
                        &reader, error);
}

enum fid_status fid_store_each_stranger(struct fid_store *store, size_t size,
                                        fid_store_face_fn take, void *ctx, struct fid_error *error)
{
    bool has;
    enum fid_status status = fid_sqlite_has_calibration(store, &has, error);
    struct face_reader reader = {take, ctx};
    if (status != FID_OK || !has)
        return status;
    return select_faces(
        store,
        "SELECT data, crc, source, id, NULL, '', x'', 0, id FROM stranger WHERE ?1 = 0 ORDER BY id",
        0, FID_ROW_STRANGER, size, take_face, &reader, error);
}

struct collector {
    float *samples;
    size_t capacity, size, count;
};

static enum fid_status collect(void *ctx, const float *embedding, const char *source,
                               struct fid_error *error)
{
    struct collector *collector = ctx;
    (void)source;
    (void)error;
    if (collector->count < collector->capacity)
        memcpy(collector->samples + collector->count * collector->size, embedding,
               collector->size * sizeof *embedding);
    collector->count++;
    return FID_OK;
}

enum fid_status fid_store_read_samples(struct fid_store *store, int64_t person, float *samples,
                                       size_t capacity, size_t size, size_t *count,
                                       struct fid_error *error)
{
    struct collector collector = {.samples = samples, .capacity = capacity, .size = size};
    enum fid_status status = fid_store_each_sample(store, person, size, collect, &collector, error);
    *count = collector.count;
    return status;
}
