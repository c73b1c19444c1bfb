/* overlay.h - what is drawn over the camera's picture: boxes with names, figures, hints, help. */
#ifndef APP_OVERLAY_H
#define APP_OVERLAY_H

#include "app/overlay_text.h"
#include "app/worker.h"

struct app_overlay {
    SDL_Renderer *renderer;
    struct app_text *text; /* may be NULL: no letters */
    int pixels;            /* height of the letters */
    SDL_Rect picture;      /* where the camera's picture lies in the output */
    bool mirror;           /* the picture is drawn mirrored */
};

/* Boxes around the faces, names (or "?") on them. */
void app_overlay_faces(const struct app_overlay *overlay, const struct app_result *result);

/* Lines of text in a dark field: in a corner of the window or, with_middle, in its middle. An empty
 * line list draws nothing. */
enum app_overlay_place { APP_OVERLAY_TOP, APP_OVERLAY_BOTTOM, APP_OVERLAY_MIDDLE };
void app_overlay_lines(const struct app_overlay *overlay, enum app_overlay_place place,
                       const char *const *lines, size_t count);

#endif
