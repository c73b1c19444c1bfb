/* gallery_store.h - the gallery on disk. gallery_sqlite*.c, which implement it, are the only files
 * that know SQLite; gallery.c decides what is written.
 *
 * A store is one file: who made it (the model), people, their samples as the network gave them, the
 * vectors that are compared with, and perhaps a calibration with the strangers it was made with.
 * Every row of numbers carries a CRC32C over itself and the person it belongs to. All functions
 * return FID_BUSY (another process held the lock for five seconds), FID_IO, FID_CORRUPT,
 * FID_NO_MEMORY or FID_INTERNAL when they fail. */
#ifndef FID_FACE_GALLERY_STORE_H
#define FID_FACE_GALLERY_STORE_H

#include "engine/base/status.h"
#include "engine/fid/gallery.h"

struct fid_store;
struct fid_seal_cost;

#define FID_STORE_BUSY_MS 5000 /* how long whoever has something in use is waited for */

/* flags as fid_gallery_open. Makes the file 0600, the folders that are missing 0700, whatever the
 * umask; refuses symbolic links, foreign files and newer versions. With FID_GALLERY_READ_ONLY a
 * missing or empty file gives FID_OK and *store NULL (FID_CORRUPT: its journal is still there);
 * without it a file of an older version becomes one of this version. secret as
 * fid_gallery_open_sealed, borrowed for the call; with FID_STORE_ANY the file may be plain all the
 * same. FID_STORE_DAMAGED, with FID_GALLERY_READ_ONLY: for fid_store_find_rows alone, also where
 * nothing else could be read. */
#define FID_STORE_ANY     0x100u
#define FID_STORE_DAMAGED 0x200u
enum fid_status fid_store_open(const char *path, unsigned flags, struct fid_secret *secret,
                               struct fid_store **store, struct fid_error *error);
void fid_store_close(struct fid_store **store);

/* Is another file, or none, where the store's was? */
bool fid_store_is_moved(struct fid_store *store);

/* A number that changes when another connection commits. */
enum fid_status fid_store_version(struct fid_store *store, int64_t *version,
                                  struct fid_error *error);

/* Groups what follows: one snapshot to read from; to write, all or nothing. fid_store_rollback
 * never fails and does nothing when no transaction is open. */
enum fid_status fid_store_begin(struct fid_store *store, bool write, struct fid_error *error);
enum fid_status fid_store_commit(struct fid_store *store, struct fid_error *error);
void fid_store_rollback(struct fid_store *store);

/* What to do about damage. */
#define FID_STORE_WAY_BACK \
    "put a copy in its place (faceid restore), or save the rest (faceid check --salvage FILE)"

/* How much of a sentence is what is wrong, without that. */
int fid_store_fault_length(const struct fid_error *error);

/* Brings the journal into the file. FID_BUSY: another process reads an older state. */
enum fid_status fid_store_empty_journal(struct fid_store *store, struct fid_error *error);
/* Removes the strangers of the calibration that are faces of the person; the limit stays. */
enum fid_status fid_store_delete_strangers_of(struct fid_store *store, int64_t person,
                                              struct fid_error *error);
/* Nobody else has the gallery open from now on until it is closed. FID_BUSY: somebody has. */
enum fid_status fid_store_hold(struct fid_store *store, struct fid_error *error);
/* FID_BUSY: somebody has the gallery at path open, a full path, whatever is in the file. */
enum fid_status fid_store_not_used(const char *path, struct fid_error *error);
/* Beside the gallery at path, a full path, lies a WAL with something in it. */
bool fid_store_has_journal(const char *path);
/* Makes the empty file at path a gallery of nobody, sealed with the secret. */
enum fid_status fid_store_make_sealed(const char *path, struct fid_secret *secret,
                                      struct fid_error *error);
/* Writes all of it into the empty file at path, sealed with a new key under the secret (NULL:
 * plain). cost NULL: the usual. */
enum fid_status fid_store_rewrite(struct fid_store *store, const char *path,
                                  struct fid_secret *secret, const struct fid_seal_cost *cost,
                                  struct fid_error *error);

