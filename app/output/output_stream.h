/* output_stream.h - files that are written bit by bit while the program runs: events and times. */
#ifndef APP_OUTPUT_STREAM_H
#define APP_OUTPUT_STREAM_H

#include "app/app.h"

#include <stdio.h>

/* Opens path ("-": stdout) for what is written bit by bit: a file, made 0600, a pipe, a terminal or
 * another device of characters. append: behind what a file holds; else in its place. what: in
 * sentences. APP_USAGE after a sentence: the gallery, a folder, a block device, or a symbolic link
 * to a file (one to a pipe or terminal, as /dev/stdout or >(command) of a shell, is followed, and
 * so is what the caller has opened already); APP_INTERNAL: it cannot be opened. */
enum app_exit app_open_stream(const struct app *app, const char *path, const char *what,
                              bool append, FILE **stream);

#endif
