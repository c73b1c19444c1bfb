/* interrupt.h - SIGINT and SIGTERM. The first signal asks: loops see app_interrupted() (app.h),
 * finish what they were writing and return APP_INTERRUPTED. A run that has not ended soon after,
 * because a reader has stalled or a step takes long, is ended, so that no verb outlives the
 * signal by a second. For the files that is like a killed process, which they withstand. */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

#include <stdbool.h>

/* Sets what each signal does. For main, before anything else. */
void app_interrupt_prepare(void);

/* Waits until there is data or the end of the file. False: interrupted. Unlike with EINTR, a signal
 * that comes just before a read is not missed. */
bool app_wait_readable(int file);

#endif
