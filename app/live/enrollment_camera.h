/* enrollment_camera.h - `faceid enroll NAME --camera CAMERA`: what the window's key e does, without
 * a window. */
#ifndef APP_ENROLLMENT_CAMERA_H
#define APP_ENROLLMENT_CAMERA_H

#include "app/app.h"

/* Collects good frames of the most prominent face for at most --seconds, and saves them as
 * `name` with these terms. Prints hints meanwhile. */
enum app_exit app_enroll_camera(struct app *app, const char *name, const struct fid_terms *terms);

#endif
