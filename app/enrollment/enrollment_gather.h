/* enrollment_gather.h - looks for one person's faces in pictures, folders and clips. */
#ifndef APP_ENROLLMENT_GATHER_H
#define APP_ENROLLMENT_GATHER_H

#include "app/enrollment/enrollment.h"
#include "app/input/source.h"
#include "app/progress.h"

struct app_gatherer {
    struct app *app; /* its detector and embedder are open */
    struct app_gate gate;
    struct app_clip_options clip;
    struct app_progress progress;
    enum fid_crop crop;
    bool force;       /* also embed frames that are not good enough */
    float *embedding; /* [size]; owned */
    size_t size;
};

/* Opens the models and reads the limits. Reports its errors. */
enum app_exit app_gatherer_open(struct app *app, struct app_gatherer *gatherer);
void app_gatherer_close(struct app_gatherer *gatherer);

/* Adds the faces of everything that the paths name. A file that cannot be read is reported, counted
 * and skipped. */
enum app_exit app_gather(struct app_gatherer *gatherer, char *const *paths, size_t count,
                         struct app_enrollment *enrollment);

/* ---- what became of it (enrollment_tell.c) ---- */

/* Reports which photographs are not used and why, which frames show another person, and with
 * -v everything about every file. Returns how many photographs are not used. */
size_t app_enrollment_tell(const struct app *app, const struct app_enrollment *enrollment);

/* FILLS text with "41 of 63 frames used; 12 blurred, 7 turned away, 1 file not readable". */
void app_enrollment_summary(const struct app_enrollment *enrollment, char *text, size_t bytes);

#endif
