/* worker.h - an analyzer in its own thread, so that the window's picture never waits for a
 * network. */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/live/analyzer.h"
#include "app/live/mailbox.h"

struct app_worker;

/* Called in the worker's thread with each frame and what was seen in it, before the result is
 * available; frame NULL: no frame came, but faces have expired. Anything but APP_OK ends the
 * thread.
 */
typedef enum app_exit (*app_seen_fn)(void *ctx, const struct app_live_frame *frame,
                                     const struct app_result *result);

/* Starts a thread that opens an analyzer and then analyzes the mailbox's newest frame until the
 * mailbox is shut. app belongs to the thread until app_worker_close. seen may be
 * NULL. NULL: no memory. */
struct app_worker *app_worker_open(struct app *app, struct app_mailbox *mailbox, app_seen_fn seen,
                                   void *ctx);

/* Shuts the mailbox and waits for the thread. Takes NULL. */
void app_worker_close(struct app_worker **worker);

/* FILLS *result with the newest result if its frame came after `after`; otherwise false. */
bool app_worker_result(struct app_worker *worker, uint64_t after, struct app_result *result);

/* Are the models loaded? */
bool app_worker_ready(struct app_worker *worker);

/* APP_OK, or why the thread has ended (which was reported). */
enum app_exit app_worker_code(struct app_worker *worker);

/* ---- requests to the thread: each returns at once and is carried out before the next frame,
 * in the order of the calls. If more than a few wait, further ones are dropped. ---- */

/* The track is not the person it was named. */
void app_worker_not_this_person(struct app_worker *worker, uint32_t track);

/* Moves the limit (rule.accept) of this run, between the rule's maybe and 0.99. The result says the
 * limit in force. */
void app_worker_adjust_limit(struct app_worker *worker, float delta);

/* Collects good frames of the track; an enrollment under way is dropped. */
void app_worker_learn(struct app_worker *worker, uint32_t track);
void app_worker_learn_cancel(struct app_worker *worker);

/* Saves what was collected (at least one frame) under the name, as `faceid enroll` would; force:
 * even if it looks like another person. Returns the number of this request, which
 * app_learn.request shows when SAVED, REFUSED or FAILED answers it; 0 if it was dropped. */
uint64_t app_worker_learn_finish(struct app_worker *worker, const char *name, bool force);

/* FILLS *learn: the enrollment's state, also while no frames come. */
void app_worker_learning(struct app_worker *worker, struct app_learn *learn);

#endif
