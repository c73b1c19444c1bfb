/* gallery.h - the people who are enrolled, and who of them a face is. */
#ifndef FID_GALLERY_H
#define FID_GALLERY_H

#include "model.h"
#include "secret.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what libfaceid.so exports */

/* ---- gallery: the people ---- */

struct fid_gallery;

#define FID_GALLERY_CREATE       1u /* make the file (0600, its folder 0700) when there is none */
#define FID_GALLERY_READ_ONLY    2u /* a missing file is then an empty gallery; modes stay */
#define FID_GALLERY_MEMORY       4u /* an empty gallery that no file is made of; path names it */
#define FID_GALLERY_PLAIN_SERVER 8u /* a gallery on a server need not be sealed */

#define FID_NAME_BYTES 129 /* a name has at most 128 bytes of UTF-8 */

/* FILLS *kind with what the gallery's file wants, whoever may read it; none where it is plain or
 * not there. FID_CORRUPT, FID_UNSUPPORTED (a newer seal), FID_INVALID (no path of a gallery),
 * FID_UNREACHABLE, FID_IO, FID_BUSY, FID_NO_MEMORY. */
enum fid_status fid_gallery_secret_kind(const char *path, enum fid_secret_kind *kind,
                                        struct fid_error *error);
/* Opens the gallery at path, a file or postgresql://HOST/DATABASE (without a password). It
 * remembers the id of its model: FID_MISMATCH with another one (model NULL: not checked, for
 * listing and renaming). secret (NULL: none) is BORROWED until the gallery is closed: the gallery
 * has to be sealed with it, FID_SEALED else, and one that is made is sealed; opening it takes a
 * third of a second or longer, by intent, but not with the same secret again. Opened for writing, a
 * file that others might read is made 0600. FID_CORRUPT: damaged, or gone but for its journal;
 * FID_NOT_FOUND, FID_INVALID (no path of a gallery), FID_UNSUPPORTED (of a newer faceid),
 * FID_UNREACHABLE (the server), FID_IO, FID_BUSY, FID_NO_MEMORY. */
enum fid_status fid_gallery_open(const char *path, const struct fid_model *model,
                                 struct fid_secret *secret, unsigned flags,
                                 struct fid_gallery **gallery, struct fid_error *error);
void fid_gallery_close(struct fid_gallery **gallery);

/* Checks a name and FILLS out with its stored form (NFC): valid UTF-8, 1..128 bytes, no control or
 * direction characters, no '/', no leading '-', no blanks at the ends, not "?" and not "." or "..".
 * FID_INVALID with the reason. */
enum fid_status fid_name_check(const char *name, char out[FID_NAME_BYTES], struct fid_error *error);

struct fid_person {
    int64_t id;
    char name[FID_NAME_BYTES];
    size_t sample_count;    /* faces enrolled */
    size_t crop_count;      /* of them with a kept crop */
    size_t prototype_count; /* vectors compared with, the mean first */
    char created[21];       /* 2026-11-23T22:10:05Z */
    char expires[11];       /* the last day (UTC) on which the person is named; "": no end */
    bool expired;           /* that day is over: not named any more */
};

struct fid_sample { /* one enrolled face */
    const float *embedding;
    const char *source; /* where it came from, for people ("ana.mp4 frame 12"), not NULL; stored */
    const void *crop;   /* of fid_face_crop_encode; stored, to be embedded anew; NULL: none */
    size_t crop_size;
};
struct fid_terms {       /* what was agreed with the person */
    const char *consent; /* words, at most FID_CONSENT_BYTES - 1 bytes of UTF-8; NULL: none given */
    const char *expires; /* last day (UTC) on which they are named, "2027-01-31"; "": no end; NULL:
                            as before */
};
#define FID_CONSENT_BYTES 4097
/* Adds count faces to the person (made if there is none of that name, compared case-folded), or
 * with replace instead of the ones before, in one transaction; keeps the terms (NULL: none) with
 * the time; recomputes the mean of the normalised embeddings and the prototypes. FILLS *person (may
 * be NULL). FID_INVALID: an embedding without a direction, no source, a crop that is none, no such
 * day, or a text that is empty, too long or not UTF-8; FID_QUALITY: not one person. */
enum fid_status fid_gallery_enroll(struct fid_gallery *gallery, const char *name,
                                   const struct fid_sample *samples, size_t count, bool replace,
                                   const struct fid_terms *terms, struct fid_person *person,
                                   struct fid_error *error);
/* terms NULL: none, which is allowed. FID_INVALID: no such day, or a text that is empty, too long
 * or not UTF-8. */
enum fid_status fid_terms_check(const struct fid_terms *terms, struct fid_error *error);
bool fid_terms_over(const struct fid_terms *terms); /* they have a last day, which is over */
/* Other terms for somebody who is enrolled: a consent comes to those of before, a day takes the
 * place of the one of before. FID_NOT_FOUND, FID_INVALID. */
enum fid_status fid_gallery_set_terms(struct fid_gallery *gallery, const char *name,
                                      const struct fid_terms *terms, struct fid_error *error);

