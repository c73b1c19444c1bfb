/* analyzer.h - faces and names for frames: detect, track, embed, decide. For one thread. */
#ifndef APP_ANALYZER_H
#define APP_ANALYZER_H

#include "app/live/learn.h"
#include "app/live/live_frame.h"

#define APP_LIVE_FACES_MAX FID_TRACKS_MAX

struct app_result {                 /* what was seen in one frame */
    uint64_t sequence, captured_ns; /* of that frame */
    uint64_t time_ns;               /* the tracks' time of it */
    uint64_t done_ns;               /* when all of this was known, by the tracks' time */
    int width, height;
    size_t count;
    struct fid_track faces[APP_LIVE_FACES_MAX]; /* also those missed just now */
    struct fid_rule rule;                       /* in force: limit, margin */
    double detect_ms, embed_ms;                 /* spent on this frame */
    size_t embedded;                            /* faces of this frame that were embedded */
    size_t people;                              /* in the gallery */
    struct app_learn learn;
};

struct app_analyzer;

/* Opens models and gallery in app (which it borrows) as the command line says; rereads the gallery
 * when another process changes it, and decides anew. every_frame: a source that waits for us, so
 * that nothing is skipped to keep up or to spare the CPU. After a failure NULL, and the sentence
 * has been said. */
enum app_exit app_analyzer_open(struct app *app, bool every_frame, struct app_analyzer **analyzer);
void app_analyzer_close(struct app_analyzer **analyzer); /* takes NULL */

/* FILLS *result. time_ns: when the frame was taken, by the clock that tracks live by: of a live
 * source captured_ns, of a file its own time. APP_MODEL, APP_CAMERA or APP_INTERNAL after a
 * sentence. */
enum app_exit app_analyze(struct app_analyzer *analyzer, const struct app_live_frame *frame,
                          uint64_t time_ns, struct app_result *result);

/* No frame has come so far: ends tracks that were seen too long ago. True: some have ended, and
 * *result is without them. */
bool app_analyzer_expire(struct app_analyzer *analyzer, uint64_t now_ns, struct app_result *result);

/* Frames are looked at as they come, but later where --max-fps says so, or when no face has been
 * seen for a while: sleeps until the next one is due, for 20 ms at most. True: it is due. */
bool app_analyzer_wait(const struct app_analyzer *analyzer);

/* ---- wishes of the user ---- */

enum app_wish_kind {
    APP_WISH_REJECT,       /* the track is not the person that it was taken for */
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
              64]; /* longer than a name may be, so that it is refused and not cut */
    bool force, replace;
    struct fid_terms terms; /* borrowed for the call */
    uint64_t number;
};

void app_analyzer_wish(struct app_analyzer *analyzer, const struct app_wish *wish);
const struct app_learn *app_analyzer_learn(const struct app_analyzer *analyzer);

#endif
