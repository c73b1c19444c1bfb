/* enrollment.h - gathers the faces of one person from many pictures and frames, chooses those that
 * are this person's and well seen, and hands them to the gallery. */
#ifndef APP_ENROLLMENT_H
#define APP_ENROLLMENT_H

#include "app/enrollment/gate.h"

struct app_look { /* a face that may be the person's */
    size_t shot;
    struct app_verdict verdict; /* how it is seen */
    float yaw, pitch, score;    /* of its quality */
    double scale;               /* 1 / length of its embedding */
    bool main;                  /* the most prominent one of its shot */
    uint8_t *crop;              /* to be kept with it; owned; NULL: none */
    size_t crop_size;
};

#define APP_NO_LOOK SIZE_MAX

struct app_shot { /* a picture, or a frame of a clip or camera */
    char *name;   /* "FILE", of a clip "FILE#FRAME"; owned */
    size_t file_bytes;
    long frame;                 /* -1: a picture */
    bool rivals;                /* another face is nearly as prominent as the main one */
    struct app_verdict verdict; /* of the main face; when chosen: is it used, and why not */
    size_t look;                /* the one that is used, or APP_NO_LOOK */
};

struct app_enrollment { /* zero-initialise */
    struct app_shot *shots;
    struct app_look *looks;
    float *embeddings; /* [look_count][size], as the network gave them */
    size_t shot_count, shot_capacity, look_count, look_capacity, size;
    struct fid_terms terms; /* borrowed; zeros: none */
    size_t bad_files;       /* for the summary */
    bool keep_crops;        /* for another model, one day; stays when the rest is cleared */
    bool low_quality;       /* nothing better is there: what is used breaks limits */
    char doubt[504];        /* what speaks against the person, though it is saved; "" for nothing */
};

/* ---- gathering ---- */

/* Adds a shot, with nothing seen in it so far. file, frame: as struct app_frame has them; rivals:
 * as struct app_shot. False without memory. */
bool app_enrollment_shot(struct app_enrollment *enrollment, const char *file, long frame,
                         bool rivals);
/* Adds a look at a face of the last shot; the first one is the main face. embedding NULL: the face
 * is too bad to be looked at. One without a direction is passed over. False without memory. */
bool app_enrollment_look(struct app_enrollment *enrollment, const float *embedding, size_t size,
                         const struct fid_quality *quality, const struct app_verdict *verdict);

/* Keeps a crop with the look that was added last, if it lies in the picture. FID_NO_MEMORY. */
enum fid_status app_enrollment_crop(struct app_enrollment *enrollment,
                                    const struct fid_picture *picture, const struct fid_face *face,
                                    struct fid_error *error);

/* ---- choosing, checking, saving ---- */

/* Settles which look of which shots is used, by what the network and the gate say: those that are
 * like the rest of their own (cosine, `alike` at least), well seen, and of a clip those that differ
 * most. Of photographs bad ones too if there is nothing better, of frames with `force` alone.
 * FID_NO_FACE; FID_QUALITY: none is good enough, or nobody can say who is meant; FID_NO_MEMORY. */
enum fid_status app_enrollment_choose(struct app_enrollment *enrollment,
                                      const struct app_gate *gate, float alike, bool force,
                                      struct fid_error *error);

/* Of the chosen frames of each clip keeps `most`, those that differ most; the others are
 * APP_GATE_SPARE. FID_NO_MEMORY. */
enum fid_status app_enrollment_spread(struct app_enrollment *enrollment, size_t most,
                                      struct fid_error *error);

/* Is what was chosen one person, like the one of this name (unless the faces of before are
 * replaced) and not like another one of the gallery? FID_QUALITY with the doubt, FID_NO_MEMORY. A
 * doubt that is no reason to refuse goes to enrollment->doubt. */
enum fid_status app_enrollment_check(struct app_enrollment *enrollment,
                                     const struct fid_gallery *gallery, const struct fid_rule *rule,
                                     const char *name, bool replace, struct fid_error *error);

/* All of that, and writes what was chosen. With force a doubt is no refusal, but goes to
 * enrollment->doubt. */
enum fid_status app_enrollment_save(struct app_enrollment *enrollment, struct fid_gallery *gallery,
                                    const struct app_gate *gate, const struct fid_rule *rule,
                                    const char *name, bool replace, bool force,
                                    struct fid_person *person, struct fid_error *error);

/* FILLS counts with how many shots have each reason. */
void app_enrollment_count(const struct app_enrollment *enrollment, size_t counts[APP_GATE_REASONS]);
/* FILLS text with those that are not used, "12 blurred, 7 turned away"; returns how many. */
size_t app_enrollment_reasons(const struct app_enrollment *enrollment, char *text, size_t bytes);

void app_enrollment_clear(struct app_enrollment *enrollment); /* frees; ready for the next person */

#endif
