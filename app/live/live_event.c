/* live_event.c - writes an event as one line of JSON. */
#include "app/live/live_event.h"
#include "app/clock.h"
#include "app/output/json.h"

#include <time.h>

const char *app_event_text(enum app_event_kind kind)
{
    static const char *const texts[] = {
        [APP_EVENT_APPEAR] = "appear",
        [APP_EVENT_IDENTIFIED] = "identified",
        [APP_EVENT_LOST] = "lost",
    };
    return texts[kind];
}

void app_event_time(uint64_t monotonic_ns, char text[32])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t wall = (uint64_t)now.tv_sec * APP_NS_PER_S + (uint64_t)now.tv_nsec;
    wall -= app_now_ns() - monotonic_ns;
    time_t seconds = (time_t)(wall / APP_NS_PER_S);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t end = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + end, 32 - end, ".%03uZ", (unsigned)(wall % APP_NS_PER_S / APP_NS_PER_MS));
}

bool app_event_has_score(const struct fid_label *label)
{
    return label->nearest[0] != '\0';
}

static void write_head(struct app_json *json, const char *event, uint64_t captured_ns,
                       const char *source, uint64_t frame)
{
    char time_text[32];
    app_event_time(captured_ns, time_text);
    app_json_open(json, NULL, '{');
    app_json_whole(json, "v", 1);
    app_json_text(json, "event", event);
    app_json_text(json, "time", time_text);
    app_json_text(json, "source", source);
    app_json_whole(json, "frame", (int64_t)frame);
}

static void write_track(struct app_json *json, const struct fid_track *track)
{
    const struct fid_label *label = &track->label;
    const struct fid_box *box = &track->face.box;
    app_json_whole(json, "track", track->id);
    app_json_open(json, "box", '[');
    app_json_number(json, NULL, (double)box->x, 1);
    app_json_number(json, NULL, (double)box->y, 1);
    app_json_number(json, NULL, (double)box->w, 1);
    app_json_number(json, NULL, (double)box->h, 1);
    app_json_close(json, ']');
    app_json_bool(json, "known", label->known);
    app_json_text(json, "name", label->known ? label->name : NULL);
    if (app_event_has_score(label))
        app_json_number(json, "score", (double)label->score, 4);
    else
        app_json_text(json, "score", NULL);
    app_json_text(json, "reason", fid_reason_text(label->reason));
}

void app_event_write(FILE *out, const struct app_event *event)
{
    struct app_json json = app_json_begin(out);
    write_head(&json, app_event_text(event->kind), event->captured_ns, event->source, event->frame);
    write_track(&json, event->track);
    if (event->kind == APP_EVENT_IDENTIFIED)
        app_json_number(&json, "after_ms", event->after_ms, 0);
    app_json_close(&json, '}');
    app_json_line(&json);
}

void app_event_write_frame(FILE *out, const char *source, const struct app_result *result)
{
    struct app_json json = app_json_begin(out);
    write_head(&json, "faces", result->captured_ns, source, result->sequence);
    app_json_open(&json, "size", '[');
    app_json_whole(&json, NULL, result->width);
    app_json_whole(&json, NULL, result->height);
    app_json_close(&json, ']');
    app_json_open(&json, "faces", '[');
    for (size_t i = 0; i < result->count; i++) {
        if (!result->faces[i].seen)
            continue;
        app_json_open(&json, NULL, '{');
        write_track(&json, &result->faces[i]);
        app_json_close(&json, '}');
    }
    app_json_close(&json, ']');
    app_json_close(&json, '}');
    app_json_line(&json);
}
