/* What damage has not hit: rows that their checksums prove, wherever in the file they are. */
#include "engine/base/memory.h"
#include "engine/face/store/gallery_sqlite_pages.h"
#include "engine/face/store/name.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a row is ---- */

/* Columns as letters: n nothing, i whole number, r real, t text, b blob. A number that is the row's
 * own has an empty column. */
static void shape_of(const struct fid_record *record, char shape[FID_RECORD_COLUMNS + 1])
{
    for (size_t i = 0; i < record->count; i++) {
        const uint64_t type = record->columns[i].type;
        shape[i] = type == 0 ? 'n' : type == 7 ? 'r' : type < 12 ? 'i' : "bt"[type % 2];
    }
    shape[record->count] = '\0';
}

/* The tables that are looked for, in all their versions; none of the others has one like them. The
 * history that undo needs has no column that is the row's own number. */
static const struct {
    enum fid_store_kind kind;
    const char *shape;
} tables[] = {
    {FID_STORE_PERSON, "nttti"},    /* id, name, name_key, created, crc */
    {FID_STORE_PERSON, "ntttit"},   /* and expires */
    {FID_STORE_SAMPLE, "nitbi"},    /* id, person, source, data, crc */
    {FID_STORE_SAMPLE, "nitbit"},   /* and created */
    {FID_STORE_SAMPLE, "nitbitbi"}, /* and crop, crop_crc */
    {FID_STORE_CONSENT, "nitti"},   /* id, person, created, text, crc */
    {FID_STORE_COPY, "tt"},         /* path, created */
    {FID_STORE_KINDS, "tti"},       /* the model: id, name, size */
    {FID_STORE_KINDS, "ttii"},      /* and crc */
};

/* FILLS kind, FID_STORE_KINDS for the model; false: another table's. */
static bool find_kind(const struct fid_record *record, enum fid_store_kind *kind)
{
    char shape[FID_RECORD_COLUMNS + 1];
    shape_of(record, shape);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (strcmp(shape, tables[i].shape) == 0) {
            *kind = tables[i].kind;
            return true;
        }
    return false;
}

/* Times are not in every row's checksum. */
static void read_time(const struct fid_record *record, size_t column, char out[FID_TIME_BYTES])
{
    if (!fid_record_text(record, column, out, FID_TIME_BYTES) ||
        out[strspn(out, "0123456789-:TZ")] != '\0')
        out[0] = '\0';
}

/* The text of a column in full, kept until the next one; NULL: unreadable, or no memory. */
static const char *keep_text(struct fid_store_rows *rows, const struct fid_record *record,
                             size_t column)
{
    const size_t bytes = record->columns[column].size + 1;
    if (bytes > rows->text_bytes) {
        fid_free(rows->text);
        rows->text = fid_calloc(bytes, 1);
        rows->text_bytes = rows->text != NULL ? bytes : 0;
    }
    return rows->text != NULL && fid_record_text(record, column, rows->text, bytes) ? rows->text
                                                                                    : NULL;
}

static bool read_person(const struct fid_store *store, const struct fid_record *record,
                        struct fid_store_person *person, int64_t *crc)
{
    char checked[FID_NAME_BYTES];
    person->expires[0] = '\0'; /* what files before version 3 lack */
    read_time(record, 3, person->created);
    return fid_record_text(record, 1, person->name, sizeof person->name) &&
           fid_record_number(record, 4, crc) &&
           (record->count < 6 ||
            fid_record_text(record, 5, person->expires, sizeof person->expires)) &&
           fid_sqlite_person_crc(store, record->rowid, person->name, person->expires) == *crc &&
           fid_name_check(person->name, checked, NULL) == FID_OK &&
           strcmp(checked, person->name) == 0;
}

/* The vector's bytes of a sample's row, which its checksum proves. */
static bool read_data(const struct fid_store *store, const struct fid_record *record,
                      int64_t *person, const uint8_t **data, size_t *bytes, int64_t *crc)
{
    return fid_record_number(record, 1, person) && fid_record_blob(record, 3, data, bytes) &&
           fid_record_number(record, 4, crc) &&
           fid_sqlite_row_crc(store, *person, FID_ROW_SAMPLE, *data, *bytes) == *crc;
}

