/* complete.h - what may stand next on a command line: asked by the shells' completion scripts
 * (app/package) with `faceid --complete WORD...`, so that they never know less than the tables. */
#ifndef APP_COMPLETE_H
#define APP_COMPLETE_H

#include <stdio.h>

/* words: those behind "faceid" up to the cursor, the last one begun ("" before its first letter).
 * Prints a line "word<TAB>what it is" for each that goes on like it, and ":files" where a path may
 * stand. */
void app_complete(FILE *out, int count, char **words);

#endif
