/* interrupt.h - SIGINT and SIGTERM. The first one asks: loops see app_interrupted() (app.h), finish
 * what they were writing and return APP_INTERRUPTED. What has not ended by itself soon after, since
 * a reader stands still or a step takes long, is ended, so that no verb outlives the signal by a
 * second. To the files that is a killed process, which they are made for. */
#ifndef APP_INTERRUPT_H
#define APP_INTERRUPT_H

#include <stdbool.h>

/* Sets what each signal does. For main, before anything else. */
void app_interrupt_prepare(void);

/* Waits until there is something to read, or the end of it. False: interrupted. A signal that comes
 * just before a read is not missed, as it is by one that counts on EINTR. */
bool app_wait_readable(int file);

#endif
