/* get_model.h - models by name: `faceid model get`, and what a missing one is told to be got by. */
#ifndef APP_GET_MODEL_H
#define APP_GET_MODEL_H

#include "app/app.h"

/* Becomes weights/get, a Python program beside this one or installed with it, with the words of the
 * command line; returns only where that cannot be started: APP_MODEL after a sentence. */
enum app_exit app_get_model(struct app *app);

/* FILLS text with how the model of this name (of a .fid file, without the ending) is got: command,
 * what it is made of, bytes and checksum of that. group: what the command calls it where it brings
 * several models, or NULL. For a name that weights/SOURCES does not have, the text is "" and the
 * result false. */
bool app_get_advice(const char *name, const char *group, char *text, size_t bytes);

#endif