struct fid_store_model {
    char id[33];    /* "" when nobody was ever enrolled */
    char name[128]; /* for people */
    size_t size;    /* numbers in a vector */
};
enum fid_status fid_store_read_model(struct fid_store *store, struct fid_store_model *model,
                                     struct fid_error *error);
enum fid_status fid_store_write_model(struct fid_store *store, const struct fid_store_model *model,
                                      struct fid_error *error);

/* What a vector is for; its number in the file. */
enum fid_vector_kind {
    FID_VECTOR_MEAN = 0,      /* of the normalised samples, normalised */
    FID_VECTOR_PROTOTYPE = 1, /* normalised */
    FID_VECTOR_RAW_MEAN = 2,  /* of the samples as they are */
};

/* Takes what is read, row by row; another status than FID_OK ends the reading with it. */
struct fid_store_reader {
    void *ctx;
    /* key: fid_name_key of the name; sample_count and vector_count: how many rows there are. */
    enum fid_status (*person)(void *ctx, const struct fid_person *person, const char *key,
                              size_t vector_count, struct fid_error *error);
    /* After all people, in their order. vector has size numbers and is valid during the call. */
    enum fid_status (*vector)(void *ctx, int64_t person, enum fid_vector_kind kind,
                              const float *vector, struct fid_error *error);
};

/* Reads the person (0: all), in order of keys; vectors of `size` numbers unless reader->vector is
 * NULL. FID_CORRUPT names the person whose row is damaged. */
enum fid_status fid_store_read_people(struct fid_store *store, int64_t person, size_t size,
                                      const struct fid_store_reader *reader,
                                      struct fid_error *error);

/* *id is 0 when there is nobody with the key. */
enum fid_status fid_store_find(struct fid_store *store, const char *key, int64_t *id,
                               struct fid_error *error);
enum fid_status fid_store_count(struct fid_store *store, size_t *people, struct fid_error *error);

#define FID_TIME_BYTES 21 /* 2026-11-23T22:10:05Z */
#define FID_DATE_BYTES 11 /* 2026-11-23 */

struct fid_store_person { /* one row */
    char name[FID_NAME_BYTES], created[FID_TIME_BYTES], expires[FID_DATE_BYTES];
};
/* FILLS person; FID_NOT_FOUND: there is no such row (any more). */
enum fid_status fid_store_read_person(struct fid_store *store, int64_t id,
                                      struct fid_store_person *person, struct fid_error *error);
/* Consents in the order in which they were given. */
enum fid_status fid_store_each_consent(struct fid_store *store, int64_t person, fid_consent_fn take,
                                       void *ctx, struct fid_error *error);
struct fid_store_sample { /* valid during the call that gives it */
    const float *embedding;
    const char *source, *created; /* created "": unknown */
    const void *crop;             /* NULL: none is kept, or it is damaged */
    size_t crop_size;
};
/* All that is kept of a person's samples, in the order of enrolment. */
typedef enum fid_status (*fid_store_sample_fn)(void *ctx, const struct fid_store_sample *sample,
                                               struct fid_error *error);
enum fid_status fid_store_each_whole_sample(struct fid_store *store, int64_t person, size_t size,
                                            fid_store_sample_fn take, void *ctx,
                                            struct fid_error *error);
/* What is known of each sample besides its numbers, in the order of enrolment. */
enum fid_status fid_store_each_sample_info(struct fid_store *store, int64_t person,
                                           fid_sample_info_fn take, void *ctx,
                                           struct fid_error *error);

/* Reads a person's samples in the order of enrolment: number and kept crop, NULL where none is kept
 * or where it is damaged. crop is valid during the call, which may change the sample. */
typedef enum fid_status (*fid_store_crop_fn)(void *ctx, int64_t sample, const void *crop,
                                             size_t size, struct fid_error *error);
enum fid_status fid_store_each_crop(struct fid_store *store, int64_t person, fid_store_crop_fn take,
                                    void *ctx, struct fid_error *error);
