/* live_event.h - the events of the live program as text, one JSON object per line. */
#ifndef APP_LIVE_EVENT_H
#define APP_LIVE_EVENT_H

#include "app/live/analyzer.h"

#include <stdio.h>

enum app_event_kind {
    APP_EVENT_APPEAR,     /* a face was found a second time, so it is not a chance hit */
    APP_EVENT_IDENTIFIED, /* it was decided who it is, or that it is a stranger; or that changed
                           */
    APP_EVENT_LOST        /* the face is gone */
};
const char *app_event_text(enum app_event_kind kind); /* "appear", "identified", "lost" */

struct app_event { /* of one track; all pointers are borrowed */
    enum app_event_kind kind;
    uint64_t captured_ns, frame; /* of the frame that caused it */
    const char *source;
    const struct fid_track *track;
    double after_ms; /* for IDENTIFIED: since the face was first seen */
};

/* Writes the line
 *
 *     {"v":1,"event":"identified","time":"2026-11-24T00:12:03.456Z","source":"/dev/video0",
 *      "frame":7,"track":1,"box":[x,y,w,h],"known":true,"name":"Ana","score":0.7123,
 *      "reason":"known","after_ms":95}
 *
 * time: when the frame was captured, UTC; frame: its number since the start; box in pixels of the
 * frame; name null unless known; score: cosine to the nearest person, null if there is no one to
 * compare with or nothing is decided; after_ms: only with identified. The sender may add
 * "dropped" as the last field: how many lines before it were dropped (event_writer.h). */
void app_event_write(FILE *out, const struct app_event *event);

/* Writes the line of a whole frame:
 *
 *     {"v":1,"event":"faces","time":...,"source":...,"frame":7,"size":[1280,720],
 *      "faces":[{"track":1,"box":...,"known":...,"name":...,"score":...,"reason":...}]}
 *
 * with the faces found in it. Missing numbers are frames that were not examined. */
void app_event_write_frame(FILE *out, const char *source, const struct app_result *result);

/* A time of CLOCK_MONOTONIC as RFC 3339 in UTC, with milliseconds. */
void app_event_time(uint64_t monotonic_ns, char text[32]);

/* Does the label have a meaningful score? */
bool app_event_has_score(const struct fid_label *label);

#endif
