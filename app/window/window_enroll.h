/* window_enroll.h - a face of the window becomes a person: good frames are collected, then the name
 * is asked for. */
#ifndef APP_WINDOW_ENROLL_H
#define APP_WINDOW_ENROLL_H

#include "app/live/worker.h"
#include "app/window/window_field.h"

enum app_enroll_stage {
    APP_ENROLL_IDLE,
    APP_ENROLL_COLLECTING,
    APP_ENROLL_NAMING,
    APP_ENROLL_SAVING
};

struct app_enroll {
    struct app_worker *worker; /* borrowed */
    enum app_enroll_stage stage;
    struct app_learn learn; /* as the worker says */
    bool begun;             /* the worker has; before, it tells of an older enrollment */
    struct app_field field;
    char known[FID_NAME_BYTES]; /* the name that the face has already; "": none */
    uint64_t request;
    char error[504];  /* why the name was not taken; "": no reason so far */
    char notice[504]; /* to tell once when it is over; "": nothing */
};

/* Begins with the face, of somebody known to know them better. */
void app_enroll_start(struct app_enroll *enroll, const struct fid_track *face);

/* Takes over how far the worker is; true if the window is to be drawn anew. */
bool app_enroll_update(struct app_enroll *enroll);

/* True if the event was for the enrollment: everything typed while the name is asked for, and
 * Escape while it is going on. */
bool app_enroll_event(struct app_enroll *enroll, const SDL_Event *event);

/* FILLS lines[3] of 600 bytes each with what to show; returns how many. */
size_t app_enroll_lines(const struct app_enroll *enroll, char lines[3][600]);

void app_enroll_cancel(struct app_enroll *enroll);

#endif
