/* window_enrol.h - a face of the window becomes a person: good frames are collected, then the name
 * is asked for. */
#ifndef APP_WINDOW_ENROL_H
#define APP_WINDOW_ENROL_H

#include "app/live/worker.h"
#include "app/window/window_field.h"

enum app_enrol_stage { APP_ENROL_IDLE, APP_ENROL_COLLECTING, APP_ENROL_NAMING, APP_ENROL_SAVING };

struct app_enrol {
    struct app_worker *worker; /* borrowed */
    enum app_enrol_stage stage;
    struct app_learn learn; /* as the worker says */
    bool begun;             /* the worker has; before, it tells of an older enrolment */
    struct app_field field;
    char known[FID_NAME_BYTES]; /* the name that the face has already; "": none */
    uint64_t request;
    char error[504];  /* why the name was not taken; "": no reason so far */
    char notice[504]; /* to tell once when it is over; "": nothing */
};

/* Begins with the face, of somebody known to know them better. */
void app_enrol_start(struct app_enrol *enrol, const struct fid_track *face);

/* Takes over how far the worker is; true if the window is to be drawn anew. */
bool app_enrol_update(struct app_enrol *enrol);

/* True if the event was for the enrolment: everything typed while the name is asked for, and Escape
 * while it is going on. */
bool app_enrol_event(struct app_enrol *enrol, const SDL_Event *event);

/* FILLS lines[3] of 600 bytes each with what to show; returns how many. */
size_t app_enrol_lines(const struct app_enrol *enrol, char lines[3][600]);

void app_enrol_cancel(struct app_enrol *enrol);

#endif
