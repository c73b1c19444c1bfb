/* complete.h - what may come next on a command line. The shells' completion scripts
 * (app/package) ask with `faceid --complete WORD...`, so that they always match the tables. */
#ifndef APP_COMPLETE_H
#define APP_COMPLETE_H

#include <stdio.h>

/* words: those behind "faceid" up to the cursor, the last one begun ("" before its first
 * letter). Prints a line "word<TAB>what it is" for each that goes on like it, and ":files"
 * where a path may stand. People of the gallery are offered by name where one
 * stands: nothing is said of a gallery that cannot be read, and no passphrase asked for. */
void app_complete(FILE *out, int count, char **words);

#endif
