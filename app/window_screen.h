/* window_screen.h - SDL: the window, its renderer, the camera's picture as a texture. */
#ifndef APP_WINDOW_SCREEN_H
#define APP_WINDOW_SCREEN_H

#include "app/app.h"
#include "app/overlay.h"

struct app_screen;

/* Opens a resizable window. APP_CAMERA after a sentence when there is no display. */
enum app_exit app_screen_open(struct app_screen **screen);
void app_screen_close(struct app_screen **screen); /* takes NULL */
void app_screen_toggle_full(struct app_screen *screen);

/* Takes over the picture (RGB) for the drawings to come; false: SDL_GetError() says why. */
bool app_screen_picture(struct app_screen *screen, const struct fid_picture *picture);

/* Draws the picture as large as it fits and FILLS *overlay for drawing over it; app_screen_end
 * shows it all. */
void app_screen_begin(struct app_screen *screen, bool mirror, struct app_overlay *overlay);
void app_screen_end(struct app_screen *screen);

/* Writes what is drawn so far as faceid-YYYYMMDD-HHMMSS.png into the current folder; FILLS notice
 * with what to tell the user. */
void app_screen_snapshot(struct app_screen *screen, char *notice, size_t notice_bytes);

#endif
