/* find_model.h - which weight files a run uses. */
#ifndef APP_FIND_MODEL_H
#define APP_FIND_MODEL_H

#include "app/app.h"

enum app_model_kind { APP_RECOGNIZER, APP_DETECTOR };

/* Opens the model of the kind into *model (app->runtime is open). The first of these that exists:
 *   1. --model FILE (the detector: --detector FILE)
 *   2. $FACEID_MODEL ($FACEID_DETECTOR)
 *   3. the folders $XDG_DATA_HOME/faceid/models (or ~/.local/share/...), weights/models beside the
 *      program, ../share/faceid from the program, PREFIX/share/faceid: the first one with a model
 *      of the kind; of several in it the preferred one by file name: vggface2, mobilefacenet,
 *      starter-mobilefacenet, others; detectors: yunet, starter-mtcnn, others.
 * A file that was asked for by name and is missing, damaged or of the other kind is an error, and
 * so is a damaged file that stood before the first good one; none at all: the places where one was
 * looked for and the command that gets one, with what it takes. APP_MODEL after a sentence. */
enum app_exit app_find_model(struct app *app, enum app_model_kind kind, struct fid_model **model);

#endif
