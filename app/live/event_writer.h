/* event_writer.h - writes the lines of events in a thread of its own, so that recognition never
 * waits for their reader. Lines that it does not take in time wait in a queue of APP_EVENTS_BYTES.
 * Lines that do not fit are dropped, and counted in the next line that fits: "dropped":N before
 * its last brace. A line goes into a pipe whole or not at all, if the pipe can hold it. */
#ifndef APP_EVENT_WRITER_H
#define APP_EVENT_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#define APP_EVENTS_BYTES ((size_t)256 << 10) /* half a minute of frames, or hours at a door */

struct app_event_writer;

/* file: borrowed until app_event_writer_close. NULL: no memory. */
struct app_event_writer *app_event_writer_open(int file);

/* Queues a copy of the line, a JSON object with at least one field and a line feed. last: one of
 * the last lines of the run, which always fits. */
void app_event_writer_put(struct app_event_writer *writer, const char *line, size_t bytes,
                          bool last);

/* The errno of a failed write (EPIPE: the reader has gone away), otherwise 0. */
int app_event_writer_error(struct app_event_writer *writer);

/* Waits until everything is written, while the reader takes something every second; when
 * interrupted for APP_LAST_WAIT_MS. Nothing may be put afterwards. Returns how many lines were
 * dropped, including those that waited in vain. */
size_t app_event_writer_drain(struct app_event_writer *writer);

void app_event_writer_close(struct app_event_writer **writer); /* drains; takes NULL */

#endif
