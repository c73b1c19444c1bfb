/* app.h - what every part of the program shares: the state of a run. The verbs (verb_*.c) are short
 * because everything a verb may need is opened here, once, at its first use, and closed at the end
 * of main. */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/options.h"
#include "app/talk.h"

struct app {
    struct app_arguments arguments; /* the parsed command line */
    const char *program;            /* argv[0] */
    bool quiet, verbose;
    bool log; /* what the library chooses and why: -v twice, FID_VERBOSE */
    /* A verb's defaults for what the command line leaves open; 0: the library's choice. */
    int threads, max_side;
    bool keep_crops;           /* keep crops of enrolled faces, even if the settings do not */
    double max_fps, embed_fps; /* most frames examined and embeddings made per second */

    /* Opened at first use by the functions below; callers borrow them. */
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
/* The options for opening the runtime; borrows from the app. */
struct fid_options app_runtime_options(struct app *app);
/* The recognizer's model file: search order in find_model.h. */
enum app_exit app_open_recognizer(struct app *app);
enum app_exit app_open_detector(struct app *app);
/* batch: how many faces go through the network at once; the first call decides. */
enum app_exit app_open_embedder(struct app *app, int batch);
/* FILLS gallery_path: --gallery, $FACEID_GALLERY or gallery.db in the user's data folder. It may be
 * the address of a server. */
enum app_exit app_find_gallery(struct app *app);
bool app_on_server(const char *path); /* a gallery that is no file */
/* What --plain-server says, for fid_gallery_open. */
unsigned app_gallery_flags(const struct app *app);
bool app_others_may_read(const char *path); /* than its owner; false if it does not exist */
/* Are an existing gallery and its folder writable? errno says why not. */
bool app_may_be_changed(const char *path);
/* flags: FID_GALLERY_*. One that is opened for writing becomes private to its owner; reports it
 * if it was not. With check_model the gallery must be made with the recognizer's model,
 * which is opened for it. A missing file with FID_GALLERY_READ_ONLY is an empty gallery. */
enum app_exit app_open_gallery(struct app *app, unsigned flags, bool check_model);
/* The same, without check_model, for a verb whose first `names` arguments are names of people;
 * FILLS checked with the last one as it is stored. APP_USAGE after a message. */
enum app_exit app_open_gallery_for(struct app *app, unsigned flags, int names,
                                   char checked[FID_NAME_BYTES]);
/* Reports that a person past their last day is no longer named; the same for all of the gallery. */
void app_tell_if_expired(const struct app *app, const struct fid_person *person);
void app_tell_expired(const struct app *app);
/* Takes NULLs; leaves the struct ready for nothing but its end. */
void app_close(struct app *app);

/* True from the first SIGINT or SIGTERM on: loops end, finish what they were writing and return
 * APP_INTERRUPTED. The second one ends the process at once, and so does the first within a
 * second (interrupt.h). */
bool app_interrupted(void);
/* How long waiting for a reader or a command may continue after an interruption. */
#define APP_LAST_WAIT_MS 300

#endif
