/* mailbox.h - passes frames from the camera's thread to the others: one slot, the newest frame
 * wins.
 *
 * A few frames circulate. The writer fills a free one (its draft) and posts it. Readers take the
 * newest one they have not seen, hold it as long as they like and give it back. Nothing is copied
 * or allocated while it runs, and no thread waits for a slow reader. */
#ifndef APP_MAILBOX_H
#define APP_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/live/live_frame.h"

struct app_mailbox;

/* For at most `readers` threads that hold one frame each. NULL: no memory. */
struct app_mailbox *app_mailbox_open(int readers);
void app_mailbox_close(struct app_mailbox **mailbox); /* takes NULL; no reader may hold a frame */

/* The writer's frame, whose pixels and captured_ns it fills. The same one until it is
 * posted. */
struct app_live_frame *app_mailbox_draft(struct app_mailbox *mailbox);
void app_mailbox_post(struct app_mailbox *mailbox);

/* Waits until a reader has taken the newest frame or the mailbox is shut, for sources that must not
 * lose a frame. */
void app_mailbox_wait_taken(struct app_mailbox *mailbox);

/* The newest frame if its sequence is greater than `after`; waits for it at most timeout_ms. NULL
 * if none came in time or no more will come. Give it back. */
const struct app_live_frame *app_mailbox_take(struct app_mailbox *mailbox, uint64_t after,
                                              int timeout_ms);
void app_mailbox_give_back(struct app_mailbox *mailbox, const struct app_live_frame *frame);

/* Ends the supply of frames and wakes all waiting threads. Any thread may call it, more than once.
 */
void app_mailbox_shut(struct app_mailbox *mailbox);
bool app_mailbox_is_shut(struct app_mailbox *mailbox);

#endif
