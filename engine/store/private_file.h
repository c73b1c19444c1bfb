/* private_file.h - a new file that holds what the gallery holds: 0600 from its first moment, and
 * under its name only when it is whole and on the disk. */
#ifndef FID_STORE_PRIVATE_FILE_H
#define FID_STORE_PRIVATE_FILE_H

#include "engine/base/new_file.h"

/* Of the temporary name. Nobody else's files end so: a forgetting removes what it finds under such
 * a name beside each copy that a gallery names, and a gallery may come from somebody else. */
#define FID_PRIVATE_ENDING ".faceid-part"

struct fid_private_file {    /* zero-initialise */
    struct fid_new_file new; /* while it is there, locked */
    bool replace;
    bool database; /* nobody has its path open: journals of SQLite there are of a file before it */
};

/* Makes an empty file beside path under a temporary name and FILLS *descriptor with it (NULL:
 * SQLite opens it, and has closed it before it is published or discarded); removes what a process
 * that was killed left there. FID_EXISTS: there is a file already that is not to be replaced;
 * FID_BUSY: another process writes one of that path; FID_IO; FID_INVALID, as fid_output_check. */
enum fid_status fid_private_create(const char *path, bool replace, struct fid_private_file *file,
                                   int *descriptor, struct fid_error *error);
/* Would a new database be refused? FID_EXISTS, also for the journal of one that is gone;
 * FID_INVALID, as fid_output_check. */
enum fid_status fid_private_database_may_be_made(const char *path, bool replace,
                                                 struct fid_error *error);
/* Removes what a process that was killed while it wrote that file left beside it, SQLite's journals
 * of it too. FID_IO. */
enum fid_status fid_private_clear(const char *path, struct fid_error *error);
/* Does another process, or this one, write a file of that path just now? */
bool fid_private_is_written(const char *path);
/* Brings the file to the disk and gives it its name. FID_BUSY: somebody has removed it meanwhile;
 * FID_EXISTS: a file has that name, or, to a database, a journal of one that is gone; FID_INVALID,
 * as fid_output_check; FID_IO. */
enum fid_status fid_private_publish(struct fid_private_file *file, struct fid_error *error);
/* Removes a file that was not published. */
void fid_private_discard(struct fid_private_file *file);

#endif
