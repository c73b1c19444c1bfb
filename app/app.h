/* app.h - what every part of the program shares: the state of a run, the exit codes, and how it
 * talks. The verbs (verb_*.c) are short because everything a verb may need is opened here, once, at
 * its first use, and closed at the end of main.
 *
 * Data goes to stdout, talk to stderr. A failed call has already said its sentence. */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/options.h"
#include "engine/fid.h"

#include <stdbool.h>
#include <stddef.h>

/* The program's contract with scripts, documented by `faceid --help` (app_exit_text). */
enum app_exit {
    APP_OK = 0,            /* done; for identify and verify: somebody was known, the same person */
    APP_UNKNOWN = 1,       /* nobody was known, not the same person */
    APP_USAGE = 2,         /* the command line is wrong */
    APP_INPUT = 3,         /* an input cannot be read, or has no face */
    APP_MODEL = 4,         /* a model is missing, damaged or of the wrong kind */
    APP_GALLERY = 5,       /* the gallery cannot be read or written, or has no such person */
    APP_CAMERA = 6,        /* camera or display */
    APP_REFUSED = 7,       /* enrolment refused */
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

struct app {
    struct app_arguments arguments; /* the parsed command line */
    const char *program;            /* argv[0] */
    bool quiet, verbose;
    /* What a verb prefers where the command line is silent; 0: the library's choice. */
    int threads, max_side;
    bool keep_crops;           /* with the faces that are learnt, whatever the settings say */
    double max_fps, embed_fps; /* frames looked at and embeddings made a second, at most */

    /* Opened at first use by the functions below; borrowed by whoever asks. */
    struct fid_runtime *runtime;
    struct fid_model *recognizer, *detector_model;
    struct fid_detector *detector;
    struct fid_embedder *embedder;
    struct fid_gallery *gallery;
    char gallery_path[4096];
    struct fid_secret *secret; /* of a sealed gallery; NULL: none was given (app/secret.h) */
};

/* ---- opening: APP_OK, or the exit code after a sentence on stderr ---- */

enum app_exit app_open_runtime(struct app *app);
/* What it opens the runtime with; borrows from the app. */
struct fid_options app_runtime_options(struct app *app);
/* The recognizer's model file: search order in find_model.h. */
enum app_exit app_open_recognizer(struct app *app);
enum app_exit app_open_detector(struct app *app);
/* batch: how many faces go through the network at once; the first call decides. */
enum app_exit app_open_embedder(struct app *app, int batch);
/* FILLS gallery_path: --gallery, $FACEID_GALLERY, else gallery.db in the user's data folder. */
enum app_exit app_find_gallery(struct app *app);
bool app_others_may_read(const char *path); /* than its owner; false when it is not there */
/* May a gallery that is there be written, and its folder? errno tells why not. */
bool app_may_be_changed(const char *path);
/* flags: FID_GALLERY_*. One that is opened for writing is its owner's alone afterwards; says so
 * when it was not before. With check_model the gallery must be made with the recognizer's model,
 * which is opened for it. A missing file with FID_GALLERY_READ_ONLY is an empty gallery. */
enum app_exit app_open_gallery(struct app *app, unsigned flags, bool check_model);
/* The same, without check_model, for a verb whose first `names` arguments are names of people;
 * FILLS checked with the last one as it is stored. APP_USAGE after a sentence. */
enum app_exit app_open_gallery_for(struct app *app, unsigned flags, int names,
                                   char checked[FID_NAME_BYTES]);
/* Says of a person whose time is over that they are not named any more; of each of the gallery. */
void app_tell_if_expired(const struct app *app, const struct fid_person *person);
void app_tell_expired(const struct app *app);
/* Takes NULLs; leaves the struct ready for nothing but its end. */
void app_close(struct app *app);

/* An environment variable that is set and not empty, else NULL. */
const char *app_environment(const char *name);

/* True from the first SIGINT or SIGTERM on: loops end, finish what they were writing and return
 * APP_INTERRUPTED. The second one ends the process at once, and so does the first within a second
 * (interrupt.h). */
bool app_interrupted(void);
/* How long what waits for others, a reader or a command, still may once interrupted. */
#define APP_LAST_WAIT_MS 300

/* ---- talking ---- */

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
