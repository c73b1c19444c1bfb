/* help.h - what --help prints, made from the tables. */
#ifndef APP_HELP_H
#define APP_HELP_H

#include "app/options.h"

#include <stdio.h>

void app_help(FILE *out);                                   /* of the whole program */
void app_verb_help(FILE *out, const struct app_verb *verb); /* of one verb */
void app_version(FILE *out);

#endif