static void read_crop(const struct fid_store *store, const struct fid_record *record,
                      struct fid_store_row *row)
{
    const uint8_t *crop;
    size_t size;
    int64_t crc;
    row->crop = NULL;
    row->crop_size = 0;
    row->crop_lost = record->count > 6 && record->columns[6].size > 0;
    if (row->crop_lost && fid_record_blob(record, 6, &crop, &size) &&
        fid_record_number(record, 7, &crc) &&
        fid_sqlite_row_crc(store, record->rowid, FID_ROW_CROP, crop, size) == crc) {
        row->crop = crop;
        row->crop_size = size;
        row->crop_lost = false;
    }
}

static bool read_consent(const struct fid_store *store, struct fid_store_rows *rows,
                         const struct fid_record *record, struct fid_store_row *row, int64_t *crc)
{
    row->text = keep_text(rows, record, 3);
    return row->text != NULL && fid_record_number(record, 1, &row->person) &&
           fid_record_text(record, 2, row->created, sizeof row->created) &&
           fid_record_number(record, 4, crc) &&
           fid_sqlite_consent_crc(store, row->person, row->created, row->text) == *crc;
}

/* No checksum proves it; where it is a wrong one, hardly ever is there a file. */
static const char *read_copy(struct fid_store_rows *rows, const struct fid_record *record)
{
    char created[FID_TIME_BYTES];
    const char *path = keep_text(rows, record, 0);
    read_time(record, 1, created);
    return path != NULL && path[0] == '/' && strlen(path) < PATH_MAX && created[0] != '\0' ? path
                                                                                           : NULL;
}

/* One without a checksum, as in files before version 4, gives way to any other. */
static void take_model(const struct fid_store *store, const struct fid_record *record,
                       struct fid_store_rows *rows)
{
    struct fid_store_model model = {0};
    int64_t size = 0, crc = 0;
    if (!fid_record_text(record, 0, model.id, sizeof model.id) ||
        !fid_record_text(record, 1, model.name, sizeof model.name) ||
        !fid_record_number(record, 2, &size) || size < 1 || size > FID_SQLITE_VECTOR_MOST ||
        strspn(model.id, "0123456789abcdef") != sizeof model.id - 1)
        return;
    model.size = (size_t)size;
    const bool proven = fid_record_number(record, 3, &crc) && crc != 0;
    if (proven ? fid_sqlite_model_crc(store, &model) == crc : rows->model.id[0] == '\0')
        rows->model = model;
}

/* ---- looking for them ---- */

/* FILLS a place; false: the row is damaged. */
static bool is_whole(const struct fid_store *store, struct fid_store_rows *rows,
                     enum fid_store_kind kind, const struct fid_record *record,
                     struct fid_store_place *place)
{
    struct fid_store_person person;
    struct fid_store_row row;
    const uint8_t *data;
    size_t bytes;
    place->id = record->rowid;
    if (kind == FID_STORE_PERSON)
        return read_person(store, record, &person, &place->crc);
    if (kind == FID_STORE_SAMPLE) {
        const bool whole = read_data(store, record, &place->person, &data, &bytes, &place->crc);
        place->numbers = whole ? bytes / sizeof(float) : 0;
        return whole;
    }
    if (kind == FID_STORE_COPY)
        return read_copy(rows, record) != NULL;
    const bool whole = read_consent(store, rows, record, &row, &place->crc);
    place->person = whole ? row.person : 0;
    return whole;
}

static bool add_place(struct fid_store_rows *rows, enum fid_store_kind kind,
                      const struct fid_store_place *place)
{
    if (rows->count[kind] == rows->room[kind]) {
        const size_t room = 2 * rows->room[kind] + 64;
        struct fid_store_place *places = fid_calloc(room, sizeof *places);
        if (places == NULL)
            return false;
        if (rows->count[kind] > 0)
            memcpy(places, rows->places[kind], rows->count[kind] * sizeof *places);
        fid_free(rows->places[kind]);
        rows->places[kind] = places;
        rows->room[kind] = room;
    }
    rows->places[kind][rows->count[kind]++] = *place;
    return true;
}

