/* get_model.h - models by name: `faceid model get`, and the advice how to get a missing one. */
#ifndef APP_GET_MODEL_H
#define APP_GET_MODEL_H

#include "app/app.h"

/* Becomes weights/get, a Python program beside this one or installed with it, with the words of the
 * command line; returns only if that cannot be started: APP_MODEL after a message. */
enum app_exit app_get_model(struct app *app);

/* FILLS text with how the model of this name (of a .fid file, without the ending) is fetched:
 * command, source, and its size and checksum. group: the command's name for a set of models, or
 * NULL. For a name that is not in weights/SOURCES the text is "" and the result false. */
bool app_get_advice(const char *name, const char *group, char *text, size_t bytes);

#endif
