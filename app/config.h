/* config.h - the user's settings, all of them optional: $XDG_CONFIG_HOME/faceid/config, else
 * ~/.config/faceid/config. Lines "key = value" under a [section]; # and ; begin a comment. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "app/app.h"

#include <stdio.h>

struct app_setting {
    const char *key, *unit; /* of the number; "" where it has none; or its range: "0..1" */
    const char *help;       /* what it is, one line, no full stop */
    double min, max;
    double *value; /* holds the default before reading */
};

/* Reads the section's settings. A file that is not there is an empty one; a key that nobody knows
 * is told with its line and passed over. APP_USAGE after a sentence when the file cannot be read or
 * a number is none or out of its range. */
enum app_exit app_config_read(const char *section, const struct app_setting *settings,
                              size_t count);

/* Writes the section as it could stand in the file, each setting with its unit and help. */
void app_config_write(FILE *out, const char *section, const struct app_setting *settings,
                      size_t count);

#endif