/* False: no memory. */
static bool take_page(const struct fid_store *store, struct fid_store_rows *rows, int64_t number)
{
    struct fid_record record;
    enum fid_store_kind kind;
    bool no_memory = false;
    const size_t count = fid_pages_take(rows->pages, number);
    for (size_t i = 0; i < count && !no_memory; i++) {
        struct fid_store_place place = {.page = number, .row = i};
        if (!fid_pages_record(rows->pages, i, &record, &no_memory) || !find_kind(&record, &kind))
            continue;
        if (kind == FID_STORE_KINDS) {
            take_model(store, &record, rows);
            continue;
        }
        rows->there_were[kind]++;
        if (is_whole(store, rows, kind, &record, &place))
            no_memory = !add_place(rows, kind, &place);
    }
    return !no_memory;
}

static int compare_places(const void *a, const void *b)
{
    const struct fid_store_place *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->crc != y->crc)
        return x->crc < y->crc ? -1 : 1;
    return x->page < y->page ? -1 : x->page > y->page;
}

/* A page that was written to another one's place has its rows twice, and an older state of a page
 * other ones of the same number: which of those is right cannot be told. */
static void drop_doubles(struct fid_store_rows *rows, enum fid_store_kind kind)
{
    struct fid_store_place *places = rows->places[kind];
    const size_t count = rows->count[kind];
    size_t kept = 0;
    if (count == 0)
        return;
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0, next; i < count; i = next) {
        bool agree = true;
        for (next = i + 1; next < count && places[next].id == places[i].id; next++)
            agree = agree && places[next].person == places[i].person &&
                    places[next].crc == places[i].crc;
        if (agree)
            places[kept++] = places[i];
        rows->there_were[kind] -= next - i - 1;
    }
    rows->count[kind] = kept;
}

/* How many rows there were is in the tables' pages and, once more, in those of an index; what is
 * more than the file has room for is not believed. */
static bool count_rows(struct fid_store *store, struct fid_store_rows *rows,
                       enum fid_store_kind kind, const char *table)
{
    enum { ROW_LEAST = 16 };
    const int64_t most = rows->pages->count * ((int64_t)rows->pages->size / ROW_LEAST);
    bool counted = false;
    for (int i = 0; i < 2; i++) {
        char sql[120];
        int64_t number = 0;
        sqlite3_snprintf(sizeof sql, sql, "SELECT count(*) FROM (SELECT 1 FROM %s%s LIMIT %lld)",
                         table, i == 0 ? "" : " NOT INDEXED", (long long)most + 1);
        if (fid_sqlite_number(store, sql, NULL, &number, NULL) != FID_OK || number < 0 ||
            number > most)
            continue;
        counted = true;
        if ((size_t)number > rows->there_were[kind])
            rows->there_were[kind] = (size_t)number;
    }
    return counted;
}

/* Keeps others from bringing newer pages into the file meanwhile: the lock comes with the first
 * reading. One that cannot be read cannot be locked. */
static void keep_as_it_is(struct fid_store *store)
{
    int64_t unused;
    if (!store->fixed && fid_store_begin(store, false, NULL) == FID_OK)
        fid_sqlite_number(store, "PRAGMA user_version", NULL, &unused, NULL); /* no table */
}

static enum fid_status look_everywhere(struct fid_store *store, struct fid_store_rows *rows,
                                       struct fid_error *error)
{
    static const char *const names[FID_STORE_KINDS] = {"person", "sample", "consent", "backup"};
    bool counted[FID_STORE_KINDS] = {false};
    struct fid_store_calibration calibration;
    size_t found = 0;
    for (int64_t page = 2; page <= rows->pages->count; page++) /* the first has no row of ours */
        if (!take_page(store, rows, page))
            return fid_fail(error, FID_NO_MEMORY, "no memory to read the gallery %s", store->path);
    for (int kind = 0; kind < FID_STORE_KINDS; kind++) {
        if (kind != FID_STORE_COPY) {
            drop_doubles(rows, (enum fid_store_kind)kind);
            found += rows->count[kind];
        }
        if (store->is_ours) /* else counting would run what the file says */
            counted[kind] = count_rows(store, rows, (enum fid_store_kind)kind, names[kind]);
    }
    rows->counted = counted[FID_STORE_PERSON] && counted[FID_STORE_SAMPLE];
    if (rows->model.id[0] == '\0' && store->is_ours &&
        fid_store_read_calibration(store, &calibration, NULL) == FID_OK)
        rows->model = calibration.model; /* it is the same, or nobody could be named */
    if (rows->model.size == 0 && rows->count[FID_STORE_SAMPLE] > 0)
        rows->model.size = rows->places[FID_STORE_SAMPLE][0].numbers;
    if (found == 0 && store->fault.status != FID_OK)
        return fid_fail(error, store->fault.status, "%s", store->fault.text);
    return FID_OK;
}

