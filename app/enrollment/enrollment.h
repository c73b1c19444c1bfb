/* enrollment.h - gathers the faces of one person from many pictures and frames, chooses the good
 * ones that are really this person's, and saves them in the gallery. */
#ifndef APP_ENROLLMENT_H
#define APP_ENROLLMENT_H

#include "app/enrollment/gate.h"

struct app_look { /* a face that may be the person's */
    size_t shot;
    struct app_verdict verdict; /* how well it is seen */
    float yaw, pitch, score;    /* of its quality */
    double scale;               /* 1 / length of its embedding */
    bool main;                  /* the most prominent face of its shot */
    uint8_t *crop;              /* to be kept with the face; owned; NULL: none */
    size_t crop_size;
};

#define APP_NO_LOOK SIZE_MAX

struct app_shot { /* a picture, or a frame of a clip or camera */
    char *name;   /* "FILE", or for a clip "FILE#FRAME"; owned */
    size_t file_bytes;
    long frame;                 /* -1: a picture */
    bool rivals;                /* another face is nearly as prominent as the main one */
    struct app_verdict verdict; /* of the main face; once chosen: is it used, and if not, why */
    size_t look;                /* the used look, or APP_NO_LOOK */
};

struct app_enrollment { /* zero-initialized */
    struct app_shot *shots;
    struct app_look *looks;
    float *embeddings; /* [look_count][size], the network's output */
    size_t shot_count, shot_capacity, look_count, look_capacity, size;
    struct fid_terms terms; /* borrowed; zeros: none */
    size_t bad_files;       /* for the summary */
    bool keep_crops;        /* for another model; not cleared with the rest */
    bool low_quality;       /* nothing better was found: the used faces break limits */
    char doubt[504];        /* why the enrollment is doubtful, though it is saved; "": it is not */
};

/* ---- gathering ---- */

/* Adds a shot without a look. file, frame: as in struct app_frame; rivals: as in struct app_shot.
 * False: no memory. */
bool app_enrollment_shot(struct app_enrollment *enrollment, const char *file, long frame,
                         bool rivals);
/* Adds a look at a face of the last shot; the first one is the main face. embedding NULL: the face
 * is too bad to embed. An embedding without a direction is ignored. False: no memory. */
bool app_enrollment_look(struct app_enrollment *enrollment, const float *embedding, size_t size,
                         const struct fid_quality *quality, const struct app_verdict *verdict);

/* Keeps a crop with the look added last, if it lies inside the picture. FID_NO_MEMORY. */
enum fid_status app_enrollment_crop(struct app_enrollment *enrollment,
                                    const struct fid_picture *picture, const struct fid_face *face,
                                    struct fid_error *error);

/* ---- choosing, checking, saving ---- */

/* Chooses the looks to use: those that are like the person's other faces (cosine of at least
 * `alike`), pass the gate and, in a clip, differ most. Bad photographs are used if there is
 * nothing better, bad frames only with `force`. FID_NO_FACE; FID_QUALITY: none is good enough, or
 * it is unclear who is meant; FID_NO_MEMORY. */
enum fid_status app_enrollment_choose(struct app_enrollment *enrollment,
                                      const struct app_gate *gate, float alike, bool force,
                                      struct fid_error *error);

/* Keeps the `most` chosen frames of each clip that differ most; the others become
 * APP_GATE_SPARE. FID_NO_MEMORY. */
enum fid_status app_enrollment_spread(struct app_enrollment *enrollment, size_t most,
                                      struct fid_error *error);

/* Are the chosen faces one person, like the one of this name (unless the old faces are
 * replaced) and unlike every other person of the gallery? FID_QUALITY with the doubt;
 * FID_NO_MEMORY. A doubt that is not a reason to refuse goes to enrollment->doubt. */
enum fid_status app_enrollment_check(struct app_enrollment *enrollment,
                                     const struct fid_gallery *gallery, const struct fid_rule *rule,
                                     const char *name, bool replace, struct fid_error *error);

/* Does all of this and writes the chosen faces. With force a doubt does not refuse but
 * goes to enrollment->doubt. */
enum fid_status app_enrollment_save(struct app_enrollment *enrollment, struct fid_gallery *gallery,
                                    const struct app_gate *gate, const struct fid_rule *rule,
                                    const char *name, bool replace, bool force,
                                    struct fid_person *person, struct fid_error *error);

/* FILLS counts with the number of shots for each reason. */
void app_enrollment_count(const struct app_enrollment *enrollment, size_t counts[APP_GATE_REASONS]);
/* FILLS text with the unused shots, "12 blurred, 7 turned away"; returns how many. */
size_t app_enrollment_reasons(const struct app_enrollment *enrollment, char *text, size_t bytes);

void app_enrollment_clear(struct app_enrollment *enrollment); /* frees; ready for the next person */

#endif