/* *people: how many have a crop. */
enum fid_status fid_store_count_crops(struct fid_store *store, size_t *people,
                                      struct fid_error *error);

/* The ones below need a transaction that writes. created: as FID_TIME_BYTES; NULL: now. */
enum fid_status fid_store_add_person(struct fid_store *store, const char *name, const char *key,
                                     int64_t *id, struct fid_error *error);
enum fid_status fid_store_rename_person(struct fid_store *store, int64_t id, const char *name,
                                        const char *key, struct fid_error *error);
enum fid_status fid_store_delete_person(struct fid_store *store, int64_t id,
                                        struct fid_error *error);
enum fid_status fid_store_add_sample(struct fid_store *store, int64_t person,
                                     const float *embedding, size_t size, const char *source,
                                     const char *created, struct fid_error *error);
/* Keeps a crop of the sample that was added last. */
enum fid_status fid_store_add_crop(struct fid_store *store, const void *crop, size_t size,
                                   struct fid_error *error);
/* The sample's numbers become these, of another model. */
enum fid_status fid_store_replace_sample(struct fid_store *store, int64_t person, int64_t sample,
                                         const float *embedding, size_t size,
                                         struct fid_error *error);
enum fid_status fid_store_delete_samples(struct fid_store *store, int64_t person,
                                         struct fid_error *error);
/* *deleted: it was the person's. */
enum fid_status fid_store_delete_sample(struct fid_store *store, int64_t person, int64_t sample,
                                        bool *deleted, struct fid_error *error);
/* Everything of one person but the vectors becomes another's. */
enum fid_status fid_store_move_samples(struct fid_store *store, int64_t from, int64_t into,
                                       struct fid_error *error);
enum fid_status fid_store_move_consents(struct fid_store *store, int64_t from, int64_t into,
                                        struct fid_error *error);
enum fid_status fid_store_delete_consents(struct fid_store *store, int64_t person,
                                          struct fid_error *error);
enum fid_status fid_store_set_created(struct fid_store *store, int64_t person, const char *created,
                                      struct fid_error *error);
/* expires: as FID_DATE_BYTES, "": never. */
enum fid_status fid_store_set_expires(struct fid_store *store, int64_t person, const char *expires,
                                      struct fid_error *error);
enum fid_status fid_store_add_consent(struct fid_store *store, int64_t person, const char *text,
                                      const char *created, struct fid_error *error);

/* The last change, for undo: starts the record of a new one, which forgets the one before; keeps a
 * person as they are before they are changed, or only that they are new. */
enum fid_status fid_store_begin_change(struct fid_store *store, const char *verb,
                                       struct fid_error *error);
enum fid_status fid_store_keep_person(struct fid_store *store, int64_t person, bool is_new,
                                      struct fid_error *error);
/* FILLS change; verb "": there was none. */
enum fid_status fid_store_read_change(struct fid_store *store, struct fid_change *change,
                                      struct fid_error *error);
/* Puts everybody back whom the change touched, their samples with them, and ends its record. FILLS
 * ids[capacity] with those who need their vectors anew and *count with how many there are. */
enum fid_status fid_store_undo(struct fid_store *store, int64_t *ids, size_t capacity,
                               size_t *count, struct fid_error *error);

/* Takes one face after the other; another status than FID_OK ends the reading with it. embedding
 * and source are valid during the call. */
typedef enum fid_status (*fid_store_face_fn)(void *ctx, const float *embedding, const char *source,
                                             struct fid_error *error);
/* Reads a person's samples in the order of enrolment. */
enum fid_status fid_store_each_sample(struct fid_store *store, int64_t person, size_t size,
                                      fid_store_face_fn take, void *ctx, struct fid_error *error);
/* FILLS samples[capacity][size] in the order of enrolment and *count with how many there are; call
 * with capacity 0 first. */
enum fid_status fid_store_read_samples(struct fid_store *store, int64_t person, float *samples,
                                       size_t capacity, size_t size, size_t *count,
                                       struct fid_error *error);
enum fid_status fid_store_delete_vectors(struct fid_store *store, int64_t person,
                                         struct fid_error *error);