enum fid_status fid_store_find_rows(struct fid_store *store, struct fid_store_rows **rows,
                                    struct fid_error *error)
{
    *rows = fid_calloc(1, sizeof **rows);
    if (*rows != NULL)
        (*rows)->pages = fid_calloc(1, sizeof *(*rows)->pages);
    if (*rows == NULL || (*rows)->pages == NULL) {
        fid_store_free_rows(rows);
        return fid_fail(error, FID_NO_MEMORY, "no memory to read the gallery %s", store->path);
    }
    keep_as_it_is(store);
    enum fid_status status = fid_pages_open(store, (*rows)->pages, error);
    (*rows)->journal_lost = status == FID_OK ? (*rows)->pages->lost : 0;
    if (status == FID_OK)
        status = look_everywhere(store, *rows, error);
    if (status != FID_OK)
        fid_store_free_rows(rows);
    return status;
}

void fid_store_free_rows(struct fid_store_rows **rows)
{
    if (*rows == NULL)
        return;
    if ((*rows)->pages != NULL)
        fid_pages_close((*rows)->pages);
    fid_free((*rows)->pages);
    for (int kind = 0; kind < FID_STORE_KINDS; kind++)
        fid_free((*rows)->places[kind]);
    fid_free((*rows)->text);
    fid_free(*rows);
    *rows = NULL;
}

/* ---- reading them ---- */

static bool reread(struct fid_store_rows *rows, enum fid_store_kind kind, size_t i,
                   struct fid_record *record)
{
    const struct fid_store_place *place = &rows->places[kind][i];
    enum fid_store_kind found;
    bool no_memory;
    return fid_pages_take(rows->pages, place->page) > place->row &&
           fid_pages_record(rows->pages, place->row, record, &no_memory) &&
           find_kind(record, &found) && found == kind && record->rowid == place->id;
}

bool fid_store_salvage_person(struct fid_store *store, struct fid_store_rows *rows, size_t i,
                              struct fid_store_person *person)
{
    struct fid_record record;
    int64_t crc;
    return reread(rows, FID_STORE_PERSON, i, &record) && read_person(store, &record, person, &crc);
}

bool fid_store_salvage_sample(struct fid_store *store, struct fid_store_rows *rows, size_t i,
                              float *embedding, size_t size, struct fid_store_row *row)
{
    struct fid_record record;
    const uint8_t *data;
    size_t bytes;
    int64_t crc;
    if (!reread(rows, FID_STORE_SAMPLE, i, &record) ||
        !read_data(store, &record, &row->person, &data, &bytes, &crc) ||
        !fid_sqlite_take_numbers(store, data, bytes, crc, row->person, FID_ROW_SAMPLE, embedding,
                                 size))
        return false;
    row->text = keep_text(rows, &record, 2);
    read_time(&record, 5, row->created);
    read_crop(store, &record, row);
    return row->text != NULL;
}

bool fid_store_salvage_consent(struct fid_store *store, struct fid_store_rows *rows, size_t i,
                               struct fid_store_row *row)
{
    struct fid_record record;
    int64_t crc;
    return reread(rows, FID_STORE_CONSENT, i, &record) &&
           read_consent(store, rows, &record, row, &crc);
}

const char *fid_store_salvage_copy(struct fid_store_rows *rows, size_t i)
{
    struct fid_record record;
    return reread(rows, FID_STORE_COPY, i, &record) ? read_copy(rows, &record) : NULL;
}
