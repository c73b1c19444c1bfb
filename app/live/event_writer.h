/* event_writer.h - writes the lines of events in a thread of its own, so that recognition never
 * waits for their reader. What it does not take in time waits in a queue of APP_EVENTS_BYTES; what
 * does not fit there is left out, and counted in the next line that does: "dropped":N before its
 * last brace. A line goes into a pipe whole or not at all, if the pipe holds it at all. */
#ifndef APP_EVENT_WRITER_H
#define APP_EVENT_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#define APP_EVENTS_BYTES ((size_t)256 << 10) /* half a minute of frames, or hours at a door */

struct app_event_writer;

/* file: borrowed, good until app_event_writer_close. NULL: no memory. */
struct app_event_writer *app_event_writer_open(int file);

/* Takes over a copy of the line: a JSON object that is not empty, with its line feed. last: one of
 * the end's few, which always fits. */
void app_event_writer_put(struct app_event_writer *writer, const char *line, size_t bytes,
                          bool last);

/* Has a write failed? Its errno (EPIPE: the reader has gone away), else 0. */
int app_event_writer_error(struct app_event_writer *writer);

/* Waits until all is written, as long as the reader takes something every second, or when
 * interrupted for APP_LAST_WAIT_MS; nothing is put afterwards. Returns how many lines have been
 * left out, those included that waited in vain. */
size_t app_event_writer_drain(struct app_event_writer *writer);

void app_event_writer_close(struct app_event_writer **writer); /* drains; takes NULL */

#endif
