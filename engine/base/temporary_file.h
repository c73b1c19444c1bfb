/* temporary_file.h - a new file beside the one that it is to replace in one step, by a rename. */
#ifndef FID_BASE_TEMPORARY_FILE_H
#define FID_BASE_TEMPORARY_FILE_H

#include <stddef.h>
#include <stdio.h>

/* How much longer its name is than the path, the zero included. */
enum { FID_TEMPORARY_BYTES = 32 };

/* Makes it (mode 0666 less the umask) and writes its name to temporary[bytes]: what a run that was
 * killed left behind stays, and is not in the way. NULL with errno set. */
FILE *fid_temporary_open(const char *path, char *temporary, size_t bytes);

#endif
