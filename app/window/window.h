/* window.h - the live window. With make SDL=0 it is not in the program. */
#ifndef APP_WINDOW_H
#define APP_WINDOW_H

#include "app/live/live.h"

/* Sets what must be in the environment before a window opens. Call it before any thread starts. */
void app_window_prepare(void);

/* Opens the window and shows the camera with boxes and names until the user closes it (APP_OK), a
 * model or the gallery fails, or there is no display or camera (APP_CAMERA, after a message).
 * For the main thread. */
enum app_exit app_window_run(struct app_live *live);

#endif