enum fid_status fid_store_add_vector(struct fid_store *store, int64_t person,
                                     enum fid_vector_kind kind, size_t place, const float *vector,
                                     size_t size, struct fid_error *error);

struct fid_store_calibration {
    struct fid_store_model model; /* whose scores the limit is for; id "": not calibrated */
    struct fid_calibration numbers;
};
enum fid_status fid_store_read_calibration(struct fid_store *store,
                                           struct fid_store_calibration *calibration,
                                           struct fid_error *error);

enum fid_status fid_store_each_stranger(struct fid_store *store, size_t size,
                                        fid_store_face_fn take, void *ctx, struct fid_error *error);

/* The ones below need a transaction that writes. The calibration takes the place of the one before,
 * whose strangers go too; numbers.created is written as now. */
enum fid_status fid_store_write_calibration(struct fid_store *store,
                                            const struct fid_store_calibration *calibration,
                                            struct fid_error *error);
/* *was: there was one. */
enum fid_status fid_store_delete_calibration(struct fid_store *store, bool *was,
                                             struct fid_error *error);
/* place: from 1 on, a number of its own for each. */
enum fid_status fid_store_add_stranger(struct fid_store *store, size_t place,
                                       const float *embedding, size_t size, const char *source,
                                       struct fid_error *error);

/* Outside of transactions: after it no byte of what was deleted is left in the file or its journal.
 * FID_BUSY while another process reads an older state: then that happens when it is done. */
enum fid_status fid_store_purge(struct fid_store *store, struct fid_error *error);
/* Within a change that deletes for good: notes that fid_store_purge is to follow, for whoever finds
 * that it did not come to an end. */
enum fid_status fid_store_note_unpurged(struct fid_store *store, struct fid_error *error);
enum fid_status fid_store_is_unpurged(struct fid_store *store, bool *is, struct fid_error *error);

/* ---- care: gallery_sqlite_care.c, gallery_sqlite_forget.c, gallery_sqlite_check.c ---- */

/* Outside of transactions: makes the empty file a copy of the store, with everything but its
 * history and its list of copies. */
enum fid_status fid_store_copy(struct fid_store *store, const char *path, struct fid_error *error);
/* The raw bytes of its file (journal: of its journal), by its own handle: opening the file another
 * time and closing it again would let go of the locks. */
enum fid_status fid_store_file_size(struct fid_store *store, bool journal, uint64_t *size,
                                    struct fid_error *error);
enum fid_status fid_store_file_read(struct fid_store *store, bool journal, uint64_t at,
                                    uint8_t *bytes, size_t count, struct fid_error *error);
const char *fid_store_path(const struct fid_store *store); /* in full */
/* FID_INVALID: that path is of the store's own file or journal, under whatever name. */
enum fid_status fid_store_not_own(const struct fid_store *store, const char *path,
                                  struct fid_error *error);
/* The list of copies, by their full paths. */
typedef enum fid_status (*fid_store_path_fn)(void *ctx, const char *path, struct fid_error *error);
enum fid_status fid_store_note_backup(struct fid_store *store, const char *path,
                                      struct fid_error *error);
enum fid_status fid_store_each_backup(struct fid_store *store, fid_store_path_fn take, void *ctx,
                                      struct fid_error *error);

/* The bytes in the file that are a person's alone: numbers, consents, and the name
 * as its row has it. */
typedef enum fid_status (*fid_store_bytes_fn)(void *ctx, const void *bytes, size_t size,
                                              struct fid_error *error);
enum fid_status fid_store_each_bytes(struct fid_store *store, int64_t person,
                                     fid_store_bytes_fn take, void *ctx, struct fid_error *error);
/* *has: they are somebody's of the store, who was enrolled with the same face, or had the same name
 * when a copy was made. */
enum fid_status fid_store_has_bytes(struct fid_store *store, const void *bytes, size_t size,
                                    bool *has, struct fid_error *error);
/* *has: they are part of a text that the store holds. */
enum fid_status fid_store_has_text(struct fid_store *store, const void *bytes, size_t size,
                                   bool *has, struct fid_error *error);
