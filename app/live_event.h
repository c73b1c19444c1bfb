/* live_event.h - what the live program tells other programs: one JSON object a line. */
#ifndef APP_LIVE_EVENT_H
#define APP_LIVE_EVENT_H

#include "app/worker.h"

#include <stdio.h>

/* Writes the faces of one frame:
 *
 *     {"v":1,"time":"2026-11-24T00:12:03.456Z","camera":"/dev/video0","frame":7,"size":[1280,720],
 *      "faces":[{"box":[x,y,w,h],"known":true,"name":"Ana","score":0.71,"reason":"known"}]}
 *
 * time: when the frame was captured, UTC; frame: its number since the start, gaps are frames that
 * were not looked at; box in pixels of the frame; name null unless known; score: cosine to the
 * nearest person, null for an empty gallery. */
void app_event_write(FILE *out, const char *camera, const struct app_result *result);

#endif
