/* gallery.h - the gallery in memory: a mirror of the store, scanned by label_face.c. */
#ifndef FID_FACE_GALLERY_H
#define FID_FACE_GALLERY_H

#include "engine/face/store/gallery_store.h"
#include "engine/face/store/name.h"

struct fid_gallery_person {
    struct fid_person info;
    char *key;               /* fid_name_key of the name; owned */
    float *vectors;          /* [prototype_count][size], of length 1, the mean first; owned */
    float *raw_mean;         /* [size], in the block of vectors */
    size_t vector_count;     /* read so far */
    struct fid_codes *codes; /* of a large gallery: the vectors in short; owned; or NULL */
};

struct fid_kernels;

struct fid_gallery {
    struct fid_store *store;           /* owned; NULL: there is no file yet, and it is only read */
    char *path;                        /* owned */
    struct fid_secret *secret;         /* borrowed; NULL: none */
    const struct fid_kernels *kernels; /* the best: asking a virtual CPU for them takes 50 us */
    unsigned flags;
    struct fid_store_model
        model; /* the caller's; id "": opened without one, vectors are not read */
    struct fid_store_calibration calibration; /* of this model, or with id "" */
    int64_t version;                          /* fid_store_version at the last reading */
    struct fid_gallery_person *people;        /* owned, in order of keys */
    size_t count, capacity;
};

/* Gives everybody who has none codes, where the gallery is so large that they pay. */
void fid_gallery_encode(struct fid_gallery *gallery);
/* Who can be the nearest or the second person to an embedding of this length: one byte a person, 0
 * for those who cannot, to be freed; NULL: look at everybody. */
struct fid_kernels;
unsigned char *fid_gallery_shortlist(const struct fid_kernels *kernels,
                                     const struct fid_gallery *gallery, const float *embedding,
                                     double norm);

/* FILLS what a gallery keeps of a model (NULL: none). FID_INVALID: it is no recognizer. */
enum fid_status fid_gallery_describe(const struct fid_model *model,
                                     struct fid_store_model *described, struct fid_error *error);
/* fid_gallery_open_sealed for a model that is known by its id, name and embedding size alone (id
 * "": none). */
enum fid_status fid_gallery_open_for(const char *path, const struct fid_store_model *model,
                                     struct fid_secret *secret, unsigned flags,
                                     struct fid_gallery **gallery, struct fid_error *error);

/* Takes the person out of the mirror; reads the person of the store into it anew. */
void fid_gallery_drop(struct fid_gallery *gallery, int64_t id);
enum fid_status fid_gallery_reread(struct fid_gallery *gallery, int64_t id,
                                   struct fid_error *error);
enum fid_status fid_gallery_reread_all(struct fid_gallery *gallery, struct fid_error *error);

/* Refuses (FID_MISMATCH, FID_CORRUPT) a store with people or a calibration of another model than
 * the gallery's; takes over the calibration. */
enum fid_status fid_gallery_check_model(struct fid_gallery *gallery, struct fid_error *error);
/* The same for the people alone. */
enum fid_status fid_gallery_check_people(const struct fid_gallery *gallery,
                                         struct fid_error *error);

/* The id of a person who has to be there (FID_NOT_FOUND). */
enum fid_status fid_gallery_find(struct fid_gallery *gallery, const char *name, int64_t *id,
                                 struct fid_error *error);
/* Computes the vectors of a person anew from the samples, in the store. Needs no model: the store
 * knows how long they are. */
enum fid_status fid_gallery_update_vectors(struct fid_store *store, int64_t id,
                                           struct fid_error *error);
/* What of the terms (may be NULL) is given, in the store. */
enum fid_status fid_gallery_write_terms(struct fid_gallery *gallery, int64_t id,
                                        const struct fid_terms *terms, struct fid_error *error);
/* Ends a change: commits and puts the mirror right for these people, or, with another status than
 * FID_OK, rolls back. */
enum fid_status fid_gallery_end_change(struct fid_gallery *gallery, enum fid_status status,
                                       const int64_t *ids, size_t count, struct fid_error *error);

/* Calls take once for each copy of the gallery that is where it was made, each copy of a copy, and
 * what a restore put aside beside them, opened for writing; FILLS *absent with how many are not
 * there. Removes what was left beside them, and beside the gallery, when a copying was killed.
 * FID_BUSY: a copy is in use, or is being written and was waited for; FID_CORRUPT: it is damaged,
 * or gone but for its journal; FID_SEALED, FID_IO. */
enum fid_copies_wait {
    FID_COPIES_WAIT,  /* for those that are being written */
    FID_COPIES_THERE, /* only those that are whole; what is being written does not matter */
};
typedef enum fid_status (*fid_copy_fn)(void *ctx, struct fid_store *copy, struct fid_error *error);
enum fid_status fid_gallery_each_copy(struct fid_gallery *gallery, enum fid_copies_wait wait,
                                      fid_copy_fn take, void *ctx, size_t *absent,
                                      struct fid_error *error);

/* Notes in a store, within a change, where the copies of a damaged one are. */
enum fid_status fid_gallery_take_copies(struct fid_store *into, struct fid_store_rows *rows,
                                        struct fid_error *error);

/* FILLS *faults with how many fid_store_check finds. */
enum fid_status fid_gallery_count_faults(struct fid_store *store, size_t *faults,
                                         struct fid_error *error);

/* FID_CORRUPT: the file that is to take the gallery's place has faults, in a page or row, as it is
 * on the disk. Opened for writing, it gets its WAL: whoever has such a file open is seen by the
 * next one who would put another in its place. */
enum fid_status fid_gallery_check_new(const char *path, struct fid_secret *secret,
                                      struct fid_error *error);

/* FILLS today as 2026-11-23, in UTC. */
void fid_today(char today[FID_DATE_BYTES]);
/* Does the text name a day, as 2026-11-23? */
bool fid_is_date(const char *text);
/* Sets people's `expired` for today; returns whether somebody's changed. */
bool fid_gallery_expire(struct fid_gallery *gallery);

/* Refuses (FID_INVALID) a gallery that was opened for reading, or where there is no file. */
enum fid_status fid_gallery_writable(const struct fid_gallery *gallery, struct fid_error *error);

#endif
