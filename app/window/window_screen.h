/* window_screen.h - SDL: the window, its renderer, the camera's picture as a texture. */
#ifndef APP_WINDOW_SCREEN_H
#define APP_WINDOW_SCREEN_H

#include "app/app.h"
#include "app/live/mailbox.h"
#include "app/window/overlay.h"

struct app_screen;

/* Starts SDL on a display; false: SDL_GetError() says why there is none. */
bool app_screen_start(void);

/* Opens a resizable window. APP_CAMERA after a message if there is no display. */
enum app_exit app_screen_open(const struct app *app, struct app_screen **screen);
void app_screen_close(struct app_screen **screen); /* takes NULL */
void app_screen_toggle_full(struct app_screen *screen);

/* Uploads the frame's pixels in their own format for the next drawings, mirrored or not; the
 * first frame sets the window's size. False: SDL_GetError() says why. */
bool app_screen_picture(struct app_screen *screen, const struct app_live_frame *frame, bool mirror);

/* Draws the picture as large as fits, and FILLS *overlay for drawing over it; app_screen_end
 * shows the result. */
void app_screen_begin(struct app_screen *screen, bool mirror, struct app_overlay *overlay);
void app_screen_end(struct app_screen *screen);

/* Makes a part of the drawn picture (in pixels of the output) unrecognizable. */
void app_screen_blur(struct app_screen *screen, const struct app_overlay *overlay, SDL_Rect part);

/* FILLS *picture with what is drawn so far. */
enum fid_status app_screen_read(struct app_screen *screen, struct fid_picture *picture,
                                struct fid_error *error);

#endif
