/* quantize.h - faceid model quantize: makes a smaller, faster model from a model and a folder of
 * pictures, and reports what it cost. */
#ifndef APP_QUANTIZE_QUANTIZE_H
#define APP_QUANTIZE_QUANTIZE_H

#include "app/app.h"

/* The options --pictures, --weights, --keep-f32 or --only (with the words behind FILE) and
 * --output. Do they fit together? APP_USAGE after a sentence. */
enum app_exit app_quantize_check(const struct app *app);
/* Writes the model. APP_INPUT: no picture, or no face in them; APP_MODEL: nothing to
 * quantize, or no such step; APP_INTERNAL: it cannot be written. */
enum app_exit app_quantize(struct app *app, const struct fid_model *model);

#endif
