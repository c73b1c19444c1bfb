/* talk.c - what the program says on stderr, and the exit code that goes with it. */
#include "app/advice.h"
#include "app/app.h"
#include "app/output/text.h"
#include "app/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- exit codes ---- */

const char *app_exit_text(enum app_exit code)
{
    switch (code) {
    case APP_OK:
        return "done; identify: someone is known, verify: the same person";
    case APP_UNKNOWN:
        return "no one is known, or not the same person";
    case APP_USAGE:
        return "wrong command line, or output would replace an input or something that is not a "
               "file";
    case APP_INPUT:
        return "an input cannot be read, or has no face";
    case APP_MODEL:
        return "a model is missing, damaged or of the wrong kind";
    case APP_GALLERY:
        return "the gallery cannot be read or written, a copy or export not written, or there is "
               "no such person";
    case APP_CAMERA:
        return "camera or display";
    case APP_REFUSED:
        return "enrollment refused";
    case APP_LOCKED:
        return "the gallery, or a file that is to be written, is in use by another process";
    case APP_INTERNAL:
        return "internal error, out of memory, or other output could not be written";
    case APP_INTERRUPTED:
        return "interrupted (SIGINT, SIGTERM)";
    }
    return NULL;
}

enum app_exit app_exit_code(enum app_area area, enum fid_status status)
{
    static const enum app_exit of_area[] = {
        [APP_AREA_USAGE] = APP_USAGE,     [APP_AREA_INPUT] = APP_INPUT,
        [APP_AREA_FACES] = APP_INPUT,     [APP_AREA_MODEL] = APP_MODEL,
        [APP_AREA_GALLERY] = APP_GALLERY, [APP_AREA_CAMERA] = APP_CAMERA,
        [APP_AREA_OUTPUT] = APP_INTERNAL,
    };
    switch (status) {
    case FID_OK:
        return APP_OK;
    case FID_NO_MEMORY:
    case FID_INTERNAL:
        return APP_INTERNAL;
    case FID_CORRUPT:
        return area == APP_AREA_FACES ? APP_MODEL : of_area[area];
    case FID_BUSY:
        return area == APP_AREA_GALLERY ? APP_LOCKED : of_area[area];
    case FID_STOPPED:
        return APP_INTERRUPTED;
    case FID_QUALITY:
        return APP_REFUSED;
    case FID_NO_FACE:
        return APP_INPUT;
    case FID_INVALID: /* what stands there is not replaced */
        return area == APP_AREA_OUTPUT ? APP_USAGE : of_area[area];
    default:
        return of_area[area];
    }
}

/* ---- talking ---- */

static char *kept_text; /* NULL: stderr */
static size_t kept_bytes;

void app_talk_into(char *text, size_t bytes)
{
    kept_text = text;
    kept_bytes = bytes;
}

static void put_sentence(FILE *to, const char *text)
{
    fputs("faceid: ", to);
    app_put_visible(to, text);
    fputc('\n', to);
}

static void say(const char *format, va_list args)
{
    char *whole = NULL, *line = NULL, part[512];
    size_t length = 0;
    va_list again;
    if (kept_text != NULL) {
        vsnprintf(kept_text, kept_bytes, format, args);
        return;
    }
    va_copy(again, args);
    if (vasprintf(&whole, format, args) < 0)
        vsnprintf(part, sizeof part, format, again); /* that there is no memory is said as well */
    va_end(again);
    flockfile(stderr); /* the live window talks from several threads */
    app_progress_hide();
    FILE *made = open_memstream(&line, &length); /* two processes may talk to one terminal */
    if (made != NULL)
        put_sentence(made, whole != NULL ? whole : part);
    if (made != NULL && fclose(made) == 0)
        fwrite(line, 1, length, stderr);
    else
        put_sentence(stderr, whole != NULL ? whole : part);
    funlockfile(stderr);
    free(line);
    free(whole);
}

void app_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void app_say(const struct app *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!app->quiet)
        say(format, args);
    va_end(args);
}

void app_detail(const struct app *app, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (app->verbose)
        say(format, args);
    va_end(args);
}

enum app_exit app_fail(enum app_area area, const struct fid_error *error)
{
    const char *advice = area == APP_AREA_GALLERY ? app_advice(error->status) : NULL;
    app_warn("%s%s%s", error->text[0] != '\0' ? error->text : fid_status_text(error->status),
             advice != NULL ? "; " : "", advice != NULL ? advice : "");
    return app_exit_code(area, error->status);
}

enum app_exit app_usage(const struct app *app, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    app_warn("%s (faceid %s --help)", text, app->arguments.verb->name);
    return APP_USAGE;
}

enum app_exit app_check_name(const char *word, char checked[FID_NAME_BYTES])
{
    struct fid_error error;
    if (fid_name_check(word, checked, &error) == FID_OK)
        return APP_OK;
    app_warn("%s (faceid rename --help has the rules for names)", error.text);
    return APP_USAGE;
}
