/* config.h - the user's settings, all of them optional: $XDG_CONFIG_HOME/faceid/config, else
 * ~/.config/faceid/config. Lines "key = value" under a [section]; # and ; begin a comment. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/app.h"

#include <stdio.h>

struct app_setting {
    const char *key, *unit; /* of the number; "": none; or its range: "0..1" */
    const char *help;       /* what it is, one line, no full stop */
    double min, max;
    double *value; /* holds the default before reading */
};

/* Reads the section's settings. A missing file counts as empty; an unknown key is reported with
 * its line and ignored. APP_USAGE after a message if the file cannot be read, or if a number is
 * invalid or out of range. */
enum app_exit app_config_read(const char *section, const struct app_setting *settings,
                              size_t count);

/* Writes the section in the file's form, each setting with its unit and help. */
void app_config_write(FILE *out, const char *section, const struct app_setting *settings,
                      size_t count);

#endif