/* The name that somebody has already is no change. FID_EXISTS, FID_NOT_FOUND, FID_INVALID. */
enum fid_status fid_gallery_rename(struct fid_gallery *gallery, const char *name,
                                   const char *new_name, struct fid_error *error);
/* All of one person becomes another's, who stays: samples, consents, and the earlier end.
 * FID_NOT_FOUND; FID_INVALID: they are one person, or opened for reading; FID_QUALITY: the faces
 * have nothing in common; FID_CORRUPT, FID_SEALED, FID_UNREACHABLE, FID_IO, FID_BUSY,
 * FID_NO_MEMORY. */
enum fid_status fid_gallery_merge(struct fid_gallery *gallery, const char *name, const char *into,
                                  struct fid_error *error);
/* Takes one face out, by its number. FID_NOT_FOUND; FID_INVALID: it is the only one. */
enum fid_status fid_gallery_remove_sample(struct fid_gallery *gallery, const char *name,
                                          int64_t sample, struct fid_error *error);

struct fid_change {
    /* "enroll", "terms", "rename", "merge", "remove", "import", "forget" or "reembed" */
    char verb[16];
    char time[21];
};
/* Takes the last of these changes back, whoever made it, and that one alone: those before it cannot
 * be taken back any more. FILLS *undone (may be NULL). FID_NOT_FOUND: there is none, or it was
 * taken back already; FID_INVALID: it was to forget somebody, which is final, or to go over to
 * another model. */
enum fid_status fid_gallery_undo(struct fid_gallery *gallery, struct fid_change *undone,
                                 struct fid_error *error);

/* What is given is valid during the call; false ends the reading with FID_NO_MEMORY. */
struct fid_sample_info {
    int64_t id;
    const char *source;
    char created[21]; /* "": enrolled by a faceid that did not note it */
};
typedef bool (*fid_sample_info_fn)(void *ctx, const struct fid_sample_info *sample);
typedef bool (*fid_consent_fn)(void *ctx, const char *text, const char *time);
/* FILLS person. FID_NOT_FOUND: there is nobody of that name. */
enum fid_status fid_gallery_lookup(struct fid_gallery *gallery, const char *name,
                                   struct fid_person *person, struct fid_error *error);
/* The faces of the person with this id, in the order of time; none if there is no such person.
 * FID_CORRUPT, FID_SEALED, FID_UNREACHABLE, FID_IO, FID_BUSY, FID_NO_MEMORY. */
enum fid_status fid_gallery_samples(struct fid_gallery *gallery, int64_t person,
                                    fid_sample_info_fn take, void *ctx, struct fid_error *error);
/* The same for consents. FID_CORRUPT and so on, as fid_gallery_samples. */
enum fid_status fid_gallery_consents(struct fid_gallery *gallery, int64_t person,
                                     fid_consent_fn take, void *ctx, struct fid_error *error);

size_t fid_gallery_count(const struct fid_gallery *gallery); /* people */
/* i < count, in order of names. */
void fid_gallery_person(const struct fid_gallery *gallery, size_t i, struct fid_person *person);

/* Takes over what others committed since; *changed tells (may be NULL). Cheap where nothing
 * changed, for a call each second. FID_UNREACHABLE: the server does not answer, FID_CORRUPT,
 * FID_MISMATCH,
 * ...: who was known stays known. */
enum fid_status fid_gallery_refresh(struct fid_gallery *gallery, bool *changed,
                                    struct fid_error *error);
/* A number of the state that was taken over, which grows with each change. Whoever remembers it
 * notices that an older state was put in the place of the gallery. 0: there is no gallery yet. */
uint64_t fid_gallery_generation(const struct fid_gallery *gallery);
/* A descriptor that is readable once others have changed something: then refresh. -1: there is
 * none. */
int fid_gallery_wait_fd(const struct fid_gallery *gallery);

/* ---- decision ---- */

enum fid_rule_kind {
    FID_RULE_COSINE, /* cosine to the nearest prototype, higher is more alike */
    FID_RULE_DEMO    /* the Keras demo: raw Euclidean distance to the mean of raw vectors */
};

struct fid_rule {
    enum fid_rule_kind kind;
    float accept; /* cosine ≥ accept (demo: distance < accept) gives a name */
    float maybe;  /* cosine from which the answer is "maybe" (demo: unused) */
    float margin; /* least lead over the second person (demo: 0) */
};

/* FILLS the rule from the model file. FID_INVALID: an unknown kind, or the model has no thresholds,
 * or for the demo rule, is not a VGGFace2 model. */
enum fid_status fid_rule_default(const struct fid_model *model, enum fid_rule_kind kind,
                                 struct fid_rule *rule, struct fid_error *error);

