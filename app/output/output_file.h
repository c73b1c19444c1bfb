/* output_file.h - where a run writes. Whole files are fid_output's (fid.h), streams those of
 * output_stream.h. What a run makes is its owner's alone, whatever the umask; a folder or stream
 * that is there keeps its mode. */
#ifndef APP_OUTPUT_FILE_H
#define APP_OUTPUT_FILE_H

#include "engine/fid.h"

/* Are both there, and one file under whatever names? */
bool app_is_same_file(const char *a, const char *b);

/* Is the path that gallery, or one of the files that SQLite keeps beside it? */
bool app_is_gallery_file(const char *path, const char *gallery);

/* Makes the folder (0700) if it is missing. FID_IO. */
enum fid_status app_make_folder(const char *folder, struct fid_error *error);

#endif
