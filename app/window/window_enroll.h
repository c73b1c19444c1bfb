/* window_enroll.h - enrolls a face of the window: collects good frames, then asks for the name. */
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
    struct app_learn learn; /* as the worker reports it */
    bool begun;             /* the worker has it; before, it reports an older enrollment */
    struct app_field field;
    char known[FID_NAME_BYTES]; /* the name that the face already has; "": none */
    uint64_t request;
    char error[504];  /* why the name was refused; "": not refused so far */
    char notice[504]; /* to show once when it is over; "": nothing */
};

/* Starts with the face; a known person gets more faces. */
void app_enroll_start(struct app_enroll *enroll, const struct fid_track *face);

/* Takes over the worker's progress; true if the window must be drawn again. */
bool app_enroll_update(struct app_enroll *enroll);

/* True if the event was for the enrollment: everything typed while it asks for the name, and
 * Escape at any time. */
bool app_enroll_event(struct app_enroll *enroll, const SDL_Event *event);

/* FILLS lines[3] of 600 bytes each with the text to show; returns how many. */
size_t app_enroll_lines(const struct app_enroll *enroll, char lines[3][600]);

void app_enroll_cancel(struct app_enroll *enroll);

#endif
