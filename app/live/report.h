/* report.h - tells the outside what the live program sees: events, commands, pictures. For the one
 * thread that analyzes frames. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "app/live/live_event.h"

struct app_report_options {
    FILE *events;        /* borrowed, its descriptor is written to; NULL: none */
    bool frames;         /* a line for each frame besides those for tracks */
    const char *command; /* run at each track's event (hook.h); NULL: none */
    const char *folder;  /* for pictures of the frames in which a label changed; NULL: none */
};

struct app_report;

/* Says its sentence when the command or the folder cannot be had. */
enum app_exit app_report_open(const struct app_report_options *options, struct app_report **report);

/* A frame and what was seen in it; frame NULL: no frame, but tracks have ended. Does not wait for
 * who reads the events (event_writer.h). APP_INTERNAL after a sentence when an event or a picture
 * cannot be written. */
enum app_exit app_report_seen(struct app_report *report, const char *source,
                              const struct app_live_frame *frame, const struct app_result *result);

/* The end: the faces that are still there are lost, and what waits is written, unless its reader
 * stands still. Says how many events were left out. */
enum app_exit app_report_end(struct app_report *report);

/* Does anybody get to know? False once the reader of the events has gone away and there is nothing
 * else to do. */
bool app_report_is_heard(const struct app_report *report);

void app_report_close(struct app_report **report); /* takes NULL */

#endif
