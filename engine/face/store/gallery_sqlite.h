/* gallery_sqlite.h - what the files of the SQLite store share: gallery_sqlite.c opens it and runs
 * transactions, gallery_sqlite_rows.c reads and writes people, gallery_sqlite_faces.c their samples
 * and the strangers, gallery_sqlite_calibration.c the calibration, gallery_sqlite_terms.c consent
 * and expiry, gallery_sqlite_crops.c kept crops, gallery_sqlite_history.c what undo needs,
 * gallery_sqlite_care.c copies, gallery_sqlite_forget.c who is to be forgotten,
 * gallery_sqlite_check.c damage, gallery_sqlite_salvage.c what it has not hit and
 * gallery_sqlite_pages.c where that is, gallery_sqlite_schema.c makes the tables and proves them,
 * gallery_sqlite_numbers.c vectors, gallery_sqlite_open.c
 * finds files and connects, gallery_sqlite_seal.c encrypts them, gallery_sqlite_protect.c writes
 * whole ones anew. Nobody else includes it. */
#ifndef FID_FACE_GALLERY_SQLITE_H
#define FID_FACE_GALLERY_SQLITE_H

#include "engine/face/store/gallery_sqlite_seal.h"
#include "engine/face/store/gallery_store.h"
#include "kernels/kernels.h"

#include <limits.h>
#include <sqlite3.h>

struct fid_store {
    sqlite3 *db;
    struct fid_sealed *sealed; /* owned; NULL: the file is plain */
    fid_crc32c_fn crc32c;
    char path[PATH_MAX];
    bool fixed;                /* where nothing can be written: no locks, no journal */
    int64_t fixed_version;     /* of the file that is open */
    bool cramped;              /* fixed, only because there was no room for a journal */
    bool is_ours;              /* its tables are proven: statements may touch them */
    int64_t steps, steps_most; /* thousands of SQLite's, where its work is bounded */
    int code;                  /* SQLite's, of the last failure */
    struct fid_error fault;    /* why it could not have been opened but for FID_STORE_DAMAGED */
};

/* ---- from a path to a connection ---- */

/* FILLS store->path and, of a sealed file, store->sealed; a file is looked for, or made, there
 * unless the gallery lives in memory. */
enum fid_status fid_sqlite_find_file(struct fid_store *store, const char *path, unsigned flags,
                                     struct fid_secret *secret, struct fid_error *error);
enum fid_status fid_sqlite_connect(struct fid_store *store, unsigned flags,
                                   struct fid_error *error);
/* Opens, or opens again, a file that cannot be written, and in whose folder nothing can be made. */
enum fid_status fid_sqlite_open_fixed(struct fid_store *store, struct fid_error *error);
/* Did the last failure come of the lack of room for what lies beside the file? */
bool fid_sqlite_is_cramped(const struct fid_store *store);
/* Opens the file again, to read it without anything beside it. */
enum fid_status fid_sqlite_connect_cramped(struct fid_store *store, struct fid_error *error);
int64_t fid_sqlite_version_of_file(const struct fid_store *store); /* of such a file */
/* Is there something in the journal that the file lacks? */
enum fid_status fid_sqlite_prepare_handle(struct fid_store *store, struct fid_error *error);

/* A file that is read without a connection; zero-initialise. flags: SQLITE_OPEN_READONLY or
 * _READWRITE, and _MAIN_DB or _WAL. Returns SQLite's code; raw is to be closed. */
struct fid_sqlite_raw {
    sqlite3_file *file;
    const char *name;
};
int fid_sqlite_open_raw(sqlite3_vfs *vfs, const char *path, int flags, struct fid_sqlite_raw *raw);
void fid_sqlite_close_raw(struct fid_sqlite_raw *raw);

/* FILLS uri as SQLite wants the path of a database, sealed so or (NULL) plain, with more of
 * "&key=value". */
#define FID_SQLITE_URI_BYTES (3 * PATH_MAX + 128)
void fid_sqlite_uri(const char *path, const struct fid_sealed *sealed, const char *more,
                    char uri[FID_SQLITE_URI_BYTES]);
/* Writes the header of a sealed (NULL: plain, nothing) file that nobody has open. */
enum fid_status fid_sqlite_begin_sealed(const struct fid_sealed *sealed, const char *path,
                                        struct fid_error *error);

/* ---- tables ---- */

/* What a file says is not run: no trigger, view, extension or function of it, and nothing longer or
 * deeper than ours. Of every connection, at once. */
void fid_sqlite_restrict(sqlite3 *db);
/* Ends as damage what takes SQLite's machine more than so many thousand steps from now on (0: no
 * matter how many): pages that name each other make a table endless. */
void fid_sqlite_bound(struct fid_store *store, int64_t thousands);
/* Proves that the file has the tables and indexes of a version of ours and nothing else, before any
 * statement touches one of them. Where it may be written, those of an older version become this
 * one's, and an empty file gets them. *empty: no tables, none made. FID_INVALID: another program's;
 * FID_UNSUPPORTED: a newer one's; FID_CORRUPT: not as this program makes them. */
enum fid_status fid_sqlite_settle_schema(struct fid_store *store, unsigned flags, bool *empty,
                                         struct fid_error *error);

/* ---- statements ---- */

/* Why a file cannot be read or written, as the system has it: not as SQLite would say it. */
const char *fid_sqlite_reason(const char *path, int code);
/* SQLite's complaint as ours; doing completes "the gallery PATH could not be ...". */
enum fid_status fid_sqlite_fail(struct fid_store *store, int code, const char *doing,
                                struct fid_error *error);
