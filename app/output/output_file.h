/* output_file.h - where a run writes. Whole files are written by fid_output (fid.h), streams
 * by output_stream.h. What a run makes is private to its owner, and no umask changes that; an existing
 * folder or stream keeps its mode. */
#ifndef APP_OUTPUT_FILE_H
#define APP_OUTPUT_FILE_H

#include "engine/fid.h"

/* Do both exist, and are they the same file? */
bool app_is_same_file(const char *a, const char *b);

/* Is the path that gallery, or one of SQLite's files beside it? */
bool app_is_gallery_file(const char *path, const char *gallery);

/* Makes the folder (0700) if it is missing. FID_IO. */
enum fid_status app_make_folder(const char *folder, struct fid_error *error);

#endif
