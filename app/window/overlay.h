/* overlay.h - what is drawn over the camera's picture: boxes with names, a ring while somebody is
 * enrolled, fields of text. */
#ifndef APP_OVERLAY_H
#define APP_OVERLAY_H

#include "app/live/worker.h"
#include "app/window/overlay_text.h"

struct app_overlay {
    SDL_Renderer *renderer;
    struct app_text *text; /* may be NULL: no letters */
    int pixels;            /* height of the letters */
    SDL_Point output;      /* size in pixels */
    SDL_Rect picture;      /* where the camera's picture lies in the output */
    bool mirror;           /* the picture is drawn mirrored */
    int top;               /* where the next field at the top begins */
};

/* Where a face is in the output, `ahead_s` seconds after the frame that it was found in. */
SDL_Rect app_overlay_place(const struct app_overlay *overlay, const struct app_result *result,
                           const struct fid_track *face, double ahead_s);

/* Box and name of a face that is placed there; of a stranger "?". The chosen one has corners. */
void app_overlay_face(const struct app_overlay *overlay, const struct fid_track *face, SDL_Rect box,
                      bool chosen);

/* What stands for a person's name: itself, where fonts are missing its Latin letters, and if it has
 * none of those, the person's number: "#7". */
void app_overlay_name(const struct app_overlay *overlay, const struct fid_label *label, char *out,
                      size_t bytes);

/* A ring around the box, closed up to a share of 0..1. */
void app_overlay_ring(const struct app_overlay *overlay, SDL_Rect box, double share);

/* Lines of text in a dark field: at the top on the left, each field below the one before; at the
 * bottom; in the middle. A line's part behind a tab stands in a second column; lines that are too
 * long for the window go on in the next. An empty list draws nothing. */
enum app_overlay_spot { APP_OVERLAY_TOP, APP_OVERLAY_BOTTOM, APP_OVERLAY_MIDDLE };
void app_overlay_lines(struct app_overlay *overlay, enum app_overlay_spot spot,
                       const char *const *lines, size_t count);

#endif
