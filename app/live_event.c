#include "app/live_event.h"
#include "app/json.h"
#include "app/live_clock.h"

#include <time.h>

/* RFC 3339 in UTC of a moment of the monotonic clock, with milliseconds. */
static void utc_text(uint64_t monotonic_ns, char *text, size_t bytes)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t wall = (uint64_t)now.tv_sec * APP_NS_PER_S + (uint64_t)now.tv_nsec;
    wall -= app_now_ns() - monotonic_ns;
    time_t seconds = (time_t)(wall / APP_NS_PER_S);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char day[32];
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, bytes, "%s.%03uZ", day, (unsigned)(wall % APP_NS_PER_S / APP_NS_PER_MS));
}

static void write_face(struct app_json *json, const struct fid_track *face)
{
    const struct fid_label *label = &face->label;
    app_json_open(json, NULL, '{');
    app_json_open(json, "box", '[');
    app_json_number(json, NULL, (double)face->face.box.x, 1);
    app_json_number(json, NULL, (double)face->face.box.y, 1);
    app_json_number(json, NULL, (double)face->face.box.w, 1);
    app_json_number(json, NULL, (double)face->face.box.h, 1);
    app_json_close(json, ']');
    app_json_bool(json, "known", label->known);
    app_json_text(json, "name", label->known ? label->name : NULL);
    if (label->nearest[0] != '\0')
        app_json_number(json, "score", (double)label->score, 4);
    else
        app_json_text(json, "score", NULL);
    app_json_text(json, "reason", fid_reason_text(label->reason));
    app_json_close(json, '}');
}

void app_event_write(FILE *out, const char *camera, const struct app_result *result)
{
    char time_text[64];
    utc_text(result->captured_ns, time_text, sizeof time_text);
    struct app_json json = app_json_begin(out);
    app_json_open(&json, NULL, '{');
    app_json_whole(&json, "v", 1);
    app_json_text(&json, "time", time_text);
    app_json_text(&json, "camera", camera);
    app_json_whole(&json, "frame", (int64_t)result->sequence);
    app_json_open(&json, "size", '[');
    app_json_whole(&json, NULL, result->width);
    app_json_whole(&json, NULL, result->height);
    app_json_close(&json, ']');
    app_json_open(&json, "faces", '[');
    for (size_t i = 0; i < result->count; i++)
        write_face(&json, &result->faces[i]);
    app_json_close(&json, ']');
    app_json_close(&json, '}');
    app_json_line(&json);
}
