/* complete.h - what may come next on a command line. The shells' completion scripts
 * (app/package) ask with `faceid --complete WORD...`, so that they always match the tables. */
#ifndef APP_COMPLETE_H
#define APP_COMPLETE_H

#include <stdio.h>

/* words: those after "faceid" up to the cursor, the last one incomplete ("" before its first
 * letter). Prints a line "word<TAB>what it is" for each completion, and ":files" if a path may
 * follow. */
void app_complete(FILE *out, int count, char **words);

#endif
