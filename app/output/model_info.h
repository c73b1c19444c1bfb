/* model_info.h - prints what a weight file is, as text or JSON. */
#ifndef APP_MODEL_INFO_H
#define APP_MODEL_INFO_H

#include "app/app.h"

/* Prints name, kind, id, origin, licence, sizes, metadata and graphs to stdout, as text or with
 * --json as one object; with --layers the layers of each graph, which is planned for that.
 * APP_MODEL after a message. */
enum app_exit app_model_info_print(const struct app *app, const struct fid_model *model);

/* The start of decision.measured_on if a recognizer's limits are not measured (FORMAT.md). */
#define APP_LIMITS_NOT_MEASURED "limits not measured"
bool app_limits_are_given(const struct fid_model *model);
/* FILLS text with the two commands that measure them. */
void app_limits_advice(const struct fid_model *model, char *text, size_t bytes);
/* Reports in one sentence on stderr if the limits are not measured, and what to do: at the first
 * enrollment into a new gallery. */
void app_tell_given_limits(const struct app *app, const struct fid_model *model);

#endif
