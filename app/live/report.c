/* report.c - turns labels into events, and sends them to the event stream, the command and the
 * record folder. */
#include "app/live/report.h"
#include "app/clock.h"
#include "app/live/event_writer.h"
#include "app/live/hook.h"
#include "app/output/draw.h"
#include "app/output/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct app_report {
    struct app_report_options options;
    struct app_event_writer *writer; /* NULL: no events were requested, or their reader has gone */
    bool ending;
    struct app_hook *hook;
    struct app_drawing drawing;
    char stamp[24]; /* when the run began; starts the pictures' names */
    char source[320];
    uint64_t frame;                            /* of the last one */
    struct fid_track told[FID_TRACKS_MAX + 1]; /* the tracks that have appeared, as last seen */
    size_t told_count;
};

enum app_exit app_report_open(const struct app_report_options *options, struct app_report **report)
{
    struct app_report *opened = calloc(1, sizeof *opened);
    struct fid_error error;
    enum app_exit code = APP_OK;
    *report = opened;
    if (opened == NULL) {
        app_warn("no memory for events");
        return APP_INTERNAL;
    }
    opened->options = *options;
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(opened->stamp, sizeof opened->stamp, "%Y%m%dT%H%M%SZ", &utc);
    if (options->folder != NULL &&
        app_drawing_open(options->folder, NULL, 0, &opened->drawing, &error) != FID_OK)
        code = app_fail(APP_AREA_OUTPUT, &error);
    if (code == APP_OK && options->command != NULL)
        code = app_hook_open(options->command, &opened->hook);
    if (code == APP_OK && options->events != NULL &&
        (opened->writer = app_event_writer_open(fileno(options->events))) == NULL) {
        app_warn("no memory for events");
        code = APP_INTERNAL;
    }
    if (code != APP_OK)
        app_report_close(report);
    return code;
}

void app_report_close(struct app_report **report)
{
    if (*report == NULL)
        return;
    app_event_writer_close(&(*report)->writer);
    app_hook_close(&(*report)->hook);
    app_drawing_close(&(*report)->drawing);
    free(*report);
    *report = NULL;
}

bool app_report_is_heard(const struct app_report *report)
{
    const bool written = report->writer != NULL && app_event_writer_error(report->writer) == 0;
    return written || report->hook != NULL || report->options.folder != NULL;
}

/* ---- lines ---- */

/* A line is built in memory and handed over whole. */
struct line {
    FILE *out;
    char *text;
    size_t size;
};

static enum app_exit begin_line(struct line *line)
{
    *line = (struct line){0};
    line->out = open_memstream(&line->text, &line->size);
    if (line->out != NULL)
        return APP_OK;
    app_warn("no memory for an event");
    return APP_INTERNAL;
}

/* Errors that the writer met meanwhile. A reader that closed its end is not an error. */
static enum app_exit look_at_writer(struct app_report *report)
{
    const int reason = report->writer != NULL ? app_event_writer_error(report->writer) : 0;
    if (reason == 0)
        return APP_OK;
    app_event_writer_close(&report->writer);
    if (reason == EPIPE)
        return APP_OK;
    app_warn("the events could not be written: %s", strerror(reason));
    return APP_INTERNAL;
}

static enum app_exit send_line(struct app_report *report, struct line *line)
{
    const bool good = fclose(line->out) == 0;
    if (good)
        app_event_writer_put(report->writer, line->text, line->size, report->ending);
    free(line->text);
    if (good)
        return look_at_writer(report);
    app_warn("no memory for an event");
    return APP_INTERNAL;
}

static enum app_exit send_event(struct app_report *report, const struct app_event *event)
{
    struct line line;
    if (report->writer == NULL)
        return APP_OK;
    enum app_exit code = begin_line(&line);
    if (code != APP_OK)
        return code;
    app_event_write(line.out, event);
    return send_line(report, &line);
}

static enum app_exit send_frame(struct app_report *report, const struct app_result *result)
{
    struct line line;
    if (report->writer == NULL || !report->options.frames)
        return APP_OK;
    enum app_exit code = begin_line(&line);
    if (code != APP_OK)
        return code;
    app_event_write_frame(line.out, report->source, result);
    return send_line(report, &line);
}

/* ---- commands ---- */

static void run_command(struct app_report *report, const struct app_event *event)
{
    enum { COUNT = 10, BYTES = 400 };
    const struct fid_track *track = event->track;
    const struct fid_label *label = &track->label;
    const struct fid_box *box = &track->face.box;
    char texts[COUNT][BYTES], time_text[32];
    const char *variables[COUNT];
    if (report->hook == NULL)
        return;
    app_event_time(event->captured_ns, time_text);
    snprintf(texts[0], BYTES, "FACEID_EVENT=%s", app_event_text(event->kind));
    snprintf(texts[1], BYTES, "FACEID_TIME=%s", time_text);
    snprintf(texts[2], BYTES, "FACEID_SOURCE=%s", event->source);
    snprintf(texts[3], BYTES, "FACEID_FRAME=%llu", (unsigned long long)event->frame);
    snprintf(texts[4], BYTES, "FACEID_TRACK=%lu", (unsigned long)track->id);
    snprintf(texts[5], BYTES, "FACEID_BOX=%.1f %.1f %.1f %.1f", (double)box->x, (double)box->y,
             (double)box->w, (double)box->h);
    snprintf(texts[6], BYTES, "FACEID_KNOWN=%d", label->known);
    snprintf(texts[7], BYTES, "FACEID_NAME=%s", label->name);
    snprintf(texts[8], BYTES, "FACEID_SCORE=");
    if (app_event_has_score(label))
        snprintf(texts[8], BYTES, "FACEID_SCORE=%.4f", (double)label->score);
    snprintf(texts[9], BYTES, "FACEID_REASON=%s", fid_reason_text(label->reason));
    for (size_t i = 0; i < COUNT; i++)
        variables[i] = texts[i];
    app_hook_run(report->hook, variables, COUNT);
}