/* Somebody lost faces in a change that goes on: their vectors are to be computed anew. */
typedef enum fid_status (*fid_store_lost_fn)(struct fid_store *store, int64_t person,
                                             struct fid_error *error);
/* Deletes from a copy of the store `of` whoever is the person there (0: nobody is, here): by a face
 * that only the person has here, as before a merge; by the row; or by the key. Whoever is somebody
 * else who is still here, by the row or by faces, keeps all other faces. The copy's history goes
 * where the person is in it. *changed: something was deleted, and fid_store_purge is to follow. */
enum fid_status fid_store_delete_alike(struct fid_store *store, const struct fid_store *of,
                                       int64_t person, const char *key, fid_store_lost_fn lost,
                                       bool *changed, struct fid_error *error);

/* Within the change that has deleted the person: no row of any table has them, or the key, any
 * more. FID_CORRUPT: one has, and the change is to be taken back. */
enum fid_status fid_store_prove_gone(struct fid_store *store, int64_t person, const char *key,
                                     struct fid_error *error);

/* Looks at every page and row; tells each fault in a sentence. FID_OK also with faults. */
typedef void (*fid_store_tell_fn)(void *ctx, const char *sentence);
enum fid_status fid_store_check(struct fid_store *store, fid_store_tell_fn tell, void *ctx,
                                struct fid_error *error);

/* ---- what damage has not hit: gallery_sqlite_salvage.c ---- */

enum fid_store_kind {
    FID_STORE_PERSON,
    FID_STORE_SAMPLE,
    FID_STORE_CONSENT,
    FID_STORE_COPY, /* where one is; without a checksum, and in no order */
    FID_STORE_KINDS
};

struct fid_store_place {     /* where an undamaged row is */
    int64_t id, person, crc; /* person: 0 in a person's own row */
    size_t numbers;          /* of a sample's vector */
    int64_t page;
    size_t row;
};

struct fid_store_rows {
    struct fid_store_model model;                    /* id "": lost; size 0: lost */
    struct fid_store_place *places[FID_STORE_KINDS]; /* in order of ids, each once */
    size_t count[FID_STORE_KINDS];
    size_t there_were[FID_STORE_KINDS]; /* with the damaged ones, at least */
    bool counted;                       /* exactly so many people and samples */
    size_t journal_lost;                /* pages in the journal that are damaged */
    size_t room[FID_STORE_KINDS];       /* for places */
    struct fid_pages *pages;            /* the store's */
    char *text;
    size_t text_bytes;
};

struct fid_store_row {
    int64_t person;
    const char *text; /* valid until the next row is read */
    char created[FID_TIME_BYTES];
    const void *crop; /* of a sample, valid as text; NULL: none, or damaged */
    size_t crop_size;
    bool crop_lost;
};

/* Looks for undamaged rows on every page of a store opened with FID_STORE_DAMAGED, in the file
 * and in its journal, neither of which is changed, whatever of the tables, their order, the
 * file's header or its end is lost: each row is proven by its checksum. Of two rows that
 * contradict each other none is taken. FID_CORRUPT: there are none. rows is to be freed, before
 * the store is closed. */
enum fid_status fid_store_find_rows(struct fid_store *store, struct fid_store_rows **rows,
                                    struct fid_error *error);
void fid_store_free_rows(struct fid_store_rows **rows);

/* FILLS what the i-th row has; false: it cannot be read any more, or has no vector of that size. */
bool fid_store_salvage_person(struct fid_store *store, struct fid_store_rows *rows, size_t i,
                              struct fid_store_person *person);
bool fid_store_salvage_sample(struct fid_store *store, struct fid_store_rows *rows, size_t i,
                              float *embedding, size_t size, struct fid_store_row *row);
bool fid_store_salvage_consent(struct fid_store *store, struct fid_store_rows *rows, size_t i,
                               struct fid_store_row *row);
/* A path, valid until the next row is read; NULL: as above. */
const char *fid_store_salvage_copy(struct fid_store_rows *rows, size_t i);

#endif