enum fid_reason {
    FID_REASON_KNOWN,
    FID_REASON_EMPTY_GALLERY, /* nobody is enrolled whose last day is not over */
    FID_REASON_STRANGER,      /* nobody is near */
    FID_REASON_MAYBE,         /* in the grey zone */
    FID_REASON_TWO_ALIKE,     /* the second person is as near */
    FID_REASON_TAKEN,         /* another face of the frame has the name with a better score */
    FID_REASON_NO_VECTOR,     /* zero or not finite */
    FID_REASON_UNDECIDED,     /* of a track: not looked at often enough yet */
    FID_REASON_REJECTED       /* of a track: the user said that it is not this person */
};
const char *fid_reason_text(enum fid_reason reason); /* "known", "empty_gallery", "stranger", ... */

struct fid_label {
    bool known;
    enum fid_reason reason;
    char name[FID_NAME_BYTES];    /* "" unless known */
    char nearest[FID_NAME_BYTES]; /* "" for an empty gallery */
    char second[FID_NAME_BYTES];  /* "" when there is no second person */
    int64_t person;               /* of the nearest; 0: none */
    float score, second_score;    /* cosine, or for the demo rule the distance */
};

/* Labels the faces of one frame: FILLS labels[count]. embeddings [count][size of the gallery's
 * model]. One name stands at most once in a frame. Scans in memory, never fails. */
void fid_label_faces(const struct fid_gallery *gallery, const struct fid_rule *rule,
                     const float *embeddings, size_t count, struct fid_label *labels);

/* How like one person an embedding is: FILLS *person and *likeness, the cosine to the nearest
 * prototype. False if there is nobody of that name (compared case-folded) or the embedding is zero
 * or not finite. */
bool fid_gallery_likeness(const struct fid_gallery *gallery, const char *name,
                          const float *embedding, struct fid_person *person, float *likeness);

/* How like two people of the gallery are: the cosine of their nearest prototypes. i, j < count. */
float fid_gallery_alike(const struct fid_gallery *gallery, size_t i, size_t j);

/* ---- calibration: how often this gallery errs, and a limit of its own ---- */

/* Takes a face that the gallery keeps, or what came of holding it out; false ends the reading,
 * which then gives FID_NO_MEMORY. What it is given is valid during the call. */
typedef bool (*fid_face_fn)(void *ctx, const float *embedding, const char *source);
typedef bool (*fid_trial_fn)(void *ctx, const char *source, const struct fid_label *label);

/* Labels each enrolled face of person i (by cosine) as if it had not been enrolled. Faces of one
 * file, or of one sitting before the camera, are held out together: they know each other too well.
 * Of a person who comes from a single one, it is a fifth of the faces at a time, neighbours
 * together. A person with a single face has no trials. FILLS *file_count. FID_CORRUPT, FID_SEALED,
 * FID_UNREACHABLE, FID_IO, FID_BUSY, FID_NO_MEMORY. */
enum fid_status fid_gallery_hold_out(const struct fid_gallery *gallery, const struct fid_rule *rule,
                                     size_t i, fid_trial_fn take, void *ctx, size_t *file_count,
                                     struct fid_error *error);

struct fid_calibration {
    float accept;     /* in place of the model's */
    double fpir;      /* what was wished for: the share of strangers who get a name */
    size_t people;    /* who were enrolled */
    size_t strangers; /* who were held against them, and ... */
    size_t named;     /* ... who of them got a name */
    char created[21]; /* 2026-11-23T22:10:05Z */
};

/* FILLS what the gallery was calibrated to; false where it was not. */
bool fid_gallery_calibration(const struct fid_gallery *gallery,
                             struct fid_calibration *calibration);

/* Writes the calibration (as of now) and the strangers that it was measured with beside the model's
 * id, in place of those before, in one transaction. FID_INVALID: opened for reading, or without a
 * model, or a stranger is no usable face; FID_MISMATCH: the people are of another model;
 * FID_CORRUPT, FID_SEALED, FID_UNREACHABLE, FID_IO, FID_BUSY, FID_NO_MEMORY. */
enum fid_status fid_gallery_calibrate(struct fid_gallery *gallery,
                                      const struct fid_calibration *calibration,
                                      const struct fid_sample *strangers, size_t count,
                                      struct fid_error *error);
/* Takes back both, to the last byte, also in the gallery's copies; *was tells whether there was one
 * (may be NULL). FID_INVALID: opened for reading; FID_BUSY: in use, or a copy is; FID_CORRUPT,
 * FID_SEALED, FID_UNREACHABLE, FID_IO, FID_NO_MEMORY. */
enum fid_status fid_gallery_uncalibrate(struct fid_gallery *gallery, bool *was,
                                        struct fid_error *error);
/* Reads the strangers. FID_CORRUPT, FID_SEALED, FID_UNREACHABLE, FID_IO, FID_BUSY, FID_NO_MEMORY.
 * */
enum fid_status fid_gallery_strangers(struct fid_gallery *gallery, fid_face_fn take, void *ctx,
                                      struct fid_error *error);

/* FILLS the rule for this gallery: the model's, with the accept that was calibrated, if one was.
 * FID_INVALID, as fid_rule_default. */
enum fid_status fid_gallery_rule(const struct fid_gallery *gallery, const struct fid_model *model,
                                 enum fid_rule_kind kind, struct fid_rule *rule,
                                 struct fid_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
