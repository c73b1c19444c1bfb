/* gallery.h - the people of a gallery in memory: a mirror of its ledger, looked through by
 * label_face.c. A change is written through an edit, which notes what undo needs, and then taken
 * over into the mirror. */
#ifndef FID_FACE_GALLERY_H
#define FID_FACE_GALLERY_H

#include "engine/face/gallery/ledger.h"
#include "engine/face/gallery/name.h"
#include "engine/face/gallery/record.h"

struct fid_kernels;

struct fid_gallery_model {
    char id[33];    /* "": none */
    char name[128]; /* for people */
    size_t size;    /* numbers in a vector */
};

/* The number of a row that goes with another one: of a person's template, of a sample's crop. */
#define FID_LOW_ID               (((int64_t)1 << 56) - 1)
#define FID_SIBLING_ID(kind, id) (FID_FIRST_ID(kind) | ((id)&FID_LOW_ID))
/* The row of a person whom the public functions know by a shorter number (fid_person.id). */
#define FID_PERSON_ROW(id) FID_SIBLING_ID(FID_KIND_PERSON, id)

struct fid_gallery_person {
    struct fid_person info;
    char *key;       /* fid_name_key of the name; owned */
    float *vectors;  /* [prototype_count][size], of length 1, the mean first; owned; NULL: opened
                        without a model */
    float *raw_mean; /* [size], in the block of vectors */
    size_t coded_at, coded_count; /* where the vectors' codes are; 0: they have none */
    float code_length;            /* no vector that has a code is longer */
    /* What the person's two rows add to the manifest; count 0: not read. */
    struct fid_tally row, template_row;
};

/* The vectors of a large gallery in short, in one block and in order of people: scan.c. */
struct fid_code_scale;
struct fid_codes {
    int8_t *codes;                 /* [count][size]; owned: pages */
    struct fid_code_scale *scales; /* [count]; owned */
    uint32_t *owners;              /* [count]: which of the people; owned */
    size_t count;                  /* 0: there are none, and everybody is compared in full */
    size_t bytes;                  /* of codes */
    float length;                  /* no vector is longer */
    size_t without;                /* this one of the people is compared in full; SIZE_MAX: none */
};

struct fid_gallery {
    struct fid_ledger *ledger;         /* owned; NULL: nothing is there yet, and it is only read */
    char *path;                        /* owned; or postgresql://... */
    struct fid_secret *secret;         /* borrowed; NULL: none */
    const struct fid_kernels *kernels; /* the best: asking a virtual CPU for them takes 50 us */
    unsigned flags;                    /* of fid_gallery_open */
    struct fid_gallery_model
        model; /* the caller's; id "": opened without one, no vectors are kept */
    struct fid_calibration_record calibration; /* of this model, or with model "" */
    struct fid_gallery_person *people;         /* owned, in order of keys */
    size_t count;
    struct fid_codes codes;
    uint64_t generation; /* that the people are of; 0: none was read */
    bool is_stale;       /* all is to be read anew */
    uint8_t id[FID_GALLERY_ID_BYTES];
    struct fid_manifest seen; /* tallies of the rows that the people and calibration are made of */
};

/* ---- the mirror: gallery.c ---- */

/* FILLS what a gallery keeps of a model (NULL: none). FID_INVALID: it is no recognizer. */
enum fid_status fid_gallery_describe(const struct fid_model *model,
                                     struct fid_gallery_model *described, struct fid_error *error);
/* fid_gallery_open for a model that is known by its id, name and embedding size alone (id "":
 * none). */
enum fid_status fid_gallery_open_for(const char *path, const struct fid_gallery_model *model,
                                     struct fid_secret *secret, unsigned flags,
                                     struct fid_gallery **gallery, struct fid_error *error);
/* Refuses (FID_INVALID) a gallery that was opened for reading, or where nothing is. */
enum fid_status fid_gallery_writable(const struct fid_gallery *gallery, struct fid_error *error);

/* Index of the person with this key, or where they would stand; *found. */
size_t fid_gallery_place(const struct fid_gallery *gallery, const char *key, bool *found);
/* The person of this row; NULL: nobody. */
const struct fid_gallery_person *fid_gallery_by_id(const struct fid_gallery *gallery, int64_t id);
/* FILLS the stored form of a name and its key. FID_INVALID. */
enum fid_status fid_gallery_name(const char *name, char checked[FID_NAME_BYTES],
                                 char key[FID_NAME_KEY_BYTES], struct fid_error *error);
/* The row of a person who has to be in the mirror (FID_NOT_FOUND). */
enum fid_status fid_gallery_find(const struct fid_gallery *gallery, const char *name, int64_t *id,
                                 struct fid_error *error);

/* In a transaction of the ledger: refuses (FID_MISMATCH) people of another model than the
 * gallery's. */
enum fid_status fid_gallery_check_model(const struct fid_gallery *gallery, struct fid_error *error);

/* ---- what is kept of a person: person.c ---- */

struct fid_kept_sample { /* or a consent */
    int64_t id;
    uint32_t order;
    char created[FID_TIME_BYTES], model[33];
    char *source;   /* or the words; owned */
    float *numbers; /* [size]; owned; NULL: not wanted */
    size_t size;
    bool has_crop;
};
struct fid_kept { /* zero-initialise; set with_numbers or not */
    bool with_numbers;
    struct fid_kept_sample *samples, *consents; /* each in its order; owned */
    size_t count, room, consent_count, consent_room;
    struct fid_ids crops;              /* low bits of those that are kept; owned */
    uint32_t next_order, next_consent; /* beyond all that there are */
};
/* In a transaction: FILLS kept with the samples of a person or, id 0, the strangers of the
 * calibration. */