/* ---- tracks ---- */

static enum app_exit tell(struct app_report *report, const struct app_result *result,
                          enum app_event_kind kind, const struct fid_track *track)
{
    struct app_event event = {.kind = kind,
                              .captured_ns = result->captured_ns,
                              .frame = report->frame,
                              .source = report->source,
                              .track = track};
    if (result->done_ns > track->first_ns)
        event.after_ms = (double)(result->done_ns - track->first_ns) / (double)APP_NS_PER_MS;
    run_command(report, &event);
    return send_event(report, &event);
}

/* The track's index, or count if it is not there. */
static size_t find(const struct fid_track *tracks, size_t count, uint32_t id)
{
    size_t i = 0;
    while (i < count && tracks[i].id != id)
        i++;
    return i;
}

static enum app_exit tell_lost(struct app_report *report, const struct app_result *result)
{
    enum app_exit code = APP_OK;
    size_t kept = 0;
    for (size_t i = 0; i < report->told_count; i++) {
        if (find(result->faces, result->count, report->told[i].id) < result->count)
            report->told[kept++] = report->told[i];
        else if (code == APP_OK)
            code = tell(report, result, APP_EVENT_LOST, &report->told[i]);
    }
    report->told_count = kept;
    return code;
}

static bool is_news(const struct fid_track *told, const struct fid_track *now)
{
    return now->state != FID_TRACK_NEW &&
           (told->state != now->state || strcmp(told->label.name, now->label.name) != 0);
}

/* Reports the track's appearance and decision if they are new; sets *news at a decision. Nothing
 * new is reported of a face that is missing in this frame: it may be gone. */
static enum app_exit tell_track(struct app_report *report, const struct app_result *result,
                                const struct fid_track *track, bool *news)
{
    struct fid_track *told = &report->told[find(report->told, report->told_count, track->id)];
    bool appears = told == &report->told[report->told_count];
    enum app_exit code = APP_OK;
    if (!track->seen || (appears && (!track->confirmed || report->told_count == FID_TRACKS_MAX)))
        return APP_OK;
    if (appears) {
        report->told_count++;
        *told = *track;
        told->state = FID_TRACK_NEW;
        told->label = (struct fid_label){.reason = FID_REASON_UNDECIDED};
        code = tell(report, result, APP_EVENT_APPEAR, told);
    }
    bool decided = is_news(told, track);
    *told = *track;
    *news = *news || decided;
    return decided && code == APP_OK ? tell(report, result, APP_EVENT_IDENTIFIED, track) : code;
}

/* ---- pictures ---- */

static enum app_exit record(struct app_report *report, const struct app_live_frame *frame,
                            const struct app_result *result)
{
    struct fid_face faces[FID_TRACKS_MAX];
    struct fid_label labels[FID_TRACKS_MAX];
    struct fid_picture picture;
    struct fid_error error;
    char name[64];
    size_t count = 0;
    for (size_t i = 0; i < result->count; i++)
        if (result->faces[i].seen) {
            faces[count] = result->faces[i].face;
            labels[count++] = result->faces[i].label;
        }
    snprintf(name, sizeof name, "%s-%08llu", report->stamp, (unsigned long long)result->sequence);
    if (app_frame_rgb(frame, &picture, &error) != FID_OK ||
        app_draw_picture(&report->drawing, &picture, name, faces, labels, count, &error) != FID_OK)
        return app_fail(APP_AREA_OUTPUT, &error);
    return APP_OK;
}

/* ---- a frame ---- */

enum app_exit app_report_seen(struct app_report *report, const char *source,
                              const struct app_live_frame *frame, const struct app_result *result)
{
    bool news = false;
    enum app_exit code;
    snprintf(report->source, sizeof report->source, "%s", source);
    report->frame = result->sequence;
    code = tell_lost(report, result);
    for (size_t i = 0; i < result->count && code == APP_OK; i++)
        code = tell_track(report, result, &result->faces[i], &news);
    if (frame != NULL && code == APP_OK)
        code = send_frame(report, result);
    if (news && frame != NULL && report->options.folder != NULL && code == APP_OK)
        code = record(report, frame, result);
    if (report->hook != NULL)
        app_hook_poll(report->hook);
    return code;
}

enum app_exit app_report_end(struct app_report *report)
{
    const struct app_result nobody = {.captured_ns = app_now_ns()};
    report->ending = true;
    enum app_exit code = tell_lost(report, &nobody);
    if (report->writer == NULL)
        return code;
    const size_t left_out = app_event_writer_drain(report->writer);
    const enum app_exit written = look_at_writer(report);
    if (report->writer != NULL && left_out > 0)
        app_warn("%zu %s dropped: their reader is too slow", left_out,
                 app_plural(left_out, "event was", "events were"));
    return code == APP_OK ? written : code;
}
