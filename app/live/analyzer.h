/* analyzer.h - faces and names for frames: detect, track, embed, decide. For one thread. */
#ifndef APP_ANALYZER_H
#define APP_ANALYZER_H

#include "app/live/learn.h"
#include "app/live/live_frame.h"

#include <time.h>

#define APP_LIVE_FACES_MAX FID_TRACKS_MAX

struct app_result {                 /* what was seen in one frame */
    uint64_t sequence, captured_ns; /* of that frame */
    uint64_t time_ns;               /* of that frame, by the tracks' clock */
    uint64_t done_ns;               /* when the result was ready, by the tracks' clock */
    int width, height;
    size_t count;
    struct fid_track faces[APP_LIVE_FACES_MAX]; /* including those missed in this frame */
    struct fid_rule rule;                       /* the limit and margin in force */
    double detect_ms, embed_ms;                 /* spent on this frame */
    size_t embedded;                            /* faces of this frame that were embedded */
    size_t people;                              /* in the gallery */
    time_t unread_since; /* the gallery cannot be read since then: those known stay known; or 0 */
    struct app_learn learn;
};

struct app_analyzer;

/* Opens models and gallery in app (borrowed) as the command line says; reads the gallery again
 * when another process changes it, and decides again. every_frame: the source waits for us, so no
 * frame is skipped to keep up or to save CPU time. NULL after a failure, which has been reported.
 */
enum app_exit app_analyzer_open(struct app *app, bool every_frame, struct app_analyzer **analyzer);
void app_analyzer_close(struct app_analyzer **analyzer); /* takes NULL */

/* FILLS *result. time_ns: when the frame was taken, by the tracks' clock: captured_ns of a live
 * source, a file's own time. APP_MODEL, APP_CAMERA or APP_INTERNAL after a message. */
enum app_exit app_analyze(struct app_analyzer *analyzer, const struct app_live_frame *frame,
                          uint64_t time_ns, struct app_result *result);

/* To be called when no frame has come: ends tracks that were seen too long ago. True: some have
 * ended, and *result no longer has them. */
bool app_analyzer_expire(struct app_analyzer *analyzer, uint64_t now_ns, struct app_result *result);

/* Sleeps until the next frame is due, for at most 20 ms; true: it is due. Frames are due as they
 * come, or later because of --max-fps or because no face was seen for a while. */
bool app_analyzer_wait(const struct app_analyzer *analyzer);

/* ---- wishes of the user ---- */

enum app_wish_kind {
    APP_WISH_REJECT,       /* the track is not the person it was named */
    APP_WISH_LIMIT,        /* moves rule.accept by delta, between rule.maybe and 0.99 */
    APP_WISH_LEARN,        /* collects good frames of the track */
    APP_WISH_LEARN_CANCEL, /* drops them */
    APP_WISH_LEARN_FINISH  /* saves them as name */
};

struct app_wish {
    enum app_wish_kind kind;
    uint32_t track;
    float delta;
    char name[FID_NAME_BYTES +
              64]; /* longer than a name may be, so that a long one is refused, not cut */
    bool force, replace;
    struct fid_terms terms; /* borrowed for the call */
    uint64_t number;
};

void app_analyzer_wish(struct app_analyzer *analyzer, const struct app_wish *wish);
const struct app_learn *app_analyzer_learn(const struct app_analyzer *analyzer);

#endif
