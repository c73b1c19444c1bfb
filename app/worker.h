/* worker.h - faces and names for frames: detect, embed, label. As a plain call for the program
 * without a window, and as a thread of its own for the window, whose picture must never wait for a
 * network. */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/app.h"
#include "app/mailbox.h"

#define APP_LIVE_FACES_MAX 64 /* faces of one frame; the best ones when there are more */

struct app_result {                 /* what was seen in one frame */
    uint64_t sequence, captured_ns; /* of that frame */
    int width, height;
    size_t count;
    struct fid_face faces[APP_LIVE_FACES_MAX];
    struct fid_label labels[APP_LIVE_FACES_MAX];
    double detect_ms, embed_ms;
    size_t people; /* in the gallery */
};

/* ---- the plain call ---- */

struct app_analyzer;

/* Opens models and gallery in app (which it borrows) as the command line says; rereads the gallery
 * about once a second when another process changes it. After a failure NULL, and the sentence has
 * been said. */
enum app_exit app_analyzer_open(struct app *app, struct app_analyzer **analyzer);
void app_analyzer_close(struct app_analyzer **analyzer); /* takes NULL */

/* FILLS *result. APP_MODEL or APP_INTERNAL after a sentence. */
enum app_exit app_analyze(struct app_analyzer *analyzer, const struct app_live_frame *frame,
                          struct app_result *result);

/* ---- the thread ---- */

struct app_worker;

/* Starts a thread that opens an analyzer and then analyzes the mailbox's newest frame, again and
 * again, until the mailbox is shut. app belongs to the thread until app_worker_close. NULL: no
 * memory. */
struct app_worker *app_worker_open(struct app *app, struct app_mailbox *mailbox);

/* Shuts the mailbox and waits for the thread. Takes NULL. */
void app_worker_close(struct app_worker **worker);

/* FILLS *result with the newest one if its frame came after `after`; else false. */
bool app_worker_result(struct app_worker *worker, uint64_t after, struct app_result *result);

/* Are the models loaded? */
bool app_worker_ready(struct app_worker *worker);

/* APP_OK, or why the thread has ended (the sentence has been said). */
enum app_exit app_worker_code(struct app_worker *worker);

#endif
