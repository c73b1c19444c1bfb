/* private_file.h - a new file that holds what the gallery holds: 0600 from its first moment, and
 * under its name only when it is whole and on the disk. */
#ifndef FID_FACE_PRIVATE_FILE_H
#define FID_FACE_PRIVATE_FILE_H

#include "engine/base/status.h"

#include <limits.h>

struct fid_private_file { /* zero-initialise */
    char path[PATH_MAX], temporary[PATH_MAX];
    bool replace;
};

/* Makes an empty file beside path under a temporary name and FILLS *descriptor with it; removes
 * what a process that was killed left there. FID_EXISTS: there is a file already that is not to be
 * replaced; FID_IO; FID_INVALID: the path is too long. */
enum fid_status fid_private_create(const char *path, bool replace, struct fid_private_file *file,
                                   int *descriptor, struct fid_error *error);
/* Brings the file to the disk and gives it its name. */
enum fid_status fid_private_publish(struct fid_private_file *file, struct fid_error *error);
/* Removes a file that was not published. */
void fid_private_discard(struct fid_private_file *file);

#endif
