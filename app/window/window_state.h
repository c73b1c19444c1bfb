/* window_state.h - what the files of the window share. */
#ifndef APP_WINDOW_STATE_H
#define APP_WINDOW_STATE_H

#include "app/live/live.h"
#include "app/window/window_enroll.h"
#include "app/window/window_screen.h"
#include "app/window/window_snapshot.h"
#include "app/window/window_stats.h"

enum app_key {
#define APP_KEY(action, character, name, does) APP_KEY_##action,
#include "app/key_table.h"
#undef APP_KEY
    APP_KEY_COUNT
};

struct app_window {
    struct app_live *live;
    struct app_worker *worker;
    struct app_screen *screen;
    struct app_feed_status feed;
    struct app_enroll enroll;
    struct app_snapshot snapshot;
    struct app_stats stats;
    FILE *times; /* where the times go at the end; NULL: nowhere */

    struct app_result result;            /* the newest; sequence 0: none yet */
    uint64_t shown, captured_ns, missed; /* the picture on the screen; frames never drawn */
    int width, height;                   /* of it; 0: none yet */
    bool fresh_picture, new_faces;       /* not drawn yet */
    uint64_t drawn_ns;                   /* last drawing */
    double drawing_ms;                   /* what it took, smoothed */

    uint64_t second_ns; /* start of the second being counted */
    int frames_in_second;
    double fps;
    char figures[3][96]; /* as of figures_ns: thirty a second could not be read */
    uint64_t figures_ns;

    uint32_t chosen; /* track; 0: the largest face */
    char notice[600];
    uint64_t notice_ns;
    char lost[600];
    size_t people; /* in the previous result, to notice people enrolled meanwhile */
    bool paused, help, with_figures, mirror, blur, explain, take_snapshot, quit, changed;
};

/* ---- window_keys.c ---- */

void app_window_events(struct app_window *window);
void app_window_notice(struct app_window *window, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- window_faces.c ---- */

/* Faces belong on a picture only if they were seen in it or shortly before, and only while the
 * picture is fresh: a camera that hangs must not keep naming people. */
bool app_window_is_fresh(const struct app_window *window);

/* The chosen face, otherwise the largest; NULL if there is none. */
const struct fid_track *app_window_face(const struct app_window *window);
void app_window_next_face(struct app_window *window); /* from the left to the right */

/* Draws boxes, names, the blur and the enrollment's ring over the picture. */
void app_window_draw_faces(const struct app_window *window, const struct app_overlay *overlay);

/* ---- window_draw.c ---- */

void app_window_draw(struct app_window *window);

#endif
