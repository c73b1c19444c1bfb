/* learn.h - enrolls a person from the live picture: collects good frames of one track, then saves
 * them under a name by the rules of `faceid enroll`. */
#ifndef APP_LEARN_H
#define APP_LEARN_H

#include "app/enrollment/enrollment.h"

enum app_learn_state {
    APP_LEARN_NONE,
    APP_LEARN_COLLECTING, /* looking for good frames of the track */
    APP_LEARN_COLLECTED,  /* enough frames; waits for the name */
    APP_LEARN_SAVED,      /* text: what was saved */
    APP_LEARN_REFUSED,    /* text: why; the faces are kept for another name or for `force` */
    APP_LEARN_FAILED      /* text: why; there are no faces to save */
};

enum app_learn_hint { /* what the person could do better now */
                      APP_HINT_OK,
                      APP_HINT_TOO_SMALL, /* come closer */
                      APP_HINT_BLURRED,   /* hold still */
                      APP_HINT_DARK,      /* or without contrast: more light */
                      APP_HINT_BRIGHT,    /* less light */
                      APP_HINT_CUT,       /* come into the picture */
                      APP_HINT_TURNED,    /* look at the camera */
                      APP_HINT_OTHER,     /* this face is not the one of the first frames */
                      APP_HINT_AWAY       /* not in the picture */
};
const char *app_hint_text(enum app_learn_hint hint); /* "come closer", ... */

struct app_learn { /* the state of an enrollment */
    enum app_learn_state state;
    enum app_learn_hint hint;
    uint32_t track;           /* changes when the person goes away and comes back */
    size_t collected, wanted; /* good frames */
    uint64_t request;         /* number of the finish wish that state and text answer */
    char name[FID_NAME_BYTES];
    char text[504];
    enum fid_status refused; /* for REFUSED: why */
};

struct app_learner {
    struct app_learn shown;
    struct app_gate gate;        /* what a good frame is; constant */
    struct app_enrollment faces; /* collected so far */
    struct fid_quality quality;  /* of the current frame */
    uint64_t taken_ns;           /* time of the last good frame */
    long frames;                 /* examined since the start */
};

void app_learner_start(struct app_learner *learner, uint32_t track);
void app_learner_cancel(struct app_learner *learner); /* frees the faces */

/* A new frame, with the track, or NULL if it is gone. Sets the hint; true: embed this face. */
bool app_learner_look(struct app_learner *learner, const struct fid_track *track, uint64_t now_ns);

/* The embedding of that face. alike: the cosine below which it is another person. False: no
 * memory. */
bool app_learner_take(struct app_learner *learner, const struct fid_picture *picture,
                      const struct fid_face *face, const float *embedding, size_t size, float alike,
                      uint64_t now_ns);

/* The track is gone, and this is a look at another one: continues with it if it is the same person.
 */
void app_learner_adopt(struct app_learner *learner, uint32_t track, const float *embedding,
                       size_t size, float alike);

/* Saves; shown says with what result, with this number as its request. True: the gallery has
 * changed.
 */
bool app_learner_finish(struct app_learner *learner, struct app *app, const struct fid_rule *rule,
                        const char *name, bool force, bool replace, uint64_t request);

#endif
