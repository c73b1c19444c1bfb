/* worker.h - faces and names for frames: detect, track, embed, decide. As a plain call for the
 * program without a window, and as a thread of its own for the window, whose picture must never
 * wait for a network. */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/app.h"
#include "app/mailbox.h"

/* ---- enrolling somebody from the live picture ---- */

enum app_learn_state {
    APP_LEARN_NONE,
    APP_LEARN_COLLECTING, /* looking for good frames of the track */
    APP_LEARN_COLLECTED,  /* enough of them: waits for the name */
    APP_LEARN_SAVED,      /* text: what was saved */
    APP_LEARN_REFUSED,    /* text: why; the faces are kept for another name, or for `force` */
    APP_LEARN_FAILED      /* text: why; the faces are gone (nobody is there, the disk is full) */
};

enum app_learn_hint { /* what the person could do better just now */
                      APP_HINT_OK,
                      APP_HINT_TOO_SMALL, /* come nearer */
                      APP_HINT_BLURRED,   /* hold still */
                      APP_HINT_DARK,      /* or without contrast: more light */
                      APP_HINT_TURNED,    /* look at the camera */
                      APP_HINT_OTHER,     /* this face is not the one of the first frames */
                      APP_HINT_AWAY       /* not in the picture */
};
const char *app_hint_text(enum app_learn_hint hint); /* for people: "come nearer", ... */

struct app_learn { /* how an enrolment goes */
    enum app_learn_state state;
    enum app_learn_hint hint;
    uint32_t track;
    size_t collected, wanted; /* good frames */
    uint64_t request;         /* number of the finish that state and text answer */
    char name[FID_NAME_BYTES];
    char text[504];
};

/* ---- what was seen ---- */

#define APP_LIVE_FACES_MAX FID_TRACKS_MAX

struct app_result {                 /* what was seen in one frame */
    uint64_t sequence, captured_ns; /* of that frame */
    uint64_t done_ns;               /* when all of this was known */
    int width, height;
    size_t count;
    struct fid_track faces[APP_LIVE_FACES_MAX]; /* also those missed just now */
    struct fid_rule rule;                       /* in force: limit, margin */
    double detect_ms, embed_ms;                 /* spent on this frame */
    size_t embedded;                            /* faces of this frame that were embedded */
    size_t people;                              /* in the gallery */
    struct app_learn learn;
};

/* ---- the plain call ---- */

struct app_analyzer;

/* Opens models and gallery in app (which it borrows) as the command line says; rereads the gallery
 * when another process changes it, and decides anew. After a failure NULL, and the sentence has
 * been said. */
enum app_exit app_analyzer_open(struct app *app, struct app_analyzer **analyzer);
void app_analyzer_close(struct app_analyzer **analyzer); /* takes NULL */

/* FILLS *result. APP_MODEL or APP_INTERNAL after a sentence. */
enum app_exit app_analyze(struct app_analyzer *analyzer, const struct app_live_frame *frame,
                          struct app_result *result);

/* ---- the thread ---- */

struct app_worker;

/* Is called in the worker's thread with each frame and what was seen in it, before the result can
 * be had; frame NULL: no frame came, but faces have expired. Anything but APP_OK ends the thread.
 */
typedef enum app_exit (*app_seen_fn)(void *ctx, const struct app_live_frame *frame,
                                     const struct app_result *result);

/* Starts a thread that opens an analyzer and then analyzes the mailbox's newest frame, again and
 * again, until the mailbox is shut. app belongs to the thread until app_worker_close. seen may be
 * NULL. NULL: no memory. */
struct app_worker *app_worker_open(struct app *app, struct app_mailbox *mailbox, app_seen_fn seen,
                                   void *ctx);

/* Shuts the mailbox and waits for the thread. Takes NULL. */
void app_worker_close(struct app_worker **worker);

/* FILLS *result with the newest one if its frame came after `after`; else false. */
bool app_worker_result(struct app_worker *worker, uint64_t after, struct app_result *result);

/* Are the models loaded? */
bool app_worker_ready(struct app_worker *worker);

/* APP_OK, or why the thread has ended (the sentence has been said). */
enum app_exit app_worker_code(struct app_worker *worker);

/* ---- requests to the thread; each returns at once, and is done before the next frame ---- */

/* The track is not the person that it was taken for. */
void app_worker_not_this_person(struct app_worker *worker, uint32_t track);

/* Moves the limit (rule.accept) of this run; it stays between the rule's maybe and 0.99. The result
 * tells the one in force. */
void app_worker_adjust_limit(struct app_worker *worker, float delta);

/* Collects good frames of the track; one that is going on is dropped. */
void app_worker_learn(struct app_worker *worker, uint32_t track);
void app_worker_learn_cancel(struct app_worker *worker);

/* Saves what was collected (at least one frame) under the name, as `faceid enroll` would; force:
 * even if it looks like somebody else. Returns the number of this request, which app_learn.request
 * has when it is answered by SAVED, REFUSED or FAILED. */
uint64_t app_worker_learn_finish(struct app_worker *worker, const char *name, bool force);

/* FILLS *learn: how the enrolment goes now, also while no frames come. */
void app_worker_learning(struct app_worker *worker, struct app_learn *learn);

#endif
