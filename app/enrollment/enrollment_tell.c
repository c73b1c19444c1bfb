/* enrollment_tell.c - reports which pictures and frames were used for a person, and why the
 * others were not. */
#include "app/enrollment/enrollment_gather.h"
#include "app/output/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that grows up to its capacity. */
struct words {
    char *text;
    size_t bytes, end;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct words *words, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int written = vsnprintf(words->text + words->end, words->bytes - words->end, format, args);
    va_end(args);
    if (written > 0)
        words->end += (size_t)written;
    if (words->end >= words->bytes)
        words->end = words->bytes - 1;
}

/* ---- a photograph ---- */

/* Returns whether it is used, or would be if the person were not refused. */
static bool tell_photo(const struct app *app, const struct app_enrollment *enrollment,
                       const struct app_shot *shot)
{
    char reason[120];
    app_verdict_text(&shot->verdict, reason, sizeof reason);
    bool good = shot->look != APP_NO_LOOK || shot->verdict.reason == APP_GATE_GOOD;
    if (!good)
        app_say(app, "%s is not used: %s", shot->name, reason);
    else if (enrollment->low_quality)
        app_say(app, "%s is used, though %s: there is no better one", shot->name, reason);
    else
        app_detail(app, "%s is good", shot->name);
    return good;
}

/* ---- a clip ---- */

/* The numbers of the clip's frames from..to-1 that have the reason, at most `most` of them. */
static size_t list_frames(const struct app_enrollment *enrollment, size_t from, size_t to,
                          enum app_gate_reason reason, size_t most, char *text, size_t bytes)
{
    struct words words = {text, bytes, 0};
    size_t count = 0;
    text[0] = '\0';
    for (size_t i = from; i < to; i++) {
        const struct app_shot *shot = &enrollment->shots[i];
        if (shot->verdict.reason != reason)
            continue;
        if (count++ < most)
            say(&words, "%s%ld", count > 1 ? ", " : "", shot->frame);
    }
    if (count > most)
        say(&words, " and %zu more", count - most);
    return count;
}

static void tell_clip(const struct app *app, const struct app_enrollment *enrollment, size_t from,
                      size_t to)
{
    enum { SAID = 8, DETAILED = 200 };
    const struct app_shot *shot = &enrollment->shots[from];
    for (int i = APP_GATE_GOOD; i < APP_GATE_REASONS; i++) {
        enum app_gate_reason reason = (enum app_gate_reason)i;
        char frames[1600];
        bool matters =
            reason == APP_GATE_UNLIKE; /* the other reasons are normal among many frames */
        size_t count = list_frames(enrollment, from, to, reason, app->verbose ? DETAILED : SAID,
                                   frames, sizeof frames);
        if (count == 0 || !(matters || app->verbose))
            continue;
        app_say(app, "%.*s, %s %s: %s", (int)shot->file_bytes, shot->name,
                app_plural(count, "frame", "frames"), frames, app_gate_text(reason));
    }
}

size_t app_enrollment_tell(const struct app *app, const struct app_enrollment *enrollment)
{
    size_t unused = 0;
    for (size_t from = 0, to; from < enrollment->shot_count; from = to) {
        const struct app_shot *shot = &enrollment->shots[from];
        for (to = from + 1; shot->frame >= 0 && to < enrollment->shot_count &&
                            enrollment->shots[to].file_bytes == shot->file_bytes &&
                            memcmp(enrollment->shots[to].name, shot->name, shot->file_bytes) == 0;
             to++)
            ;
        if (shot->frame >= 0)
            tell_clip(app, enrollment, from, to);
        else
            unused += !tell_photo(app, enrollment, shot);
    }
    return unused;
}

/* ---- the summary ---- */

void app_enrollment_summary(const struct app_enrollment *enrollment, char *text, size_t bytes)
{
    struct words words = {text, bytes, 0};
    char reasons[400];
    size_t used = 0, photos = 0, total = enrollment->shot_count;
    const char *before = "; ";
    for (size_t i = 0; i < total; i++) {
        used += enrollment->shots[i].look != APP_NO_LOOK;
        photos += enrollment->shots[i].frame < 0;
    }
    if (total == 0)
        say(&words, "there is no picture");
    else
        say(&words, "%zu of %zu %s used", used, total,
            photos == 0       ? app_plural(total, "frame", "frames")
            : photos == total ? app_plural(total, "picture", "pictures")
                              : "pictures and frames");
    if (app_enrollment_reasons(enrollment, reasons, sizeof reasons) > 0) {
        say(&words, "%s%s", before, reasons);
        before = ", ";
    }
    if (enrollment->bad_files > 0)
        say(&words, "%s%zu %s not readable", before, enrollment->bad_files,
            app_plural(enrollment->bad_files, "file", "files"));
}
