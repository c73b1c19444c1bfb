/* model_info.h - says what a weight file is, for people and for programs. */
#ifndef APP_MODEL_INFO_H
#define APP_MODEL_INFO_H

#include "app/app.h"

/* Prints name, kind, id, origin, licence, sizes, metadata and graphs to stdout, as text or with
 * --json as one object; with --layers the layers of each graph, for which it is planned. APP_MODEL
 * after a sentence. */
enum app_exit app_model_info_print(const struct app *app, const struct fid_model *model);

/* How decision.measured_on begins where a recognizer's limits are not measured (FORMAT.md). */
#define APP_LIMITS_NOT_MEASURED "limits not measured"
bool app_limits_are_given(const struct fid_model *model);
/* FILLS text with the two commands that measure them. */
void app_limits_advice(const struct fid_model *model, char *text, size_t bytes);
/* Says so, and what to do, in one sentence on stderr, where it is so: at the first enrollment into
 * a new gallery. */
void app_tell_given_limits(const struct app *app, const struct fid_model *model);

#endif