/* FID_CORRUPT: that the gallery's file is damaged. */
enum fid_status fid_sqlite_damaged(const struct fid_store *store, struct fid_error *error);
/* Is the structure of its pages broken? Asked only where its tables are proven. */
bool fid_sqlite_is_damaged(struct fid_store *store);
/* FID_CORRUPT of one person. Not that they be forgotten: that reaches good copies, and their other
 * faces. */
enum fid_status fid_sqlite_damaged_person(const struct fid_store *store, const char *name,
                                          struct fid_error *error);
enum fid_status fid_sqlite_prepare(struct fid_store *store, const char *sql,
                                   sqlite3_stmt **statement, struct fid_error *error);
/* Runs statements that write. */
enum fid_status fid_sqlite_run(struct fid_store *store, const char *sql, struct fid_error *error);
/* Runs a bound statement that gives no rows, and ends it. */
enum fid_status fid_sqlite_finish(struct fid_store *store, sqlite3_stmt *statement,
                                  struct fid_error *error);
/* The first number of the first row of sql, 0 where there is no row; text is bound to ?1 where it
 * is not NULL. */
enum fid_status fid_sqlite_number(struct fid_store *store, const char *sql, const char *text,
                                  int64_t *number, struct fid_error *error);

/* Has the file the tables of this version? An older one that is only read keeps its own. */
enum fid_status fid_sqlite_has_version(struct fid_store *store, int64_t first, bool *has,
                                       struct fid_error *error);
/* What a vector's row is, for its checksum. */
int64_t fid_sqlite_vector_what(int64_t kind, int64_t place);
/* A change of the rows of one person, ?1. */
enum fid_status fid_sqlite_change_person(struct fid_store *store, const char *sql, int64_t person,
                                         struct fid_error *error);
/* Has the file what was agreed with people: expiry, consent, dates of samples? */
enum fid_status fid_sqlite_has_terms(struct fid_store *store, bool *has, struct fid_error *error);
/* Has the file kept crops? */
enum fid_status fid_sqlite_has_crops(struct fid_store *store, bool *has, struct fid_error *error);
/* FILLS crop and size from a sample's column with its checksum behind it; none: NULL. False, and
 * none, where they do not go together. The sample is its row's number, which is the same whoever
 * has it. */
bool fid_sqlite_read_crop(const struct fid_store *store, sqlite3_stmt *row, int column,
                          int64_t sample, const void **crop, size_t *size);
/* Of the person's crops what no other one has: where the face lies, and pieces of the pixels. */
enum fid_status fid_sqlite_each_crop_bytes(struct fid_store *store, int64_t person,
                                           fid_store_bytes_fn take, void *ctx,
                                           struct fid_error *error);
/* Has the file the tables of a calibration? */
enum fid_status fid_sqlite_has_calibration(struct fid_store *store, bool *has,
                                           struct fid_error *error);

/* ---- numbers as blobs ---- */

#define FID_SQLITE_VECTOR_MOST 65536u /* numbers in a vector that are believed */

/* What a row is, for its checksum; of a vector it is kind << 32 | place. */
enum fid_row {
    FID_ROW_PERSON = -1,
    FID_ROW_SAMPLE = -2,
    FID_ROW_STRANGER = -3,    /* of "person" i, its place */
    FID_ROW_CALIBRATION = -4, /* of "person" 0 */
    FID_ROW_CONSENT = -5,
    FID_ROW_MODEL = -6, /* of "person" 0 */
    FID_ROW_CROP = -7
};

/* Checksum of a row: the person it belongs to, what it is, and its bytes, so that rows that were
 * swapped between people are found out like changed ones. */
int64_t fid_sqlite_row_crc(const struct fid_store *store, int64_t person, int64_t what,
                           const void *bytes, size_t size);
/* Checksum of a consent's row. */
int64_t fid_sqlite_consent_crc(const struct fid_store *store, int64_t person, const char *created,
                               const char *text);
/* What goes with a model's row. */
int64_t fid_sqlite_model_crc(const struct fid_store *store, const struct fid_store_model *model);
/* Checksum of a person's row. */
int64_t fid_sqlite_person_crc(const struct fid_store *store, int64_t person, const char *name,
                              const char *expires);
/* Binds numbers as a blob at `column` and their checksum behind it, and ends the statement. */
enum fid_status fid_sqlite_write_numbers(struct fid_store *store, sqlite3_stmt *statement,
                                         int column, int64_t person, int64_t what,
                                         const float *numbers, size_t size,
                                         struct fid_error *error);
/* FILLS numbers[size] from the blob in `column` with its checksum behind it; false if they do not
 * go together. */
bool fid_sqlite_read_numbers(const struct fid_store *store, sqlite3_stmt *statement, int column,
                             int64_t person, int64_t what, float *numbers, size_t size);
/* The same from bytes[found] and their checksum. */
bool fid_sqlite_take_numbers(const struct fid_store *store, const void *bytes, size_t found,
                             int64_t crc, int64_t person, int64_t what, float *numbers,
                             size_t size);
/* FILLS out[bytes] with now in UTC, as 2026-11-23T22:10:05Z. */
void fid_sqlite_write_time(char *out, size_t bytes);
/* FILLS out[bytes] with a column's text, cut where it is too long. */
void fid_sqlite_copy_column(sqlite3_stmt *statement, int column, char *out, size_t bytes);

#endif
