/* report.h - reports what the live program sees: events, commands, pictures. For the thread that
 * analyzes frames. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "app/live/live_event.h"

struct app_report_options {
    FILE *events;        /* borrowed; its descriptor is written to; NULL: none */
    bool frames;         /* a line for each frame besides those for tracks */
    const char *command; /* run at each track's event (hook.h); NULL: none */
    const char *folder;  /* for pictures of the frames in which a label changed; NULL: none */
};

struct app_report;

/* Reports why if the command cannot be found or the folder cannot be made. */
enum app_exit app_report_open(const struct app_report_options *options, struct app_report **report);

/* A frame and what was seen in it; frame NULL: no frame, but tracks have ended. Does not wait for
 * the events' reader (event_writer.h). APP_INTERNAL after a message if an event or a picture
 * cannot be written. */
enum app_exit app_report_seen(struct app_report *report, const char *source,
                              const struct app_live_frame *frame, const struct app_result *result);

/* Ends the report: faces still in view are lost, and waiting events are written unless their
 * reader has stalled. Reports how many events were dropped. */
enum app_exit app_report_end(struct app_report *report);

/* Is anything left to report to? False once the events' reader has gone and there is no other
 * output. */
bool app_report_is_heard(const struct app_report *report);

void app_report_close(struct app_report **report); /* takes NULL */

#endif
