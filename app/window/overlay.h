/* overlay.h - what is drawn over the camera's picture: boxes with names, the ring of an
 * enrollment, fields of text. */
#ifndef APP_OVERLAY_H
#define APP_OVERLAY_H

#include "app/live/worker.h"
#include "app/window/overlay_text.h"

struct app_overlay {
    SDL_Renderer *renderer;
    struct app_text *text; /* may be NULL: no letters */
    int pixels;            /* height of the letters */
    SDL_Point output;      /* size in pixels */
    SDL_Rect picture;      /* the camera's picture in the output */
    bool mirror;           /* the picture is drawn mirrored */
    int top;               /* where the next field at the top starts */
};

/* Where a face is in the output, `ahead_s` seconds after the frame in which it was found. */
SDL_Rect app_overlay_place(const struct app_overlay *overlay, const struct app_result *result,
                           const struct fid_track *face, double ahead_s);

/* Box and name of a face placed there; "?" for a stranger. The chosen face has corners. */
void app_overlay_face(const struct app_overlay *overlay, const struct fid_track *face, SDL_Rect box,
                      bool chosen);

/* What is shown for a person's name: the name itself; without a font for it, its Latin
 * transcription; without that, the person's number: "#7". */
void app_overlay_name(const struct app_overlay *overlay, const struct fid_label *label, char *out,
                      size_t bytes);

/* A ring around the box, of which the share 0..1 is drawn. */
void app_overlay_ring(const struct app_overlay *overlay, SDL_Rect box, double share);

/* Lines of text in a dark field: at the top left, each field below the previous one; at the
 * bottom; in the middle. The part of a line after a tab goes into a second column; lines too long
 * for the window are wrapped. An empty list draws nothing. */
enum app_overlay_spot { APP_OVERLAY_TOP, APP_OVERLAY_BOTTOM, APP_OVERLAY_MIDDLE };
void app_overlay_lines(struct app_overlay *overlay, enum app_overlay_spot spot,
                       const char *const *lines, size_t count);

#endif
