/* talk.h - exit codes, and the sentences on stderr that explain them.
 *
 * Data goes to stdout, talk to stderr. A failed call has already said its sentence. */
#ifndef APP_TALK_H
#define APP_TALK_H

#include "engine/fid.h"

#include <stddef.h>

struct app;

/* The program's contract with scripts, documented by `faceid --help` (app_exit_text). */
enum app_exit {
    APP_OK = 0,            /* done; identify: someone is known; verify: the same person */
    APP_UNKNOWN = 1,       /* no one is known, or not the same person */
    APP_USAGE = 2,         /* the command line is wrong */
    APP_INPUT = 3,         /* an input cannot be read, or has no face */
    APP_MODEL = 4,         /* a model is missing, damaged or of the wrong kind */
    APP_GALLERY = 5,       /* the gallery cannot be read or written, or has no such person */
    APP_CAMERA = 6,        /* camera or display */
    APP_REFUSED = 7,       /* enrollment refused */
    APP_LOCKED = 8,        /* the gallery is locked by another process */
    APP_INTERNAL = 70,     /* out of memory, output not written, or a bug */
    APP_INTERRUPTED = 130, /* SIGINT or SIGTERM */
};

/* The exit code in words, for help and manual; NULL for a number that is not one of them. */
const char *app_exit_text(enum app_exit code);

/* What a failed call was about: decides the exit code together with its status. */
enum app_area {
    APP_AREA_USAGE,
    APP_AREA_INPUT,
    APP_AREA_FACES, /* finding and embedding: damage is the model's, all else the picture's */
    APP_AREA_MODEL,
    APP_AREA_GALLERY,
    APP_AREA_CAMERA,
    APP_AREA_OUTPUT
};

enum app_exit app_exit_code(enum app_area area, enum fid_status status);

/* One sentence on stderr after "faceid: ", control characters made visible. app_warn: always;
 * app_say: not with --quiet; app_detail: only with -v. */
void app_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void app_say(const struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));
void app_detail(const struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Until it is called with NULL, what the three above would say goes into text, the last sentence
 * only. For the main thread, while it is alone. */
void app_talk_into(char *text, size_t bytes);

/* FILLS checked with a name as it is stored. APP_USAGE after a sentence. */
enum app_exit app_check_name(const char *word, char checked[FID_NAME_BYTES]);

/* Prints the error's sentence and gives the exit code for it. */
enum app_exit app_fail(enum app_area area, const struct fid_error *error);
/* Prints the sentence and "try faceid VERB --help"; gives APP_USAGE. */
enum app_exit app_usage(const struct app *app, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