enum fid_status fid_kept_read(struct fid_ledger *ledger, int64_t person, struct fid_kept *kept,
                              struct fid_error *error);
void fid_kept_free(struct fid_kept *kept);
/* The row of the sample that users know by this number. FID_NOT_FOUND. */
enum fid_status fid_kept_find(const struct fid_kept *kept, int64_t shown, int64_t *id);

/* ---- changes: change.c ---- */

/* Writes rows of a ledger, in a transaction that writes, and notes for undo what they were. */
struct fid_edit { /* zero-initialise; .ledger alone: nothing is noted */
    struct fid_ledger *ledger;
    const char *verb; /* as fid_change; NULL: not noted */
    bool is_final;    /* it cannot be taken back: rows are not kept */
    bool is_noting;
    bool reads_all;               /* at the end everybody is looked for in the ledger */
    struct fid_ids people, added; /* people who are new; new rows of others */
    struct fid_ids touched;       /* people whose rows were written */
    struct fid_writer writer;
};

/* Begins a change of the gallery, whose mirror is put right first. FID_INVALID as
 * fid_gallery_writable; else as fid_ledger_begin and fid_gallery_refresh. */
enum fid_status fid_edit_begin(struct fid_edit *edit, struct fid_gallery *gallery, const char *verb,
                               struct fid_error *error);
/* Ends it and frees it: with FID_OK commits and takes over into the mirror what became of the
 * people; with another status, or when that fails, nothing is changed. Where nothing was written,
 * it was no change. Returns status, or why it failed. */
enum fid_status fid_edit_end(struct fid_edit *edit, struct fid_gallery *gallery,
                             enum fid_status status, struct fid_error *error);
void fid_edit_free(struct fid_edit *edit); /* one that was not begun here */

/* The numbers as a record has them, to be freed; NULL: no memory. And ADDS such ones. */
uint8_t *fid_ids_bytes(const struct fid_ids *ids);
bool fid_ids_take(struct fid_ids *ids, const uint8_t *bytes, size_t count);

/* FILLS *id with the row of a new person, all of whose rows undo removes. */
enum fid_status fid_edit_new_person(struct fid_edit *edit, int64_t *id, struct fid_error *error);
/* As fid_ledger_put and fid_ledger_delete; person 0: nobody's row. */
enum fid_status fid_edit_put(struct fid_edit *edit, int64_t id, int64_t person, const char *key,
                             const void *content, size_t size, struct fid_error *error);
enum fid_status fid_edit_delete(struct fid_edit *edit, int64_t id, int64_t person,
                                struct fid_error *error);
/* All rows of the person of these kinds (bits; ~0u: all). */
enum fid_status fid_edit_delete_kinds(struct fid_edit *edit, int64_t person, unsigned kinds,
                                      struct fid_error *error);

/* ---- what is written of a person: edit.c, terms.c, calibration.c ---- */

#define FID_SAMPLES_MOST 100000u /* of one person */

/* FILLS record from the row of a person; record->was is valid until the next reading. */
enum fid_status fid_edit_read_person(struct fid_edit *edit, int64_t person,
                                     struct fid_person_record *record, struct fid_error *error);
enum fid_status fid_edit_put_person(struct fid_edit *edit, int64_t id,
                                    const struct fid_person_record *record,
                                    struct fid_error *error);
/* A sample of the ledger's model with vectors of its size, and its crop where sample->crop is not
 * NULL. order: among the person's. created NULL: now. */
enum fid_status fid_edit_add_sample(struct fid_edit *edit, int64_t person, uint32_t order,
                                    const struct fid_sample *sample, const char *created,
                                    struct fid_error *error);
enum fid_status fid_edit_add_consent(struct fid_edit *edit, int64_t person, uint32_t order,
                                     const char *text, size_t size, const char *created,
                                     struct fid_error *error);
/* Computes the template of a person anew from the samples in the ledger. FID_INVALID: too many
 * samples, or one without a direction; FID_QUALITY; FID_CORRUPT: of another model. */
enum fid_status fid_edit_update_template(struct fid_edit *edit, int64_t person,
                                         struct fid_error *error);
/* What of the terms (may be NULL) is given. next_consent: of fid_kept. */
enum fid_status fid_edit_write_terms(struct fid_edit *edit, int64_t person,
                                     const struct fid_terms *terms, uint32_t next_consent,
                                     struct fid_error *error);
/* Removes the calibration and its strangers; *was (may be NULL): there was one. */
enum fid_status fid_edit_delete_calibration(struct fid_edit *edit, bool *was,
                                            struct fid_error *error);

/* Does the text name a day, as 2026-11-23? */
bool fid_is_date(const char *text);
/* Sets people's `expired` for today; returns whether somebody's changed. */
bool fid_gallery_expire(struct fid_gallery *gallery);

/* ---- looking up: scan.c ---- */

/* Makes the codes anew, where the gallery is so large that they pay. Those of people whose
 * coded_count is set are copied. */
void fid_gallery_encode(struct fid_gallery *gallery);
void fid_codes_free(struct fid_codes *codes);

struct fid_shortlist {
    uint32_t *people; /* which of the people, in order; to be freed */
    size_t count;
};
/* FILLS list with those who can be the nearest or the second person to an embedding of this length.
 * False: look at everybody. */
bool fid_gallery_shortlist(const struct fid_gallery *gallery, const float *embedding, double norm,
                           struct fid_shortlist *list);

#endif
